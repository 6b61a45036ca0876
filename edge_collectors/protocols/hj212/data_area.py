"""The data area between `CP=&&` and `&&`: items by `;`, the values of one item by `,` (HJ 212-2017 6.3)."""

from __future__ import annotations

import re
from datetime import datetime

from edge_collectors.protocols.hj212.packet import RULE, Groups
from edge_collectors.protocols.refused import Refused

MAX_CONTENT = 950
SUFFIXES = (
    *("Rtd", "Min", "Avg", "Max", "ZsRtd", "ZsMin", "ZsAvg", "ZsMax", "Cou", "Flag", "EFlag", "SampleTime"),
    *("RS", "RT", "Data", "DayData", "NightData", "Info", "SN"),
)
_MEND = "mend the device's message"
_NAME = re.compile(r"[0-9A-Za-z_.-]{1,48}")
_DAMAGE = re.compile(r"[\x00-\x1f\x7f]|&&")


def read_groups(content: str) -> Groups:
    """Items of the data area, each a tuple of (name, value); raises Refused (`cp`) naming the place."""
    if not content:
        return ()
    damage = _DAMAGE.search(content)
    if damage:
        what = f"The data area holds {damage[0]!r} at offset {damage.start()}, which no value may"
        raise Refused("cp", what, RULE, _MEND)
    return tuple(_read_group(item, number) for number, item in enumerate(content.split(";"), start=1))


def _read_group(item: str, number: int) -> tuple[tuple[str, str], ...]:
    pairs: dict[str, str] = {}
    for part in item.split(","):
        name, equals, value = part.partition("=")
        if not equals or not _NAME.fullmatch(name) or "=" in value:
            what = f"Item {number} of the data area holds {part[:40]!r} where name=value must stand"
            raise Refused("cp", what, f"{RULE}; a stray ',' or ';' also does this", _MEND)
        if name in pairs:
            raise Refused("cp", f"Item {number} of the data area gives {name} twice", RULE, _MEND)
        pairs[name] = value
    return tuple(pairs.items())


def check_data_command(groups: Groups, *, is_later_part: bool) -> None:
    """Rules of an upload of readings (2011, 2031, 2051, 2061): DataTime, then one code per item.

    Raises Refused (`datatime` or `item`). The later parts of a split message need no DataTime of their own.
    """
    stated = [value for group in groups for name, value in group if name == "DataTime"]
    if len(stated) > 1 or not (stated or is_later_part):
        what = f"The data area states DataTime {len(stated)} times and must state it once"
        raise Refused("datatime", what, RULE, _MEND)
    if stated:
        read_data_time(stated[0])
    for group in groups:
        if group[0][0] != "DataTime":
            _check_item([name for name, _ in group])


def _check_item(names: list[str]) -> None:
    parts = [name.rpartition("-") for name in names]
    for name, (code, _, suffix) in zip(names, parts, strict=True):
        if not code or suffix not in SUFFIXES:
            what = f"{name} is not a code with a known ending"
            raise Refused("item", what, f"HJ 212-2017, field names: -{', -'.join(SUFFIXES)}", _MEND)
    codes = {code for code, _, _ in parts}
    if len(codes) > 1:
        raise Refused("item", f"One item mixes the codes {', '.join(sorted(codes))}", RULE, _MEND)


def read_data_time(text: str) -> datetime:
    """Local time of DataTime without zone; 14 digits, or 17 with milliseconds, which some devices send."""
    if not re.fullmatch(r"\d{14}(?:\d{3})?", text, re.ASCII):
        what = f"DataTime reads {text[:40]!r} and must be 14 digits yyyyMMddHHmmss"
        raise Refused("datatime", what, RULE, _MEND)
    try:
        moment = datetime.strptime(text[:14], "%Y%m%d%H%M%S")
    except ValueError:
        what = f"DataTime reads {text}, which is no date and time"
        raise Refused("datatime", what, RULE, "set the device's clock") from None
    return moment.replace(microsecond=int(text[14:] or 0) * 1000)
