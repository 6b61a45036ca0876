"""Chinese text that was UTF-8 and was read as GBK, 桐庐 stands there as 妗愬簮, or as Latin-1, 德清 as å¾·æ¸….

Three bytes of UTF-8 a character, taken two by two for GBK, leave a trace: a character whose bytes are (first, middle), then
one of (last, first), then one of (middle, last). Ordinary Chinese begins so hardly ever: of 89,550 real enterprise names none.
Taken one by one for Latin-1 (ISO 8859-1) or its kin Windows-1252 they are a letter ã to é and two signs, as no language writes.
"""
# pyright: reportAttributeAccessIssue=false

from collections.abc import Iterable
from functools import cache
from itertools import product
from typing import Any

import pyarrow.compute as pc

HAN = range(0xE4, 0xEA)
"""First bytes of the common Chinese characters in UTF-8."""
MARKS = (0xE2, 0xE3, 0xEF)
"""First bytes of their punctuation."""
FOLLOWING = range(0x80, 0xC0)


def is_mojibake(texts: Any) -> Any:
    """Whether each text was read as GBK, or a part of it as Latin-1. Null stays null."""
    return pc.match_substring_regex(texts, f"{as_gbk()}|{as_latin()}")


def sql(x: str) -> str:
    """The same as Spark SQL over the expression `x`; Java's `$` would let a line break pass at the end."""
    return f"{x} rlike '{as_gbk().removesuffix('$')}\\\\z|{as_latin()}'"


@cache
def as_latin() -> str:
    """Regular expression of a Chinese character within a text that was read as Latin-1 or Windows-1252."""
    first, after = ("".join(sorted(_read_as_latin(numbers))) for numbers in (range(0xE3, 0xEA), FOLLOWING))
    return f"[{first}][{after}]{{2}}"


@cache
def as_gbk() -> str:
    """Regular expression (RE2) of a text read as GBK from its first character to its last, ASCII aside.

    A text that begins in ASCII, or of which only a part was misread, is not found.
    """
    first = _read_as_gbk(product(HAN, FOLLOWING))
    after = first | _read_as_gbk(product(FOLLOWING, HAN))
    begins = (*HAN, *MARKS)
    rest = _read_as_gbk([*product(begins, FOLLOWING), *product(FOLLOWING, begins), *product(FOLLOWING, FOLLOWING)])
    return f"^{_one_of(first)}{_one_of(after)}{_one_of(rest, ' -~')}*$"


def _read_as_gbk(pairs: Iterable[tuple[int, int]]) -> set[str]:
    found = {bytes(pair).decode("gbk", errors="ignore") for pair in pairs}
    return {text for text in found if len(text) == 1}


def _read_as_latin(numbers: Iterable[int]) -> set[str]:
    return {bytes([n]).decode(kin, errors="ignore") for n in numbers for kin in ("latin-1", "cp1252")} - {""}


def _one_of(characters: set[str], others: str = "") -> str:
    return f"[{others}{''.join(sorted(characters))}]"
