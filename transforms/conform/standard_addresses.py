"""One form for each address: divisions with their full names, present road names, one kind word for each level.

Two addresses of the same door get the same `standard_address`, whether one says `杭州富阳` and the other `浙江省杭州市富阳区`,
`10#` or `10号`, `3栋` or `3幢`, `二楼` or `2层`, or names the road as it was called before.
"""

import re
from collections.abc import Callable
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import reference

NUMERALS = {digit: str(value) for value, digit in enumerate("零一二三四五六七八九")}
MEANINGS = (("号之", "-"), ("号-", "-"), ("之", "-"), ("至", "-"), ("~", "-"), *((c, ",") for c in "、和及号"))
LEVELS = (2, 4, 6, 9, 12)


def standard_addresses(parts: pa.Table, aliases: pa.Table) -> pa.Table:
    """Parts of addresses -> the same parts in one form, and `standard_address`.

    `aliases`: division_code, old_name, name: a road that has another name now, within that division.
    """
    division = _each(parts["division_code"], full_name)
    written = pc.if_else(pc.less(pc.fill_null(pc.utf8_length(parts["division_code"]), 0), 9), parts["township"], None)
    village = pc.if_else(pc.equal(pc.utf8_length(parts["division_code"]), 12), None, parts["village"])
    standard = {
        "road": present_roads(parts["division_code"], parts["road"], aliases),
        "lane": parts["lane"],
        "number": _with(_each(parts["number"], _number), "号"),
        "building": _with(pc.replace_substring_regex(parts["building"], "(号楼|#楼|幢|栋|座)$", ""), "幢"),
        "unit": _each(parts["unit"], _digits),
        "floor": _with(_each(pc.replace_substring_regex(parts["floor"], "(楼|层|F)$", ""), _digits), "层"),
        "room": _with(pc.replace_substring_regex(parts["room"], "(室|号房|房|号)$", ""), "室"),
    }
    between = {"zone": parts["zone"], "village": village, "group": parts["group"]}
    places = {name: parts[name] for name in ("second_road", "natural_village", "estate")}
    order = ("road", "second_road", "lane", "natural_village", "number", "estate", "building", "unit", "floor", "room")
    below = [(standard | places)[name] for name in order]
    pieces = [division, written, *between.values(), *below]
    whole = pc.binary_join_element_wise(*(pc.fill_null(piece, "") for piece in pieces), "")
    return pa.table({"division_code": parts["division_code"], **between, **places, **standard, "standard_address": whole})


def present_roads(codes: pa.ChunkedArray, roads: pa.ChunkedArray, aliases: pa.Table) -> pa.ChunkedArray:
    """Road names of today: a former name counts within its division, whose code may have 2 to 12 digits."""
    if aliases.num_rows == 0:
        return roads
    known = pc.binary_join_element_wise(aliases["division_code"], aliases["old_name"], "|")
    found = roads
    for digits in LEVELS:
        here = pc.binary_join_element_wise(pc.utf8_slice_codeunits(codes, 0, digits), roads, "|")
        place = pc.index_in(here, value_set=known)
        found = pc.if_else(pc.is_valid(place), pc.take(aliases["name"], place), found)
    return found


@cache
def full_name(code: str) -> str:
    """`330122101` -> 浙江省杭州市桐庐县富春江镇, by the names that were valid last."""
    names = [_names().get(code[:digits], "") for digits in LEVELS if digits <= len(code)]
    return "".join(name for name in names if name != "市辖区")


@cache
def _names() -> dict[str, str]:
    return {row["division_code"]: row["name"] for row in reference.rows("divisions")}


def _each(column: pa.ChunkedArray, say: Callable[[str], str]) -> pa.ChunkedArray:
    """A function of a text over a column of many repetitions: once for each different text."""
    different = pc.unique(column)
    said = pa.array([None if text is None else say(text) for text in different.to_pylist()], pa.string())
    return pc.take(said, pc.index_in(column, value_set=different))


def spoken_digits(texts: pa.ChunkedArray | pa.Array, numeral: str) -> pa.ChunkedArray | pa.Array:
    """Texts with the numerals that the pattern finds as digits: 三单元 -> 3单元. Few texts have any, and of them few forms."""
    hit = pc.fill_null(pc.match_substring_regex(texts, numeral), False)
    said = _each(pc.if_else(hit, texts, None), lambda text: re.sub(numeral, lambda found: _digits(found[0]), text))
    return pc.if_else(hit, said, texts)


def _with(column: pa.ChunkedArray, kind: str) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(column, pa.scalar(kind), "")


def _number(text: str) -> str:
    """`10#`, `10号` -> 10; `12号之1`, `12号-1` -> 12-1; `3、5、7号` -> 3,5,7."""
    plain = text.removesuffix("附近").removesuffix("对面").removesuffix("旁").rstrip("号#")
    for said, meant in MEANINGS:
        plain = plain.replace(said, meant)
    return plain.strip(",")


def _digits(text: str) -> str:
    """Chinese numerals up to 99 as digits: 十二 -> 12, 二十 -> 20, 三 -> 3; what is no numeral stays."""
    tens, ten, ones = text.partition("十")
    if ten and tens in ("", *NUMERALS):
        has_ones = ones[:1] in NUMERALS
        return NUMERALS.get(tens, "1") + (NUMERALS[ones[0]] + ones[1:] if has_ones else "0" + ones)
    return "".join(NUMERALS.get(c, c) for c in text)
