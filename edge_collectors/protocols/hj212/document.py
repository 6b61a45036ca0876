"""A packet of readings as the payload document that the lake stores, and the key that tells repeats apart."""

from __future__ import annotations

from hashlib import sha256
from zoneinfo import ZoneInfo

from edge_collectors.protocols.hj212.data_area import read_data_time
from edge_collectors.protocols.hj212.packet import DATA_PERIODS, SYSTEM_INTERACTION, Packet
from edge_collectors.protocols.instant import utc_text

_VALUES = {"rtd": ("Rtd", "Avg", "Data"), "other": ("Avg", "Data", "Rtd")}


def document(packet: Packet, zone: str) -> dict | None:
    """Payload document of a whole packet of readings (2011, 2031, 2051, 2061); None for every other command.

    `zone`: time zone of the device, for example Asia/Shanghai; the protocol itself sends none.
    `observed_at` is the START of the period for minute, hour and day readings and the instant for real-time
    ones. Codes, values and flags stay text as sent; HJ 212 never sends units, so `unit` is null.
    """
    period = DATA_PERIODS.get(packet.cn)
    if period is None or packet.st == SYSTEM_INTERACTION:
        return None
    data_time = packet.value("DataTime") or ""
    local = read_data_time(data_time).replace(tzinfo=ZoneInfo(zone))
    return {
        "protocol": "hj212",
        "device": packet.mn,
        "observed_at": utc_text(local),
        "period": period,
        "resent": packet.is_resent,
        "items": [_item(group, period) for group in packet.groups if group[0][0] != "DataTime"],
        "location": None,
        "meta": {
            "version": packet.version,
            "st": packet.st,
            "cn": packet.cn,
            "qn": packet.qn,
            "flag": packet.flag,
            "parts": packet.pnum or 1,
            "encrypted": packet.is_encrypted,
            "data_time": data_time,
            "zone": zone,
            "zone_assumed": True,
        },
    }


def idempotency_key(packet: Packet) -> str:
    """Text that is equal for a packet and its repeats: MN, QN, CN, PNO.

    Without QN (edition of 2005): MN, CN, DataTime and a hash of the data area.
    """
    if packet.qn is None:
        digest = sha256(packet.cp.encode()).hexdigest()[:32]
        return ",".join((packet.mn, packet.cn, packet.value("DataTime") or "", digest))
    return ",".join((packet.mn, packet.qn, packet.cn, "" if packet.pno is None else str(packet.pno)))


def _item(group: tuple[tuple[str, str], ...], period: str) -> dict:
    code = group[0][0].rpartition("-")[0]
    sent = {name.rpartition("-")[2]: value for name, value in group}
    usual = _VALUES["rtd" if period == "rtd" else "other"]
    chosen = next((suffix for suffix in usual if suffix in sent), None)
    item = {"code": code, "value": (sent.pop(chosen) or None) if chosen else None, "unit": None}
    item["flag"] = sent.pop("Flag", None) or None
    if chosen not in (None, usual[0]):
        item["value_from"] = chosen
    return item | {suffix.lower(): value for suffix, value in sent.items()}
