"""Build packets of every edition; what is built has been read back, so it is valid."""

from __future__ import annotations

from edge_collectors.protocols.hj212 import sm4
from edge_collectors.protocols.hj212.crc import crc_text
from edge_collectors.protocols.hj212.data_area import MAX_CONTENT
from edge_collectors.protocols.hj212.decode import decode
from edge_collectors.protocols.hj212.frame import MAX_SEGMENT


def encode(
    *,
    st: str,
    cn: str,
    pw: str,
    mn: str,
    cp: str = "",
    qn: str | None = None,
    flag: int | None = None,
    pnum: int | None = None,
    pno: int | None = None,
    is_resent: bool = False,
    key: bytes | None = None,
) -> bytes:
    """One packet with its CR LF; `cp` is the content between the `&&`.

    `key`: encrypt the data area with SM4 (edition 2025). Raises Refused for a packet against the standard.
    """
    fields = {"QN": qn, "ST": st, "CN": cn, "PW": pw, "MN": mn, "Flag": flag, "PNUM": pnum, "PNO": pno}
    fields["RF"] = "1" if is_resent else None
    head = "".join(f"{name}={value};" for name, value in fields.items() if value is not None)
    segment = f"{head}CP=&&{cp}&&".encode()
    is_encrypted = key is not None and sm4.is_encryptable(cn)
    sent = sm4.encrypt_segment(segment, key) if is_encrypted and key else segment
    packet = b"##%04d%s%s\r\n" % (len(segment), sent, crc_text(segment).encode())
    decode(packet, key)
    return packet


def encode_split(*, cp: str, flag: int, **fields) -> list[bytes]:
    """One packet, or packets numbered by PNUM and PNO (bit 1 of Flag) when `cp` is too long for one.

    A data area holds 950 bytes, a data segment 1024. Items are kept whole; DataTime is in the first packet.
    """
    empty = encode(cp="", flag=flag | 2, pnum=9999, pno=9999, **(fields | {"cn": "1000", "key": None}))
    around = len(empty) - len("##0000FFFF\r\n")
    contents = _whole_items(cp, min(MAX_CONTENT, MAX_SEGMENT - around))
    if len(contents) == 1:
        return [encode(cp=cp, flag=flag, **fields)]
    return [
        encode(cp=content, flag=flag | 2, pnum=len(contents), pno=number, **fields)
        for number, content in enumerate(contents, start=1)
    ]


def _whole_items(cp: str, limit: int) -> list[str]:
    contents: list[str] = []
    for item in cp.split(";"):
        joined = f"{contents[-1]};{item}" if contents else item
        if contents and len(joined.encode()) <= limit:
            contents[-1] = joined
        else:
            contents.append(item)
    return contents
