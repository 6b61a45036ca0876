"""From a frame to a packet: start, length, CRC, fields, data area, in this order, refused at the first fault."""

from __future__ import annotations

from edge_collectors.protocols.hj212 import sm4
from edge_collectors.protocols.hj212.crc import crc_text, modbus_crc
from edge_collectors.protocols.hj212.data_area import MAX_CONTENT, check_data_command, read_groups
from edge_collectors.protocols.hj212.frame import MAX_SEGMENT
from edge_collectors.protocols.hj212.header import read_header
from edge_collectors.protocols.hj212.packet import DATA_PERIODS, Packet
from edge_collectors.protocols.refused import Refused

_OPENING = "CP=&&"


def decode(frame: bytes, key: bytes | None = None) -> Packet:
    """Packet of one frame, with or without its CR LF.

    `key`: the device's SM4 key (16 bytes) when it encrypts its data area (2025); a clear packet of such a
    device is still read. Raises Refused with the reason; the caller keeps the frame.
    """
    frame = frame.rstrip(b"\r\n")
    plain = sm4.unwritten(frame)
    segment = _segment(plain)
    stated = plain[-4:]
    if _is_crc(stated, segment):
        return _read(frame, segment, is_encrypted=False)
    clear = _decrypted(segment, key)
    if clear is not None and _is_crc(stated, clear):
        return _read(frame, clear, is_encrypted=True)
    raise _crc_refusal(segment, stated, len(plain) - 4, key)


def _segment(frame: bytes) -> bytes:
    if not frame.startswith(b"##"):
        raise Refused("start", f"The bytes begin with {frame[:8]!r} and not with ## (HJ 212-2017 6.3); they are no packet.")
    declared = frame[2:6]
    if len(declared) < 4 or not declared.isdigit():
        raise Refused(
            "length", f"The length at offset 2 reads {declared!r} and must be 4 digits (HJ 212-2017 6.3); mend the device."
        )
    actual, stated = len(frame) - 10, int(declared)
    if stated != actual:
        raise Refused("length", _length_reason(stated, max(actual, 0)))
    if actual > MAX_SEGMENT:
        raise Refused(
            "length", f"The data segment has {actual} bytes and may have {MAX_SEGMENT} (HJ 212-2017 6.3); split the packet."
        )
    return frame[6:-4]


def _length_reason(stated: int, actual: int) -> str:
    counted = {4: "the CRC", 6: "the CRC and the line end", 2: "the line end"}.get(stated - actual)
    hint = f": the device counts {counted} too" if counted else ": the packet is damaged or cut off"
    return (
        f"The length at offset 2 says {stated:04d} but the data segment has {actual:04d} bytes{hint} "
        "(HJ 212-2017 6.3 counts QN= to the closing && only); mend the device."
    )


def _is_crc(stated: bytes, segment: bytes) -> bool:
    return stated.upper() == crc_text(segment).encode()


def _decrypted(segment: bytes, key: bytes | None) -> bytes | None:
    if key is None:
        return None
    try:
        return sm4.decrypt_segment(segment, key)
    except Refused:
        return None


def _crc_refusal(segment: bytes, stated: bytes, offset: int, key: bytes | None) -> Refused:
    hint = "the packet is damaged: let the device send it again"
    if stated.upper() == f"{modbus_crc(segment):04X}".encode():
        hint = "this is the Modbus CRC: set the device to the CRC of Annex A"
    elif stated == b"0000":
        hint = "the device computes none: switch its CRC on"
    elif not segment.isascii():
        hint = "bytes beyond ASCII suggest an encrypted data area: " + (
            "give the collector the device's SM4 key" if key is None else "its SM4 key may have changed"
        )
    return Refused(
        "crc",
        f"The CRC at offset {offset} reads {stated.decode('ascii', 'replace')!r} but the data segment gives "
        f"{crc_text(segment)} (HJ 212 Annex A); {hint}.",
    )


def _read(frame: bytes, segment: bytes, *, is_encrypted: bool) -> Packet:
    head, content = _parts(_text(segment))
    fields = read_header(head)
    version_limit = MAX_SEGMENT if int(fields.get("Flag", "0")) < 4 else MAX_CONTENT
    if len(content.encode()) > version_limit:
        raise Refused(
            "cp", f"The data area has {len(content)} characters and may have {version_limit} (HJ 212-2017 6.3); split the packet."
        )
    groups = read_groups(content)
    if fields["CN"] in DATA_PERIODS and fields["ST"] != "91":
        check_data_command(groups, is_later_part=int(fields.get("PNO", "1")) > 1)
    return _packet(frame, fields, content, groups, is_encrypted)


def _text(segment: bytes) -> str:
    try:
        return segment.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(
            "encoding",
            f"Byte 0x{segment[error.start]:02X} at offset {error.start + 6} is not UTF-8 (HJ 212-2017 6.3: ASCII, Chinese "
            "text in UTF-8); set the device's text encoding.",
        ) from None


def _parts(text: str) -> tuple[str, str]:
    opening = text.find("CP=")
    if opening < 0 or not text.startswith(_OPENING, opening) or len(text) < opening + 7 or not text.endswith("&&"):
        found = text[max(opening, 0) : max(opening, 0) + 16]
        raise Refused(
            "cp", f"The data area must be written CP=&&...&& (HJ 212-2017 6.3), here it starts {found!r}; mend the device."
        )
    return text[:opening], text[opening + len(_OPENING) : -2]


def _packet(frame: bytes, fields: dict[str, str], content: str, groups, is_encrypted: bool) -> Packet:
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
