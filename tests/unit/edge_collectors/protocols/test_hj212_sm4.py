"""Encryption of the data area in the edition of 2025, against the published SM4 vectors."""

import base64

import pytest

from edge_collectors.protocols.hj212 import Refused, decode, encode, frames
from edge_collectors.protocols.hj212.sm4 import decrypt_groups, encrypt_groups

KEY = b"0" * 16
CLEAR = (
    b"QN=20260301080000123;ST=22;CN=2011;PW=123456;MN=010000A8900016F000169DC0;Flag=9;"
    b"CP=&&DataTime=20260301080000;a34004-Rtd=35.2,a34004-Flag=N&&"
)
CIPHER = bytes.fromhex("eec3dd4cb11c1b7884bebb61a31699e3d3e7fe58113c69a04298433e6d382ec00de7cc889acabf4424c218a63c142fa1")
HEAD = CLEAR[: CLEAR.index(b"CP=&&") + 5]
ENCRYPTED = b"##0140" + HEAD + CIPHER + b"lag=N&&B401"
WRITTEN = b"##0140" + HEAD + b"{" + ",".join(f"0x{b:02X}" for b in CIPHER).encode() + b"}lag=N&&B401"


def test_the_vector_of_the_block_cipher_standard():
    block = bytes.fromhex("0123456789abcdeffedcba9876543210")
    assert encrypt_groups(block, block).hex() == "681edf34d206965e86b3e94f536e4246"
    assert decrypt_groups(bytes.fromhex("681edf34d206965e86b3e94f536e4246"), block) == block


def test_the_first_group_of_the_annex_starts_as_printed():
    assert encrypt_groups(b"DataTime=2024052", KEY).hex().startswith("e43e159a")


def test_the_login_example_of_annex_h():
    clear = b"testuser:AezF0nZRs4kypuGO"
    padded = clear + bytes([32 - len(clear)]) * (32 - len(clear))
    cipher = encrypt_groups(padded, b"msbE74gsiSHSEh5e")
    assert base64.b64encode(cipher) == b"LG/m7lsFU/taig+vbQsDJXy4NGAaE2j2lplPwhZM7iM="


@pytest.mark.parametrize("sent", [ENCRYPTED, WRITTEN, b"##0140" + CLEAR + b"B401"], ids=["bytes", "written", "clear"])
def test_a_packet_is_read_with_the_key(sent):
    assert frames(sent + b"\r\n") == ([sent], b"")
    packet = decode(sent, KEY)
    assert packet.cp == "DataTime=20260301080000;a34004-Rtd=35.2,a34004-Flag=N"
    assert packet.is_encrypted is (b"lag=N&&" in sent and CLEAR not in sent)
    assert packet.raw == sent


def test_encoding_gives_the_published_cipher_text():
    sent = encode(
        qn="20260301080000123",
        st="22",
        cn="2011",
        pw="123456",
        mn="010000A8900016F000169DC0",
        flag=9,
        cp="DataTime=20260301080000;a34004-Rtd=35.2,a34004-Flag=N",
        key=KEY,
    )
    assert sent == ENCRYPTED + b"\r\n"


@pytest.mark.parametrize(("key", "words"), [(None, "give the collector the device's SM4 key"), (b"1" * 16, "changed")])
def test_without_the_right_key_the_packet_is_refused(key, words):
    with pytest.raises(Refused, match=words) as refusal:
        decode(ENCRYPTED, key)
    assert refusal.value.code == "crc"


def test_a_key_of_another_length_is_an_error_of_the_configuration():
    with pytest.raises(ValueError, match="has 15 bytes and must have 16"):
        decode(ENCRYPTED, KEY[:-1])


@pytest.mark.parametrize("position", range(len(HEAD) + 6, len(ENCRYPTED) - 6))
def test_a_damaged_cipher_text_is_refused(position):
    """One changed cipher byte changes its whole group of 16; the CRC would miss one such change in 256, and misses none here."""
    damaged = bytearray(ENCRYPTED)
    damaged[position] ^= 0x01
    with pytest.raises(Refused):
        decode(bytes(damaged), KEY)
