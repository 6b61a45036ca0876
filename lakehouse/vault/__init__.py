"""The one place where what names a person lies in the lake: values sealed with AES-GCM, known outside by their tokens.

A token is `<kind>_` and 26 letters and digits (RFC 4648 base32, small) of HMAC-SHA256 over the kind and the trimmed value: the
same value has the same token in every table, so tables join on tokens. Whoever has the secrets folder has the values.
"""

from lakehouse.vault.copies import merge, snapshot
from lakehouse.vault.erased import StandIns, erasures, keep_erasure, suppressed
from lakehouse.vault.files import destroy_file_key, seal_file, unseal_file
from lakehouse.vault.store import FILE, VaultError
from lakehouse.vault.tokens import KINDS, clear, forget, named, opened, stand_in, token, tokens

__all__ = [
    "FILE",
    "KINDS",
    "StandIns",
    "VaultError",
    "clear",
    "destroy_file_key",
    "erasures",
    "forget",
    "keep_erasure",
    "merge",
    "named",
    "opened",
    "seal_file",
    "snapshot",
    "stand_in",
    "suppressed",
    "token",
    "tokens",
    "unseal_file",
]
