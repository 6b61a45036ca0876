"""Division names as people write them, found at the beginning of a text and resolved to codes step by step.

`杭州市余杭区`, `杭州余杭`, `浙江省杭州余杭区` all lead to 330110. A name that several divisions bear is resolved by what was
read before it, by `home` (the code of the region that the texts come from), and by being in force; else it stays open.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import NamedTuple

import numpy as np

from lakehouse import reference
from lakehouse.geo.succession import bridge
from transforms.conform.texts import Lexicon, Positions, Texts

SUFFIXES = {
    "province": ("维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "省", "市"),
    "city": ("自治州", "地区", "盟", "市"),
    "county": ("自治县", "自治旗", "林区", "特区", "县", "市", "区", "旗"),
    "township": ("街道办事处", "畲族乡", "民族乡", "街道", "镇", "乡"),
}
NO_NAMES = frozenset({"市辖区", "县", "郊区", "城区", "市区", "矿区", "省直辖县级行政区划", "自治区直辖县级行政区划"})
TOWN_KINDS = ("街道", "镇", "乡")
VILLAGE_OFFICES = ("居民委员会", "村民委员会", "居委会", "村委会")
VILLAGE_KINDS = ("村", "社区", "居委会")
CODE_LIMIT = 10**13
CITY, COUNTY = 1_000, 100_000
"""Codes from here on are of a city, of a county or smaller."""
KINDS = ("省", "市", "盟", "州", "县", "区", "旗", "道", "镇", "乡", "处", "村", "会")
ROADS = Lexicon(["路", "街", "巷", "弄", *(a + b for a in "大东南西北中环一二三四五六七八九十" for b in "路街道桥")])


class Division(NamedTuple):
    """One division in one period; `until` is the first day on which the code was no longer valid."""

    code: str
    name: str
    level: str
    until: str


class Gazetteer:
    """Word lists of regions (province to county), townships and villages, each name with its short forms.

    Codes are numbers here, 0 for none: no division code begins with a zero.
    """

    def __init__(self, divisions: Iterable[Division], home: str = "") -> None:
        self._home = home
        words: dict[str, dict[str, list[Division]]] = {"region": {}, "township": {}, "village": {}}
        for division in divisions:
            level = division.level if division.level in words else "region"
            for word in spellings(division.name, division.level):
                words[level].setdefault(word, []).append(division)
        self._words = {level: _WordList(candidates) for level, candidates in words.items()}

    def read_regions(
        self, texts: Texts, starts: Positions, ends: Positions, is_address: bool = False
    ) -> tuple[Positions, Positions]:
        """Codes of 2, 4 or 6 digits and where their names end: up to four names, each within the one before."""
        codes, at, rows = np.zeros(len(starts), np.int64), np.array(starts), np.arange(len(starts))
        for _ in range(4):
            found, after = self.read_place("region", texts, at[rows], ends[rows], codes[rows], is_address)
            rows, hit = rows[found > 0], found > 0
            codes[rows], at[rows] = found[hit], after[hit]
        return codes, at

    def read_place(
        self, level: str, texts: Texts, starts: Positions, ends: Positions, within: Positions, is_address: bool = False
    ) -> tuple[Positions, Positions]:
        """One name of a region, township or village within the codes read before: its code and where it ends.

        In an address a short name before the kind word of a road is the road's (`黄岩东路`), and a county's before that of a
        town tells the county and is the town's (`桐庐镇`).
        """
        words = self._words[level]
        numbers, after = words.lexicon.at(texts, starts, ends)
        if is_address:
            numbers[words.is_short[numbers] & (ROADS.at(texts, after, ends)[0] >= 0)] = -1
        keys, places = np.unique(numbers * CODE_LIMIT + within, return_inverse=True)
        resolved = [self._resolve(words, *divmod(int(key), CODE_LIMIT)) for key in keys]
        found = np.array(resolved, np.int64)[places] if len(keys) else np.zeros(0, np.int64)
        names_a_town = words.is_short[numbers] & texts.is_one_of("镇乡", after, ends) if is_address else False
        return found, np.where((found > 0) & ~np.asarray(names_a_town), after, starts)

    def _resolve(self, words: "_WordList", number: int, within: int) -> int:
        """The one division that the word means within a code: at home first, then the one that lasted longest."""
        if number < 0:
            return 0
        fitting = [d for d in words.candidates[number] if _lies_in(d.code, within)]
        if within < COUNTY:
            fitting = [d for d in fitting if not (words.is_short[number] and self._needs_its_kind(d, within))]
        if words.is_short[number]:
            fitting = [d for d in fitting if d.code != str(within)]
        for chosen in ([d for d in fitting if d.code.startswith(self._home)], fitting):
            last = max((d.until for d in chosen), default="")
            if found := _outermost({d.code for d in chosen if d.until == last}):
                return int(found)
        return 0

    def _needs_its_kind(self, division: Division, within: int) -> bool:
        """Short names of townships, and of far cities and counties, are too often words of another meaning."""
        return (division.level == "township" and within < CITY) or (
            division.level in ("city", "county") and not within and not division.code.startswith(self._home)
        )


class _WordList:
    def __init__(self, candidates: Mapping[str, list[Division]]) -> None:
        self.lexicon = Lexicon(list(candidates))
        self.candidates = list(candidates.values())
        self.is_short = np.array([not word.endswith(KINDS) for word in candidates])


def spellings(name: str, level: str) -> set[str]:
    """The full name; the name without its kind, if two characters are left; a town also as subdistrict, town, township.

    Towns become subdistricts and addresses keep the old word for decades.
    """
    if name in NO_NAMES:
        return set()
    if level == "village":
        return {name} | _village_spellings(name)
    suffix = next((s for s in SUFFIXES[level] if name.endswith(s) and len(name) - len(s) >= 2), "")
    stem = name.removesuffix(suffix)
    kinds = TOWN_KINDS if level == "township" and suffix in (*TOWN_KINDS, "畲族乡", "民族乡") else ()
    return {name, stem} | {stem + kind for kind in kinds}


def _village_spellings(name: str) -> set[str]:
    """`旧县村村委会` is written `旧县村`; a village that became a community, or the other way, goes by either word."""
    stem, before = name, ""
    while stem != before:
        before = stem
        stem = next((stem.removesuffix(o) for o in VILLAGE_OFFICES if stem.endswith(o) and len(stem) - len(o) >= 2), stem)
    kind = next((k for k in ("社区", "村") if stem.endswith(k) and len(stem) - len(k) >= 2), "")
    core = stem.removesuffix(kind)
    return {stem, *(core + k for k in VILLAGE_KINDS)} if kind or stem != name else set()


@cache
def gazetteer(home: str = "") -> Gazetteer:
    """Gazetteer of the reference list: names of the past are known too. `home`: code of the region the texts come from."""
    return Gazetteer(divisions(reference.rows("divisions")), home)


def divisions(rows: Iterable[Mapping[str, str]]) -> Iterable[Division]:
    """Rows of the list of divisions that are valid in every profile."""
    for row in rows:
        if row["profile"] == "":
            yield Division(row["division_code"], row["name"], row["level"], row["valid_to"] or "9999-12-31")


def _lies_in(code: str, within: int) -> bool:
    """Whether the code is of the region, or of what the region has become since."""
    return not within or code.startswith((str(within), *_successors().get(str(within), ())))


@cache
def _successors() -> dict[str, tuple[str, ...]]:
    return {old: tuple(new) for old, new in bridge(date.min, date.max).items()}


def _outermost(codes: set[str]) -> str:
    """The code that contains all the others, if there is one: a city and the county of the same short name."""
    shortest = min(codes, key=len, default="")
    return shortest if all(code.startswith(shortest) for code in codes) else ""
