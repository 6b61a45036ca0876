"""The CRC of HJ 212, Annex A (the same in the editions of 2005, 2017 and 2025).

It is not the Modbus CRC that it resembles: before each byte the low half of the register is shifted out
(`register >> 8 ^ byte`, where Modbus has `register ^ byte`). So only eight bits pass from byte to byte.
Every single changed byte is still found, because the table below maps those eight bits one to one to the
next high half; of damage to several bytes one case in 256 passes unseen. That is why the packet's grammar
is checked as strictly as its CRC.
"""

from __future__ import annotations

_POLYNOMIAL = 0xA001


def _shifted(register: int) -> int:
    for _ in range(8):
        register = (register >> 1) ^ (_POLYNOMIAL if register & 1 else 0)
    return register


_TABLE = tuple(_shifted(low) for low in range(256))


def crc(segment: bytes) -> int:
    """CRC of a data segment (`QN=` to the closing `&&`), 0 to 65535; the empty segment gives 0xFFFF."""
    register = 0xFFFF
    for byte in segment:
        register = _TABLE[(register >> 8) ^ byte]
    return register


def modbus_crc(segment: bytes) -> int:
    """The Modbus CRC, which some devices send by mistake; only used to name that mistake in a refusal."""
    register = 0xFFFF
    for byte in segment:
        register = (register >> 8) ^ _TABLE[(register ^ byte) & 0xFF]
    return register


def crc_text(segment: bytes) -> str:
    """Four upper-case hexadecimal digits, high byte first, as they stand in a packet."""
    return f"{crc(segment):04X}"
