"""The fields before the data area: names, order, form, and what Flag says of them (HJ 212-2017 6.3)."""

from __future__ import annotations

import re
from datetime import datetime

from edge_collectors.protocols.hj212.packet import RULE, VERSIONS
from edge_collectors.protocols.refused import Refused

ORDER = ("QN", "ST", "CN", "PW", "MN", "Flag", "PNUM", "PNO", "RF")
_MEND = "set the device to a standard edition"
_FORMS = {
    "QN": (re.compile(r"\d{17}", re.ASCII), "17 digits yyyyMMddHHmmssSSS"),
    "ST": (re.compile(r"\d{2}", re.ASCII), "2 digits"),
    "CN": (re.compile(r"\d{4}", re.ASCII), "4 digits"),
    "PW": (re.compile(r"[!-:<-~]{6}"), "6 characters"),
    "MN": (re.compile(r"[0-9A-Za-z_-]{1,24}"), "1 to 24 letters, digits, _ or -"),
    "Flag": (re.compile(r"\d{1,3}", re.ASCII), "a number from 0 to 255"),
    "PNUM": (re.compile(r"\d{1,4}", re.ASCII), "1 to 4 digits"),
    "PNO": (re.compile(r"\d{1,4}", re.ASCII), "1 to 4 digits"),
    "RF": (re.compile(r"1"), "1 or absent, RF=0 does not exist"),
}


def read_header(text: str) -> dict[str, str]:
    """Fields of `QN=...;ST=...;` as {name: value}.

    Raises Refused: `header`, `flag` (no known edition), `split` (PNUM, PNO), `late_mark` (RF).
    """
    if not text.endswith(";"):
        raise Refused("header", f"The fields before CP end with {text[-6:]!r} and not with ';'", RULE, _MEND)
    fields: dict[str, str] = {}
    for part in text[:-1].split(";"):
        name, equals, value = part.partition("=")
        _check_name(name, equals, fields)
        _check_form(name, value)
        fields[name] = value
    _check_presence(fields)
    _check_flag(fields)
    return fields


def _check_name(name: str, equals: str, before: dict[str, str]) -> None:
    order = f"{RULE}: {', '.join(ORDER)}"
    if not equals or name not in ORDER:
        raise Refused("header", f"{name[:40]!r} is not a field that may stand before CP", order, _MEND)
    last = next(reversed(before), None)
    if last and ORDER.index(name) <= ORDER.index(last):
        raise Refused("header", f"Field {name} stands after {last}, against the order", order, _MEND)


def _check_form(name: str, value: str) -> None:
    pattern, form = _FORMS[name]
    if not pattern.fullmatch(value):
        code = "late_mark" if name == "RF" else "header"
        value = "*" * len(value) if name == "PW" else value
        raise Refused(code, f"Field {name} reads {value[:40]!r} and must be {form}", RULE, _MEND)


def _check_presence(fields: dict[str, str]) -> None:
    missing = [name for name in ("ST", "CN", "PW", "MN") if name not in fields]
    if missing:
        raise Refused("header", f"Field {missing[0]} is missing", RULE, "let the device send it in every packet")
    if "QN" in fields:
        _check_qn(fields["QN"])


def _check_qn(qn: str) -> None:
    try:
        datetime.strptime(qn[:14], "%Y%m%d%H%M%S")
    except ValueError:
        raise Refused("header", f"Field QN reads {qn}, which is no time", RULE, "set the device's clock") from None


def _check_flag(fields: dict[str, str]) -> None:
    flag = int(fields.get("Flag", "0"))
    version = VERSIONS.get(flag >> 2)
    if version is None:
        editions = f"{RULE}: bits 2 to 7 are 0 for 2005, 1 for 2017, 2 for 2025"
        raise Refused("flag", f"Flag={flag} names no known edition", editions, _MEND)
    if version != "2005" and "QN" not in fields:
        raise Refused("header", "Field QN is missing, which only the edition of 2005 allows", RULE, _MEND)
    if version != "2025" and "RF" in fields:
        raise Refused("late_mark", f"RF is a mark of the edition of 2025, Flag={flag} says {version}", RULE, _MEND)
    _check_split(flag, fields)


def _check_split(flag: int, fields: dict[str, str]) -> None:
    stated = [name for name in ("PNUM", "PNO") if name in fields]
    if stated and not flag & 2:
        raise Refused("split", f"{stated[0]} is present but bit 1 of Flag is not set", RULE, _MEND)
    if flag & 2 and len(stated) < 2:
        raise Refused("split", f"Bit 1 of Flag={flag} announces PNUM and PNO, not both are there", RULE, _MEND)
    if stated and not 1 <= int(fields["PNO"]) <= int(fields["PNUM"]):
        raise Refused("split", f"PNO={fields['PNO']} is not within 1 to PNUM={fields['PNUM']}", RULE, _MEND)
