"""Citizen and mobile numbers within a text give way to their tokens of the vault; the rest of the text stays.

A citizen number is 18 characters (GB 11643) or 15 digits (its edition of 1989) with a birth date that exists; the check character
is not asked, since a mistyped number names the person as well. A mobile number is 11 digits of the numbering plan, 13 to 19 at
their head; 12, which the plan leaves free, heads the invented ones. Digits may be full-width, and set apart by blanks or hyphens.
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import vault
from lakehouse.contracts.codes import citizen_number

SIGN = "[0-9０-９](?:[ -]?[0-9０-９]){10}"
"""What every such number holds (RE2): texts without it are not looked at."""
NUMBERS = re.compile(
    r"(?<!\d)(?<!\d\.)(?:(?P<citizen_no>\d{6}[ -]?\d{8}[ -]?\d{3}[\dXxＸｘ]|\d{15})"
    r"|(?:(?:00)?[8８][6６][ -]?)?(?P<phone>[1１][2-9２-９]\d[ -]?\d{4}[ -]?\d{4}))(?!\d)"
)
"""Not within a longer row of digits, nor behind a decimal point."""


def tokenised(texts: pa.ChunkedArray) -> tuple[pa.ChunkedArray, int]:
    """The texts with the token in place of each number, and in how many of them one stood.

    The number of who was erased gets the token that stands in for it, and telephones beside it are left out.
    """
    is_suspect = pc.fill_null(pc.match_substring_regex(texts, SIGN), False)
    suspects = texts.filter(is_suspect).to_pylist()
    tokens = _tokens({found for text in suspects for found in numbers(text)}) if suspects else {}
    if not tokens:
        return texts, 0
    erased = vault.suppressed()
    told = [_replaced(text, tokens, erased) for text in suspects]
    whole = texts.combine_chunks()
    whole = whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole
    made = pc.replace_with_mask(whole, is_suspect.combine_chunks(), pa.array(told, whole.type))
    return pa.chunked_array([made]), sum(a != b for a, b in zip(told, suspects, strict=True))


def numbers(text: str) -> list[tuple[str, str]]:
    """Kind and number, as written, of what has the form of one."""
    return [(str(found.lastgroup), found[str(found.lastgroup)]) for found in NUMBERS.finditer(text)]


def _tokens(found: set[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Tokens of the numbers, which are stored; a citizen number without a birth date has none."""
    given: dict[tuple[str, str], str] = {}
    for kind in ("citizen_no", "phone"):
        written = sorted(number for of, number in found if of == kind)
        plain = citizen_number.normalised(pa.array([re.sub("[ -]", "", number) for number in written], pa.string()))
        is_one = pc.is_valid(citizen_number.birth_dates(plain)) if kind == "citizen_no" else pc.is_valid(plain)
        tokens = vault.tokens(kind, pc.if_else(is_one, plain, None)).to_pylist()
        given |= {(kind, number): token for number, token in zip(written, tokens, strict=True) if token}
    return given


def _replaced(text: str, tokens: dict[tuple[str, str], str], erased: vault.StandIns) -> str:
    is_of_erased = any(tokens.get(found) in erased for found in numbers(text))

    def token(found: re.Match[str]) -> str:
        kind, number = str(found.lastgroup), found[str(found.lastgroup)]
        if is_of_erased and kind == "phone":
            return ""
        own = tokens.get((kind, number))
        stand_in = erased.get(own or "", (own, ""))[0]
        return found[0].replace(number, stand_in) if stand_in else found[0]

    return NUMBERS.sub(token, text)
