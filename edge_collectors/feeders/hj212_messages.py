"""Hour packets (CN 2061, ST 22) of HJ 212 from real readings; the same seed gives the same bytes."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256

from edge_collectors.feeders.prsa import HourReading
from edge_collectors.protocols.hj212 import encode_split

CODES = {
    "PM2.5": "a34004",
    "PM10": "a34002",
    "SO2": "a21026",
    "NO2": "a21004",
    "CO": "a21005",
    "O3": "a05024",
}
_VERSION_BITS = {"2017": 4, "2025": 8}


@dataclass(frozen=True)
class DeviceMessage:
    """One message of a device; `key` is its QN and device, `packets` are its parts with line ends."""

    key: str
    mn: str
    qn: str
    packets: tuple[bytes, ...]


def device_number(station: str) -> str:
    """MN (24 hexadecimal digits) under which a station of the data set sends."""
    return sha256(f"prsa-{station.lower()}".encode()).hexdigest()[:24].upper()


def hour_messages(
    readings: Iterable[HourReading],
    seed: int,
    edition: str = "2017",
    late_share: float = 0.0,
    sm4_key: bytes | None = None,
) -> Iterator[DeviceMessage]:
    """One message per hour that has a value; a missing value is left out, as a silent instrument does.

    `late_share`: share of messages marked RF=1 (edition 2025 only). Values in ug/m3, CO in mg/m3.
    """
    for reading in readings:
        items = [_item(name, text) for name, text in reading.values.items() if name in CODES and text is not None]
        if not items:
            continue
        mn = device_number(reading.station)
        chance = random.Random(f"{seed}|{mn}|{reading.start.isoformat()}")
        qn = _request_number(reading, chance)
        packets = encode_split(
            st="22",
            cn="2061",
            pw="123456",
            mn=mn,
            qn=qn,
            flag=_VERSION_BITS[edition] | 1,
            is_resent=edition == "2025" and chance.random() < late_share,
            cp=";".join((f"DataTime={reading.start:%Y%m%d%H%M%S}", *items)),
            key=sm4_key,
        )
        yield DeviceMessage(f"{mn},{qn}", mn, qn, tuple(packets))


def _request_number(reading: HourReading, chance: random.Random) -> str:
    sent = reading.end + timedelta(milliseconds=chance.randrange(60_000))
    return f"{sent:%Y%m%d%H%M%S}{sent.microsecond // 1000:03d}"


def _item(name: str, text: str) -> str:
    value = f"{Decimal(text) / 1000}" if name == "CO" else text
    return f"{CODES[name]}-Avg={value},{CODES[name]}-Flag=N"
