"""Files that hold direct identifiers, each sealed under a key of its own: without its key a file is noise, also in a backup."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from lakehouse.vault import store
from lakehouse.vault.store import VaultError
from lakehouse.vault.tokens import NONCE_BYTES


def seal_file(name: str, body: bytes) -> bytes:
    """The bytes, encrypted under the key of that name, which is made on first use. Raises VaultError."""
    with store.writing() as (vault, keys):
        found = vault.execute("select key from file_keys where name = ?", [name]).fetchone()
        wrapping = AESGCM(keys.sealing)
        key = _opened(wrapping, found[0], name) if found else AESGCM.generate_key(256)
        if not found:
            vault.execute("insert into file_keys values (?, ?)", [name, _closed(wrapping, key, name)])
            vault.execute("delete from forgotten where token = ?", [name])
    return _closed(AESGCM(key), body, name)


def unseal_file(name: str, sealed: bytes) -> bytes:
    """What was sealed. Raises LookupError when its key was destroyed, VaultError when key and file do not fit."""
    with store.reading() as (vault, keys):
        found = vault and vault.execute("select key from file_keys where name = ?", [name]).fetchone()
        if not found or keys is None:
            raise LookupError(f"{name}: its key was destroyed, so nothing opens it any more; have it sent again.")
        key = _opened(AESGCM(keys.sealing), found[0], name)
    return _opened(AESGCM(key), sealed, name)


def destroy_file_key(name: str) -> bool:
    """Whether there was a key of that name; there is none now."""
    if not store.vault_file().exists():
        return False
    with store.writing() as (vault, _):
        gone = vault.execute("delete from file_keys where name = ?", [name]).rowcount
        vault.executemany("insert or ignore into forgotten values (?)", [[name]] * gone)
    store.truncate_log()
    return bool(gone)


def _closed(cipher: AESGCM, body: bytes, name: str) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, body, name.encode())


def _opened(cipher: AESGCM, sealed: bytes, name: str) -> bytes:
    try:
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], name.encode())
    except InvalidTag:
        raise VaultError(
            f"{name}: the vault's key does not open it, or it was changed; bring back the key that belongs to it."
        ) from None
