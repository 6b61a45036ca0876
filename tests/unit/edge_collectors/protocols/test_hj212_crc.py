"""The CRC of Annex A against the vectors of the standard and a bit-by-bit reading of its text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_collectors.protocols.hj212.crc import crc, crc_text, modbus_crc

SEGMENT_2025 = b"QN=20240601085857223;ST=32;CN=1011;PW=123456;MN=010000A8900016F000169DC0;Flag=9;CP=&&&&"


def bit_by_bit(segment: bytes) -> int:
    register = 0xFFFF
    for byte in segment:
        register = (register >> 8) ^ byte
        for _ in range(8):
            lowest, register = register & 1, register >> 1
            if lowest:
                register ^= 0xA001
    return register


@pytest.mark.parametrize(
    ("segment", "expected", "modbus"),
    [
        (b"", "FFFF", "FFFF"),
        (b"\x00", "4040", None),
        (b"123456789", "2F80", "4B37"),
        (SEGMENT_2025, "2200", "CCF4"),
    ],
)
def test_vectors_of_the_standard(segment, expected, modbus):
    assert crc_text(segment) == expected
    if modbus:
        assert f"{modbus_crc(segment):04X}" == modbus


@given(st.binary(max_size=1024))
def test_the_table_gives_what_the_text_of_annex_a_gives(segment):
    assert crc(segment) == bit_by_bit(segment)


def test_no_change_of_one_byte_can_keep_the_register():
    """One step maps the eight bits that live on one to one to the next high half, so a difference stays."""
    assert len({bit_by_bit_from(low) >> 8 for low in range(256)}) == 256


def bit_by_bit_from(register: int) -> int:
    for _ in range(8):
        lowest, register = register & 1, register >> 1
        if lowest:
            register ^= 0xA001
    return register
