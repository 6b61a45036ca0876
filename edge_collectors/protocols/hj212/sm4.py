"""Group encryption of the data area, HJ 212-2025 Annex A: SM4 (GB/T 32907), ECB, 16-byte key, no padding.

The content between `CP=&&` and `&&` is cut into groups of 16 bytes; whole groups are encrypted and what is
left over stays clear, so the length does not change. Length and CRC belong to the clear segment. Applies to
the commands 2000-2999, 1014 and 3020. ECB shows equal groups as equal: the standard asks for it.
"""

from __future__ import annotations

import re

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from edge_collectors.protocols.refused import Refused

GROUP = 16
_OPENING = b"CP=&&"
_WRITTEN = re.compile(rb"\{(0x[0-9A-Fa-f]{2}(?:,0x[0-9A-Fa-f]{2})*)\}")


def encrypt_groups(clear: bytes, key: bytes) -> bytes:
    """Encrypt the whole groups of `clear`; the tail shorter than a group stays as it is."""
    whole = len(clear) - len(clear) % GROUP
    return _cipher(key).encryptor().update(clear[:whole]) + clear[whole:]


def decrypt_groups(mixed: bytes, key: bytes) -> bytes:
    """The reverse of `encrypt_groups`."""
    whole = len(mixed) - len(mixed) % GROUP
    return _cipher(key).decryptor().update(mixed[:whole]) + mixed[whole:]


def is_encryptable(cn: str) -> bool:
    """Commands whose data area the standard encrypts."""
    return cn.startswith("2") or cn in ("1014", "3020")


def encrypt_segment(segment: bytes, key: bytes) -> bytes:
    """Data segment with its CP content encrypted; the rest, and the length, unchanged."""
    head, content = _split(segment)
    return head + encrypt_groups(content, key) + b"&&"


def decrypt_segment(segment: bytes, key: bytes) -> bytes:
    """Clear data segment of one whose CP content is encrypted."""
    head, content = _split(segment)
    return head + decrypt_groups(content, key) + b"&&"


def unwritten(frame: bytes) -> bytes:
    """Frame whose cipher text is written `{0xE4,0x3E,...}`, as the standard prints it, turned into bytes."""
    opening = frame.find(_OPENING + b"{0x")
    written = _WRITTEN.match(frame, opening + len(_OPENING)) if opening >= 0 else None
    if not written:
        return frame
    cipher = bytes(int(text, 16) for text in written[1].split(b","))
    return frame[: written.start()] + cipher + frame[written.end() :]


def _split(segment: bytes) -> tuple[bytes, bytes]:
    opening = segment.find(_OPENING)
    if opening < 0 or not segment.endswith(b"&&") or len(segment) < opening + len(_OPENING) + 2:
        raise Refused("cp", "The segment has no CP=&&...&& to decrypt", "HJ 212-2025 Annex A", "send it whole")
    start = opening + len(_OPENING)
    return segment[:start], segment[start:-2]


def _cipher(key: bytes) -> Cipher:
    if len(key) != GROUP:
        raise ValueError(f"The SM4 key has {len(key)} bytes and must have 16 (GB/T 32907); mend the configured key.")
    return Cipher(algorithms.SM4(key), modes.ECB())
