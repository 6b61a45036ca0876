"""Answers between device and host: 9011 (request), 9012 (execution), 9013 (notice), 9014 (data)."""

from __future__ import annotations

from edge_collectors.protocols.hj212.encode import encode
from edge_collectors.protocols.hj212.packet import Packet

UPLOADS = frozenset("2011 2013 2021 2031 2041 2051 2052 2061 2062 2081 3019 3020".split())
NOTICES = frozenset(("1013",))
HEARTBEAT = "9015"
REQUEST_ANSWERS = {
    "1": "ready",
    "2": "rejected",
    "3": "wrong PW",
    "4": "wrong MN",
    "5": "wrong ST",
    "6": "wrong Flag",
    "7": "wrong QN",
    "8": "wrong CN",
    "9": "wrong CRC",
    "100": "unknown error",
}
EXECUTION_RESULTS = {
    "1": "done",
    "2": "failed",
    "3": "condition not met",
    "4": "timeout",
    "5": "busy",
    "6": "system fault",
    "100": "no data",
}
_OUTCOMES = {"9011": ("QnRtn", REQUEST_ANSWERS), "9012": ("ExeRtn", EXECUTION_RESULTS)}


def acknowledgement(packet: Packet) -> bytes | None:
    """Answer of the host to a packet from a device; None when none is due.

    Data (2011, 2051, ...) get 9014 and notices 9013 when bit 0 of Flag asks for it; the heartbeat 9015 of
    2025 always gets 9013. QN and the version bits of Flag are repeated. Each packet of a split message is
    answered for itself. A damaged packet is no Packet, so it gets no answer.
    """
    if packet.cn == HEARTBEAT:
        return _reply(packet, "9013")
    if not packet.is_answer_wanted:
        return None
    if packet.cn in NOTICES:
        return _reply(packet, "9013")
    if packet.cn in UPLOADS:
        return _reply(packet, "9014")
    return None


def request_answer(packet: Packet, qn_rtn: int) -> bytes:
    """9011: a device tells the host whether it accepts a command (`REQUEST_ANSWERS`)."""
    return _reply(packet, "9011", f"QnRtn={qn_rtn}")


def execution_result(packet: Packet, exe_rtn: int) -> bytes:
    """9012: a device tells the host how a command ended (`EXECUTION_RESULTS`)."""
    return _reply(packet, "9012", f"ExeRtn={exe_rtn}")


def outcome(packet: Packet) -> str | None:
    """What a received 9011 or 9012 says, in words; None for other packets."""
    name, words = _OUTCOMES.get(packet.cn, ("", {}))
    value = packet.value(name)
    return None if value is None else words.get(value, f"{name}={value}")


def _reply(packet: Packet, cn: str, cp: str = "") -> bytes:
    flag = None if packet.flag is None else packet.flag & 0b11111100
    return encode(qn=packet.qn, st="91", cn=cn, pw=packet.pw, mn=packet.mn, flag=flag, cp=cp)
