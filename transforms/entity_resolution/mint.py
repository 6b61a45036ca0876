"""New ids: a keyed digest of the first record's source and key, so that nobody can tell a person's number from the id."""

import base64
import hmac
import os
import secrets
from collections.abc import Iterable

from lakehouse.contracts.codes.entity_id import BASE_32, KINDS, with_check
from lakehouse.settings import settings

KEY_FILE = "mint.key"
KEY_BYTES = 32
_TO_CROCKFORD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", BASE_32)


def mint_key() -> bytes:
    """The key of this installation, made at the first call (secrets/mint.key, 0600). Backed up with the secrets."""
    path = settings().secrets / KEY_FILE
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_suffix(f".{os.getpid()}")
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(secrets.token_bytes(KEY_BYTES))
        os.replace(part, path)
    return path.read_bytes()


def mint(kind: str, anchors: Iterable[tuple[str, str]], taken: set[str], key: bytes) -> list[str]:
    """One new id per anchor (source_code, source_key), in order; an id that is taken is never given again.

    Anchors that are alike (two persons under one number at one source) get ids of their own: the second is minted
    with its rank among them.
    """
    letter, ranks, bodies, given = KINDS[kind], {}, [], set(taken)
    for anchor in anchors:
        rank = ranks.get(anchor, 0)
        while (body := letter + _digest(key, anchor, rank)) in given:
            rank += 1
        ranks[anchor] = rank + 1
        given.add(body)
        bodies.append(body)
    return with_check(bodies)


def body_of(entity_id: str) -> str:
    """The id without its check character, as `taken` wants it."""
    return entity_id[:-1]


def _digest(key: bytes, anchor: tuple[str, str], rank: int) -> str:
    said = "|".join(anchor) + (f"|{rank}" if rank else "")
    return base64.b32encode(hmac.digest(key, said.encode(), "sha256")[:10]).decode()[:14].translate(_TO_CROCKFORD)
