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
    r"(?<!\d)(?<!\d\d\.)(?:(?P<citizen_no>\d{6}[ -]?\d{8}[ -]?\d{3}[\dXxＸｘ]|\d{15})"
    r"|(?:(?:00)?[8８][6６][ -]?)?(?P<phone>[1１][2-9２-９]\d[ -]?\d{4}[ -]?\d{4}))(?!\d)"
)
"""Not within a longer row of digits, nor the decimals of a degree, which has two digits or more; `1.` may count telephones."""


def tokenised(texts: pa.ChunkedArray) -> tuple[pa.ChunkedArray, int]:
    """The texts with the token in place of each number, and in how many of them one stood.

    The number of who was erased gets the token that stands in for it, and telephones beside it are left out; the vault learns
    neither.
    """
    is_suspect = pc.fill_null(pc.match_substring_regex(texts, SIGN), False)
    suspects = texts.filter(is_suspect).to_pylist()
    found = [numbers(text) for text in suspects]
    if not any(found):
        return texts, 0
    erased = vault.suppressed()
    tokens = _citizens({number for one in found for kind, number in one if kind == "citizen_no"}, erased)
    stand_ins = {number for number, _ in erased.values()}
    is_erased = [any(tokens.get(number) in stand_ins for _, number in one) for one in found]
    tokens |= _phones({n for one, gone in zip(found, is_erased, strict=True) if not gone for kind, n in one if kind == "phone"})
    told = [_replaced(text, tokens, gone) for text, gone in zip(suspects, is_erased, strict=True)]
    made = pc.replace_with_mask(texts.combine_chunks(), is_suspect.combine_chunks(), pa.array(told, pa.string()))
    return pa.chunked_array([made]), sum(a != b for a, b in zip(told, suspects, strict=True))


def numbers(text: str) -> list[tuple[str, str]]:
    """Kind and number, as written, of what has the form of one."""
    return [(str(found.lastgroup), found[str(found.lastgroup)]) for found in NUMBERS.finditer(text)]


def _citizens(written: set[str], erased: vault.StandIns) -> dict[str, str]:
    """Tokens of the numbers with a birth date; of those of erased persons the stand-ins."""
    order = sorted(written)
    plain = _plain(order)
    plain = pc.if_else(pc.is_valid(citizen_number.birth_dates(plain)), plain, None)
    names = vault.named("citizen_no", plain).to_pylist() if erased else [None] * len(order)
    gone = {number: erased[name][0] for number, name in zip(order, names, strict=True) if name in erased}
    stored = vault.tokens("citizen_no", pc.if_else(pa.array([n in gone for n in order], pa.bool_()), None, plain)).to_pylist()
    return {number: token for number, token in zip(order, stored, strict=True) if token} | gone


def _phones(written: set[str]) -> dict[str, str]:
    order = sorted(written)
    return dict(zip(order, vault.tokens("phone", _plain(order)).to_pylist(), strict=True))


def _plain(written: list[str]) -> pa.Array:
    """Without what sets the digits apart, in the form that has the person's token."""
    return citizen_number.normalised(pa.array([re.sub("[ -]", "", number) for number in written], pa.string()))


def _replaced(text: str, tokens: dict[str, str], is_of_erased: bool) -> str:
    def token(found: re.Match[str]) -> str:
        number = found[str(found.lastgroup)]
        if is_of_erased and found.lastgroup == "phone":
            return ""
        return found[0].replace(number, tokens.get(number, number))

    return NUMBERS.sub(token, text)
