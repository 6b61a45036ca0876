"""An enterprise name taken apart: division, trade name, industry words, legal form; a branch apart from its parent.

`杭州富阳鑫荣体育用品有限公司` = 330111 + 鑫荣 + 体育用品 + limited liability company (order of the regulation on enterprise
names). `中国工商银行股份有限公司杭州萧东支行` is a bank branch of `中国工商银行股份有限公司`.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import reference
from transforms.conform.gazetteer import CITY, gazetteer
from transforms.conform.texts import Lexicon, Positions, Texts, plain

PARTNERSHIPS = pa.array(["普通合伙", "有限合伙", "特殊普通合伙"])
COMPANY = "公司"
ZONE = "[^()]{0,6}?(?:开发区|高新区|保税区|度假区|出口加工区|工业园区)"
INDUSTRY_WORDS = 6
"""At most so many industry words one behind the other, as in 塑料 + 五金 + 制品."""


class _Parts(NamedTuple):
    """Where the parts of each name lie: [start, region) division, [region, trade) trade name, [trade, form) industry."""

    region: Positions
    trade: Positions
    form: Positions
    codes: Positions
    form_number: Positions


def parse_enterprise_names(names: pa.Array | pa.ChunkedArray, home: str = "") -> pa.Table:
    """Names -> parent_name (null: no branch), division_code, trade_name, industry_words, legal_form_code, is_branch, name_note.

    `home`: code of the region that the register is of; it decides between places of one name. Null where a part is not there.
    """
    whole, note = _without_note(plain(names))
    texts = Texts(whole)
    head_end = _end_of_parent(texts)
    parts = _split(texts, texts.starts, head_end, home)
    tail = Lexicon(_forms("word")).before(texts, head_end, texts.ends)[0]
    own_form = np.where(head_end < texts.ends, np.where(tail >= 0, tail, _number_of_branch()), parts.form_number)
    has_parent = head_end < texts.ends
    form_code = _taken(_forms("form_code"), own_form)
    is_partnership = pc.fill_null(pc.is_in(note, PARTNERSHIPS), False)
    return pa.table(
        {
            "parent_name": texts.slices(texts.starts, np.where(has_parent, head_end, texts.starts)),
            "division_code": pc.cast(pa.array(parts.codes, mask=parts.codes == 0), pa.string()),
            "trade_name": texts.slices(parts.region, parts.trade),
            "industry_words": texts.slices(parts.trade, parts.form),
            "legal_form_code": pc.if_else(is_partnership, "partnership", form_code),
            "is_branch": pc.or_(
                pa.array(has_parent), pc.fill_null(pc.equal(_taken(_forms("is_branch"), own_form), "true"), False)
            ),
            "name_note": note,
        }
    )


def _without_note(names: pa.Array) -> tuple[pa.Array, pa.Array]:
    """The name, and what stands in brackets behind it."""
    parts = pc.extract_regex(names, r"^(?P<name>.+)\((?P<note>[^()]*)\)$")
    return pc.coalesce(pc.struct_field(parts, "name"), names), pc.struct_field(parts, "note")


def _end_of_parent(texts: Texts) -> Positions:
    """Behind the first 公司 if more follows than brackets; else the end of the name."""
    at = texts.starts
    for _ in range(3):
        begin = texts.next_of(COMPANY[0], at, texts.ends)
        is_company = texts.is_one_of(COMPANY[1], begin + 1, texts.ends)
        at = np.where(is_company | (begin >= texts.ends), at, begin + 1)
    return np.where(is_company & (begin + 2 < texts.ends), begin + 2, texts.ends)


def _split(texts: Texts, starts: Positions, ends: Positions, home: str) -> _Parts:
    number, form = Lexicon(_forms("word")).before(texts, starts, ends)
    codes, region = gazetteer(home).read_regions(texts, starts, ends)
    core, in_brackets = _before_brackets(texts, region, np.maximum(region, form))
    codes = np.where(codes > 0, codes, gazetteer(home).read_regions(texts, in_brackets, form)[0])
    region = _behind_zone(texts, region, core)
    trade = _industry(texts, region, core)
    town, after = gazetteer(home).read_place("township", texts, region, core, codes)
    leaves_a_name = (town > 0) & (codes >= CITY) & (trade - after >= 2)
    codes, region = np.where(leaves_a_name, town, codes), np.where(leaves_a_name, after, region)
    return _Parts(region, trade, core, codes, number)


def _before_brackets(texts: Texts, starts: Positions, ends: Positions) -> tuple[Positions, Positions]:
    """`赛姆英特斯电器(宁波)有限公司`: where the brackets before the form open, and where the place in them begins."""
    closes = texts.is_one_of(")", ends - 1, ends) & (ends > starts)
    opening = texts.last_of("(", starts, ends)
    has_brackets = closes & (opening < ends)
    return np.where(has_brackets, opening, ends), np.where(has_brackets, opening + 1, ends)


def _behind_zone(texts: Texts, starts: Positions, ends: Positions) -> Positions:
    """`宁波大榭开发区华盛贸易`: a zone is a place too, if two characters of a name remain."""
    zone = pc.struct_field(pc.extract_regex(texts.slices(starts, ends), f"^(?P<zone>{ZONE})"), "zone")
    after = starts + pc.fill_null(pc.utf8_length(zone), 0).to_numpy(zero_copy_only=False)
    return np.where(ends - after >= 2, after, starts)


def _industry(texts: Texts, starts: Positions, ends: Positions) -> Positions:
    """Where the industry words begin: as many words from the back as leave two characters of a trade name, or nothing at all."""
    words = Lexicon([row["word"] for row in reference.rows("industry_words")])
    begin, all_of_it = np.array(ends), np.array(ends)
    for _ in range(INDUSTRY_WORDS):
        begin = words.before(texts, np.minimum(starts + 2, begin), begin)[1]
        all_of_it = words.before(texts, starts, all_of_it)[1]
    return np.where(all_of_it == starts, starts, begin)


def _forms(column: str) -> list[str]:
    return [row[column] for row in reference.rows("legal_forms")]


def _number_of_branch() -> int:
    """A branch whose last word says nothing of its form."""
    return _forms("form_code").index("branch")


def _taken(values: list[str], numbers: Positions) -> pa.Array:
    return pc.take(pa.array(values), pa.array(numbers, mask=numbers < 0))
