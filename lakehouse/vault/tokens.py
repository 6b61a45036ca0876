"""Values that name a person <-> tokens, by Arrow arrays; the work is done once per distinct value."""

import hmac
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
import pyarrow as pa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from lakehouse.settings import settings
from lakehouse.vault import keys, store

KINDS = ("citizen_no", "person_name", "phone", "free_text")
LETTERS = 26
ALPHABET = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz234567", np.uint8)
"""Of base32 (RFC 4648), in small letters."""
NONCE_BYTES = 12
AT_ONCE = 50_000
"""Tokens that one query asks after."""


def tokens(kind: str, values: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The token of each text, trimmed; texts not seen before are stored. Null and blank become null.

    Raises ValueError for a kind that is none of KINDS, VaultError when the vault cannot be used.
    """
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of direct identifier; there are {', '.join(KINDS)}.")
    coded = _distinct(values)
    texts = [text.strip() for text in coded.dictionary.to_pylist()]
    if not any(texts):
        return pa.nulls(len(coded), pa.string())
    with store.writing() as (vault, held):
        names = dict(zip(texts, _named(held.naming, kind, texts), strict=True))
        _seal(vault, held.sealing, {name: text for text, name in names.items() if text})
    return pa.array([names[text] if text else None for text in texts], pa.string()).take(coded.indices)


def token(kind: str, text: str) -> str:
    """As `named`, of one text that is not blank."""
    return named(kind, pa.array([text], pa.string()))[0].as_py()


def named(kind: str, values: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The token that each text has or would have; nothing is stored. Null and blank become null.

    Raises VaultError before there is a key.
    """
    coded = _distinct(values)
    texts = [text.strip() for text in coded.dictionary.to_pylist()]
    if (found := keys.read(settings().secrets)) is None:
        raise store.VaultError("There is no vault yet; the first delivery with direct identifiers makes it.")
    given = _named(found.naming, kind, texts) if texts else []
    return pa.array([t if text else None for t, text in zip(given, texts, strict=True)], pa.string()).take(coded.indices)


def clear(tokens: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The value of each token; null where it was forgotten, or is no token. Raises VaultError."""
    coded = _distinct(tokens)
    names = coded.dictionary.to_pylist()
    with store.reading() as (vault, held):
        if vault is None or held is None:
            return pa.nulls(len(coded), pa.string())
        values = dict(_unseal(vault, AESGCM(held.sealing), names))
    return pa.array([values.get(name) for name in names], pa.string()).take(coded.indices)


def opened(kind: str) -> Iterator[tuple[str, str]]:
    """Token and value of all that the vault holds of a kind. Raises VaultError."""
    with store.reading() as (vault, held):
        if vault is not None and held is not None:
            for (name,) in vault.execute("select token from sealed where token >= ? and token < ?", [f"{kind}_", f"{kind}`"]):
                yield from _unseal(vault, AESGCM(held.sealing), [name])


def stand_in(kind: str) -> str:
    """A new token that belongs to no value."""
    letters = ALPHABET[np.frombuffer(os.urandom(LETTERS), np.uint8) & 31]
    return f"{kind}_{letters.tobytes().decode()}"


def forget(tokens: Iterable[str]) -> int:
    """Destroy the values of these tokens; returns how many there were. Nothing opens them again, a restored backup neither."""
    if not store.vault_file().exists():
        return 0
    gone = 0
    with store.writing() as (vault, _):
        for name in tokens:
            deleted = vault.execute("delete from sealed where token = ?", [name]).rowcount
            vault.executemany("insert or ignore into forgotten values (?)", [[name]] * deleted)
            gone += deleted
    store.truncate_log()
    return gone


def _distinct(values: pa.Array | pa.ChunkedArray) -> pa.DictionaryArray:
    whole = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return whole.cast(pa.string()).dictionary_encode()


def _named(key: bytes, kind: str, texts: list[str]) -> list[str]:
    """The token of each text: five bits of its digest are a letter."""
    digests = b"".join(hmac.digest(key, f"{kind}\x1f{text}".encode(), "sha256") for text in texts)
    bits = np.unpackbits(np.frombuffer(digests, np.uint8).reshape(-1, 32)[:, :20], axis=1)
    letters = ALPHABET[np.packbits(bits.reshape(-1, 32, 5), axis=2)[:, :LETTERS, 0] >> 3]
    return [f"{kind}_{word.decode()}" for word in letters.reshape(-1).view(f"S{LETTERS}")]


def _seal(vault: sqlite3.Connection, key: bytes, values: dict[str, str]) -> None:
    """Store the values (token -> text) that are not there yet; in the order of tokens, which is quicker."""
    known = {token for token, _ in _stored(vault, values)}
    cipher = AESGCM(key)
    new = sorted(values.keys() - known)
    vault.executemany("insert into sealed values (?, ?)", ((token, _sealed(cipher, token, values[token])) for token in new))
    vault.executemany("delete from forgotten where token = ?", ([token] for token in new))


def _sealed(cipher: AESGCM, token: str, text: str) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, text.encode(), token.encode())


def _unseal(vault: sqlite3.Connection, cipher: AESGCM, names: list[str]) -> Iterator[tuple[str, str]]:
    try:
        for token, sealed in _stored(vault, names):
            yield token, cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], token.encode()).decode()
    except InvalidTag:
        raise store.VaultError("vault.key does not open vault.sqlite; bring back the key that belongs to it.") from None


def _stored(vault: sqlite3.Connection, names: Iterable[str | None]) -> Iterator[tuple[str, bytes]]:
    """Token and sealed value of those that the vault has; asked after in its own order, which is quicker."""
    asked = iter(sorted(name for name in names if name))
    query = "select s.token, s.value from json_each(?) as asked join sealed as s on s.token = asked.value"
    while some := list(islice(asked, AT_ONCE)):
        yield from vault.execute(query, [json.dumps(some)])
