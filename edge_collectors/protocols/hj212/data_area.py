"""The data area between `CP=&&` and `&&`: items by `;`, the values of one item by `,` (HJ 212-2017 6.3)."""

from __future__ import annotations

import re
from datetime import datetime

from edge_collectors.protocols.hj212.packet import Groups
from edge_collectors.protocols.refused import Refused

MAX_CONTENT = 950
SUFFIXES = frozenset(
    "Rtd Min Avg Max ZsRtd ZsMin ZsAvg ZsMax Cou Flag EFlag SampleTime RS RT Data DayData NightData Info SN".split()
)
_RULE = "HJ 212-2017 6.3"
_NAME = re.compile(r"[0-9A-Za-z_.-]{1,48}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]|&&")


def read_groups(content: str) -> Groups:
    """Items of the data area, each a tuple of (name, value); raises Refused (`cp`) naming the place."""
    if not content:
        return ()
    damaged = _CONTROL.search(content)
    if damaged:
        raise Refused(
            "cp", f"The data area holds {damaged[0]!r} at offset {damaged.start()}, which no value may ({_RULE}); mend the device."
        )
    return tuple(_read_group(item, number) for number, item in enumerate(content.split(";"), start=1))


def _read_group(item: str, number: int) -> tuple[tuple[str, str], ...]:
    pairs: dict[str, str] = {}
    for part in item.split(","):
        name, equals, value = part.partition("=")
        if not equals or not _NAME.fullmatch(name) or "=" in value:
            raise Refused(
                "cp",
                f"Item {number} of the data area holds {part[:40]!r} where name=value must stand ({_RULE}; a stray ',' or "
                "';' also does this); mend the device's message.",
            )
        if name in pairs:
            raise Refused("cp", f"Item {number} of the data area gives {name} twice ({_RULE}); mend the device's message.")
        pairs[name] = value
    return tuple(pairs.items())


def check_data_command(groups: Groups, *, is_later_part: bool) -> None:
    """Rules of an upload of readings (2011, 2031, 2051, 2061): DataTime, then one code per item.

    Raises Refused (`datatime` or `item`). The later parts of a split packet need no DataTime of their own.
    """
    stated = [value for group in groups for name, value in group if name == "DataTime"]
    if len(stated) > 1 or not (stated or is_later_part):
        raise Refused(
            "datatime", f"The data area states DataTime {len(stated)} times and must state it once ({_RULE}); mend the device."
        )
    if stated:
        read_data_time(stated[0])
    for group in groups:
        if group[0][0] != "DataTime":
            _check_item([name for name, _ in group])


def _check_item(names: list[str]) -> None:
    codes = {name.rpartition("-")[0] for name in names}
    unknown = [name for name in names if name.rpartition("-")[2] not in SUFFIXES or not name.rpartition("-")[0]]
    if unknown:
        raise Refused(
            "item",
            f"{unknown[0]} is not a code with one of the endings -{', -'.join(sorted(SUFFIXES))} (HJ 212-2017, field names of the data area); "
            "mend the device's message.",
        )
    if len(codes) > 1:
        raise Refused(
            "item", f"One item mixes the codes {', '.join(sorted(codes))}; ';' separates items ({_RULE}); mend the device."
        )


def read_data_time(text: str) -> datetime:
    """Local time of DataTime without zone; 14 digits, or 17 with milliseconds, which some devices send."""
    if not re.fullmatch(r"\d{14}(?:\d{3})?", text, re.ASCII):
        raise Refused("datatime", f"DataTime reads {text[:40]!r} and must be 14 digits yyyyMMddHHmmss ({_RULE}); mend the device.")
    try:
        moment = datetime.strptime(text[:14], "%Y%m%d%H%M%S")
    except ValueError:
        raise Refused("datatime", f"DataTime reads {text}, which is no date and time ({_RULE}); set the device's clock.") from None
    return moment.replace(microsecond=int(text[14:] or 0) * 1000)
