"""From a frame to a packet: start, length, CRC, fields, data area, refused at the first fault."""

from __future__ import annotations

from edge_collectors.protocols.hj212 import sm4
from edge_collectors.protocols.hj212.crc import crc_text, modbus_crc
from edge_collectors.protocols.hj212.data_area import MAX_CONTENT, check_data_command, read_groups
from edge_collectors.protocols.hj212.frame import MAX_SEGMENT
from edge_collectors.protocols.hj212.header import read_header
from edge_collectors.protocols.hj212.packet import DATA_PERIODS, RULE, SYSTEM_INTERACTION, Groups, Packet
from edge_collectors.protocols.refused import Refused

_OPENING = "CP=&&"
_SPLIT = "split the message into packets"


def decode(frame: bytes, key: bytes | None = None) -> Packet:
    """Packet of one frame, with or without its CR LF.

    `key`: the device's SM4 key (16 bytes) when it encrypts its data area (2025); a clear packet of such a
    device is still read. Raises Refused with the reason; the caller keeps the frame.
    """
    frame = frame.rstrip(b"\r\n")
    plain = sm4.unwritten(frame)
    segment, stated = _segment(plain), plain[-4:]
    if _is_crc(stated, segment):
        return _read(frame, segment, is_encrypted=False)
    clear = _decrypted(segment, key)
    if clear is not None and _is_crc(stated, clear):
        return _read(frame, clear, is_encrypted=True)
    what = (
        f"The CRC at offset {len(plain) - 4} reads {stated.decode('ascii', 'backslashreplace')} "
        f"but the data segment gives {crc_text(segment)}"
    )
    raise Refused("crc", what, "HJ 212 Annex A", _likely_mend(segment, stated, key))


def _segment(frame: bytes) -> bytes:
    if not frame.startswith(b"##"):
        what = f"The bytes begin with {frame[:8]!r} and not with ##"
        raise Refused("start", what, RULE, "look for what else the device sends on this connection")
    declared = frame[2:6]
    if len(declared) < 4 or not declared.isdigit():
        what = f"The length at offset 2 reads {declared!r} and must be 4 digits"
        raise Refused("length", what, RULE, "mend the device")
    actual, stated = max(len(frame) - 10, 0), int(declared)
    if stated != actual:
        what = f"The length at offset 2 says {stated:04d} but the data segment has {actual:04d} bytes"
        raise Refused("length", what, f"{RULE}: from QN= to the closing &&", _length_mend(stated - actual))
    if actual > MAX_SEGMENT:
        raise Refused("length", f"The data segment has {actual} bytes, over {MAX_SEGMENT}", RULE, _SPLIT)
    return frame[6:-4]


def _length_mend(excess: int) -> str:
    counted = {2: "the line end", 4: "the CRC", 6: "the CRC and the line end"}.get(excess)
    return f"the device counts {counted} too: mend it" if counted else "it is cut off or damaged: send it again"


def _is_crc(stated: bytes, segment: bytes) -> bool:
    return stated.upper() == crc_text(segment).encode()


def _decrypted(segment: bytes, key: bytes | None) -> bytes | None:
    if key is None:
        return None
    try:
        return sm4.decrypt_segment(segment, key)
    except Refused:
        return None


def _likely_mend(segment: bytes, stated: bytes, key: bytes | None) -> str:
    if stated.upper() == f"{modbus_crc(segment):04X}".encode():
        return "this is the Modbus CRC: set the device to the CRC of Annex A"
    if stated == b"0000":
        return "the device seems to compute none: switch its CRC on"
    if segment.isascii():
        return "the packet is damaged: let the device send it again"
    if key is None:
        return "if its data area is encrypted, give the collector the device's SM4 key"
    return "it is damaged, or the device's SM4 key has changed"


def _read(frame: bytes, segment: bytes, *, is_encrypted: bool) -> Packet:
    head, content = _parts(_text(segment))
    fields = read_header(head)
    limit = MAX_SEGMENT if int(fields.get("Flag", "0")) < 4 else MAX_CONTENT
    if len(content.encode()) > limit:
        raise Refused("cp", f"The data area has {len(content.encode())} bytes, over {limit}", RULE, _SPLIT)
    groups = read_groups(content)
    if fields["CN"] in DATA_PERIODS and fields["ST"] != SYSTEM_INTERACTION:
        check_data_command(groups, is_later_part=int(fields.get("PNO", "1")) > 1)
    return _packet(frame, fields, content, groups, is_encrypted)


def _text(segment: bytes) -> str:
    try:
        return segment.decode("utf-8")
    except UnicodeDecodeError as error:
        what = f"Byte 0x{segment[error.start]:02X} at offset {error.start + 6} is not UTF-8"
        raise Refused("encoding", what, RULE, "set the device's text to ASCII or UTF-8") from None


def _parts(text: str) -> tuple[str, str]:
    opening = max(text.find("CP="), 0)
    start = opening + len(_OPENING)
    if not text.startswith(_OPENING, opening) or not text.endswith("&&") or len(text) < start + 2:
        found = f"{text[opening : opening + 12]!r}...{text[-4:]!r}"
        raise Refused("cp", f"The data area reads {found} and must read CP=&&...&&", RULE, "mend the device")
    return text[:opening], text[start:-2]


def _packet(frame: bytes, fields: dict[str, str], content: str, groups: Groups, is_encrypted: bool) -> Packet:
    number = {name: int(fields[name]) for name in ("Flag", "PNUM", "PNO") if name in fields}
    return Packet(
        st=fields["ST"],
        cn=fields["CN"],
        pw=fields["PW"],
        mn=fields["MN"],
        cp=content,
        groups=groups,
        frames=(frame,),
        qn=fields.get("QN"),
        flag=number.get("Flag"),
        pnum=number.get("PNUM"),
        pno=number.get("PNO"),
        is_resent="RF" in fields,
        is_encrypted=is_encrypted,
    )
