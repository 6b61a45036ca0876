"""What clerks write instead of the right value. Each function maps (value, draw) to another
value, or to the same if it cannot fail so.

`draw` is a 64-bit number of the row; alternatives are chosen by its remainder.
"""

from collections.abc import Callable
from datetime import date
from functools import cache

from sample_city.identifiers import CITIZEN_CHECKS
from sample_city.lunar import lunar_date
from sample_city.parameters import words

HEAD_OF_ADDRESS = "浙江省杭州市"


@cache
def _confused() -> dict[str, str]:
    """Characters that each character is mistaken for: sounds alike, written variant, looks alike."""
    lists, found = words("names"), {}
    for group in lists["homophones"]:
        found |= {c: found.get(c, "") + group.replace(c, "") for c in group}
    for table in (lists["variants"], lists["lookalikes"]):
        found |= {c: found.get(c, "") + other for c, other in table.items() if other != c}
    return found


def confuse_character(name: str, draw: int) -> str:
    """D01: one character becomes a homophone, a variant or a similar one."""
    places = [i for i, c in enumerate(name) if c in _confused()]
    if not places:
        return name
    at = places[draw % len(places)]
    others = _confused()[name[at]]
    return name[:at] + others[draw // 16 % len(others)] + name[at + 1 :]


def swap_given_name(name: str, draw: int) -> str:
    """D02: the two characters of the given name change places."""
    return name[:-2] + name[-1] + name[-2] if len(name) > 2 else name


def swap_day_and_month(birth: str, draw: int) -> str:
    """D03: yyyyddmm for yyyymmdd."""
    return birth[:4] + birth[6:] + birth[4:6]


def lunar_for_solar(birth: str, draw: int) -> str:
    """D04: the date by the lunar calendar, written as if it were solar; may be a 30th of February."""
    year, month, day = lunar_date(date(int(birth[:4]), int(birth[4:6]), int(birth[6:])))
    return f"{year:04d}{month:02d}{day:02d}"


def leave_out(value: str, draw: int) -> str:
    """D05: nothing."""
    return ""


def wrong_check(number: str, draw: int) -> str:
    """D06: another check character."""
    others = [c for c in CITIZEN_CHECKS.tobytes().decode() if c != number[-1]]
    return number[:-1] + others[draw % len(others)]


def fifteen_digits(number: str, draw: int) -> str:
    """D07: the number before 1999, which leaves out the century and the check; only for those born in the 1900s."""
    return number[:6] + number[8:17] if number[6:8] == "19" else number


def as_float(number: str, draw: int) -> str:
    """D16: a spreadsheet made it a floating-point number; numbers that end in X stay text."""
    return f"{float(number):.5E}" if number.isdigit() else number


def shorten_address(address: str, draw: int) -> str:
    """D12: without province and city, with the road's old name, or without a level."""
    forms = (_without_head, _old_road, _without_township, _without_number_word)
    for turn in range(len(forms)):
        made = forms[(draw + turn) % len(forms)](address)
        if made != address:
            return made
    return address


def _without_head(address: str) -> str:
    return address.removeprefix(HEAD_OF_ADDRESS)


def _old_road(address: str) -> str:
    for road, old in words("places")["old_roads"].items():
        if road in address:
            return address.replace(road, old)
    return address


def _without_township(address: str) -> str:
    for word in ("街道", "镇", "乡"):
        head, found, rest = address.partition(word)
        if found and "县" in head:
            return head[: head.index("县") + 1] + rest
    return address


def _without_number_word(address: str) -> str:
    return address.replace("单元", "-").replace("幢", "-").removesuffix("室") if "幢" in address else address.removesuffix("号")


def mojibake(text: str, draw: int) -> str:
    """D15: UTF-8 read as GBK; what GBK cannot read is lost."""
    return text.encode("utf-8").decode("gbk", errors="ignore")


def lower_case(code: str, draw: int) -> str:
    """D25: a letter in lower case, or a character that stands for another."""
    lowered = code.lower()
    if lowered != code and draw % 2:
        return lowered
    at = 2 + draw // 2 % 14
    return code[:at] + {"0": "O", "1": "I", "5": "S", "2": "Z"}.get(code[at], "O") + code[at + 1 :]


def outdated(field: str) -> Callable[[str, int], str]:
    """D19: writes the code that an earlier edition had for the same thing; codes without one stay."""
    codes = words("defects")["outdated_codes"]
    if field == "division_code":
        return lambda code, draw: code[:6] + codes["dissolved_township"] + code[9:] if len(code) == 12 else code
    return lambda code, draw: codes[field].get(code, code)


def other_capital(text: str, draw: int) -> str:
    """D20: the same amount in yuan, with separators, or with another unit word or notation of the currency."""
    amount = int(text.removesuffix("万元人民币"))
    forms = (f"{amount * 10_000}元人民币", f"{amount:,}(万元人民币)", f"{amount}.000000万人民币", f"{amount * 10_000:,}元")
    return forms[draw % len(forms)]


def without_currency(text: str, draw: int) -> str:
    """D20: the unit stands, the currency is left out."""
    return text.removesuffix("人民币")


def with_phone(text: str, draw: int) -> str:
    """D24: a phone or a citizen number in a text that should hold none; both synthetic."""
    telling = f"联系电话120{draw % 10**8:08d}" if draw % 3 else f"证件号990122{1950 + draw % 50}0101{draw % 1000:03d}X"
    return f"{text}，{telling}" if text else telling


def illegal_state(state: str, draw: int) -> str:
    """D26: a state that the event cannot lead to: deregistered at the setting up, existing at the end."""
    return {"存续": "注销", "注销": "存续", "吊销": "存续", "歇业": "注销"}[state]
