"""The fields before the data area: names, order, form, and what Flag says of them (HJ 212-2017 6.3)."""

from __future__ import annotations

import re
from datetime import datetime

from edge_collectors.protocols.hj212.packet import VERSIONS
from edge_collectors.protocols.refused import Refused

ORDER = ("QN", "ST", "CN", "PW", "MN", "Flag", "PNUM", "PNO", "RF")
_RULE = "HJ 212-2017 6.3"
_FORMS = {
    "QN": (re.compile(r"\d{17}", re.ASCII), "17 digits yyyyMMddHHmmssSSS"),
    "ST": (re.compile(r"\d{2}", re.ASCII), "2 digits"),
    "CN": (re.compile(r"\d{4}", re.ASCII), "4 digits"),
    "PW": (re.compile(r"[!-:<-~]{6}"), "6 characters"),
    "MN": (re.compile(r"[0-9A-Za-z_-]{1,24}"), "1 to 24 letters, digits, _ or -"),
    "Flag": (re.compile(r"\d{1,3}", re.ASCII), "a number from 0 to 255"),
    "PNUM": (re.compile(r"\d{1,4}", re.ASCII), "1 to 4 digits"),
    "PNO": (re.compile(r"\d{1,4}", re.ASCII), "1 to 4 digits"),
    "RF": (re.compile(r"1"), "1, or absent: RF=0 does not exist"),
}


def read_header(text: str) -> dict[str, str]:
    """Fields of `QN=...;ST=...;` as {name: value}; raises Refused (`header`, `flag`, `split`, `late_mark`)."""
    if not text.endswith(";"):
        raise Refused("header", f"The fields before CP end with {text[-20:]!r} and not with ';' ({_RULE}); mend the device.")
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
    if not equals or name not in ORDER:
        raise Refused(
            "header",
            f"{name[:40]!r} is not a field that may stand before CP ({_RULE}: {', '.join(ORDER)}); "
            "set the device to a standard edition.",
        )
    if before and ORDER.index(name) <= ORDER.index(next(reversed(before))):
        raise Refused(
            "header",
            f"Field {name} stands after {next(reversed(before))}; the order is {', '.join(ORDER)} ({_RULE}); "
            "set the device to a standard edition.",
        )


def _check_form(name: str, value: str) -> None:
    pattern, form = _FORMS[name]
    if not pattern.fullmatch(value):
        code = "late_mark" if name == "RF" else "header"
        raise Refused(code, f"Field {name} reads {value[:40]!r} and must be {form} ({_RULE}); mend it at the device.")


def _check_presence(fields: dict[str, str]) -> None:
    missing = [name for name in ("ST", "CN", "PW", "MN") if name not in fields]
    if missing:
        raise Refused("header", f"Field {missing[0]} is missing ({_RULE}); the device must send it in every packet.")
    if "QN" in fields:
        _check_qn(fields["QN"])


def _check_qn(qn: str) -> None:
    try:
        datetime.strptime(qn[:14], "%Y%m%d%H%M%S")
    except ValueError:
        raise Refused(
            "header", f"Field QN reads {qn} and is no time yyyyMMddHHmmssSSS ({_RULE}); set the device's clock."
        ) from None


def _check_flag(fields: dict[str, str]) -> None:
    flag = int(fields.get("Flag", "0"))
    version = VERSIONS.get(flag >> 2)
    if flag > 255 or version is None:
        raise Refused(
            "flag",
            f"Flag={fields['Flag']} names no known edition: bits 2 to 7 are 0 (2005), 1 (2017) or 2 (2025) ({_RULE}); "
            "set the device to one of them.",
        )
    if version != "2005" and "QN" not in fields:
        raise Refused("header", f"Field QN is missing, which only the edition of 2005 allows ({_RULE}); mend the device.")
    if "RF" in fields and version != "2025":
        raise Refused(
            "late_mark", f"RF marks a late record in the edition of 2025, but Flag={flag} says {version}; mend the device."
        )
    _check_split(flag, fields)


def _check_split(flag: int, fields: dict[str, str]) -> None:
    stated = [name for name in ("PNUM", "PNO") if name in fields]
    if not flag & 2:
        if stated:
            raise Refused(
                "split",
                f"{stated[0]} is present but bit 1 of Flag is not set ({_RULE}); the device must set it for split packets.",
            )
        return
    if len(stated) < 2:
        raise Refused(
            "split", f"Bit 1 of Flag={flag} announces PNUM and PNO, which are not both there ({_RULE}); mend the device."
        )
    if not 1 <= int(fields["PNO"]) <= int(fields["PNUM"]):
        raise Refused(
            "split", f"PNO={fields['PNO']} is not between 1 and PNUM={fields['PNUM']} ({_RULE}); mend the device."
        )
