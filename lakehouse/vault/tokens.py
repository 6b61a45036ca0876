"""Values that name a person <-> tokens, by Arrow arrays; the work is done once per distinct value."""

import base64
import hmac
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import islice

import pyarrow as pa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from lakehouse.vault import store

KINDS = ("citizen_no", "person_name", "phone", "free_text")
LETTERS = 26
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
    with store.writing() as (vault, keys):
        names = [text and _token(keys.naming, kind, text) for text in texts]
        _seal(vault, keys.sealing, dict(zip(names, texts, strict=True)))
    found = pa.array([name or None for name in names], pa.string())
    return found.take(coded.indices)


def token(kind: str, text: str) -> str:
    """The token that the text has or would have; nothing is stored. Raises VaultError before there is a key."""
    with store.reading() as (_, keys):
        if keys is None:
            raise store.VaultError("There is no vault yet; the first delivery with direct identifiers makes it.")
    return _token(keys.naming, kind, text.strip())


def clear(tokens: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The value of each token; null where it was forgotten, or is no token. Raises VaultError."""
    coded = _distinct(tokens)
    names = coded.dictionary.to_pylist()
    with store.reading() as (vault, keys):
        if vault is None or keys is None:
            return pa.nulls(len(coded), pa.string())
        values = dict(_unseal(vault, AESGCM(keys.sealing), names))
    return pa.array([values.get(name) for name in names], pa.string()).take(coded.indices)


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


def _token(key: bytes, kind: str, text: str) -> str:
    digest = hmac.digest(key, f"{kind}\x1f{text}".encode(), "sha256")
    return f"{kind}_{base64.b32encode(digest[:20])[:LETTERS].decode().lower()}"


def _seal(vault: sqlite3.Connection, key: bytes, values: dict[str, str]) -> None:
    """Store the values (token -> text) that are not there yet; in the order of tokens, which is quicker."""
    known = {token for token, _ in _stored(vault, values)}
    cipher = AESGCM(key)
    new = sorted(token for token in values.keys() - known if token)
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
