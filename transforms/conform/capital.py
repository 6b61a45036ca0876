"""Registered capital as registers write it, free text with a unit and a currency, to ten thousands of one currency."""

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import reference
from transforms.conform.texts import plain

AMOUNT = r"(?P<amount>[0-9]+(?:\.[0-9]+)?|[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?)"
UNITS_CNY10K = {"万": 1.0, "百万": 100.0, "千万": 1000.0, "亿": 10_000.0}
MISSING = ("", "N/A", "NULL", "无", "-", "--")


def parse_capital(texts: pa.Array | pa.ChunkedArray) -> pa.Table:
    """Text -> capital_10k (of its currency), currency_code (ISO 4217), capital_cny10k, capital_reason.

    The reason is null where capital_cny10k was written in full. Otherwise: `currency_assumed` (none written; taken as CNY),
    `foreign_currency` (needs the rate of the registration day), `unit_missing` (a number alone), `not_given`, `not_understood`.
    """
    text = pc.utf8_upper(plain(texts))
    parts = pc.extract_regex(text, rf"^{AMOUNT}\(?(?P<unit>{'|'.join(UNITS_CNY10K)})?(?P<currency>{_spellings()})?\)?$")
    amount, unit, currency = (pc.struct_field(parts, name) for name in ("amount", "unit", "currency"))
    number = pc.cast(pc.replace_substring(amount, ",", ""), pa.float64())
    codes = _looked_up(currency, reference.lookup("currencies", "spelling", "currency_code"))
    has_unit, has_currency = (pc.fill_null(pc.not_equal(part, ""), False) for part in (unit, currency))
    in_10k = _in_10k(number, unit, has_unit, has_currency)
    code = pc.if_else(pc.is_valid(in_10k), pc.if_else(has_currency, codes, "CNY"), None)
    is_cny = pc.equal(code, "CNY")
    return pa.table(
        {
            "capital_10k": in_10k,
            "currency_code": code,
            "capital_cny10k": pc.if_else(is_cny, in_10k, None),
            "capital_reason": _reason(text, number, in_10k, is_cny, has_currency),
        }
    )


def _in_10k(number: pa.Array, unit: pa.Array, has_unit: pa.Array, has_currency: pa.Array) -> pa.Array:
    """`万` and its kin count in ten thousands; a currency without them counts ones; a number alone says nothing."""
    factor = pc.cast(_looked_up(unit, {word: str(factor) for word, factor in UNITS_CNY10K.items()}), pa.float64())
    scaled = pc.if_else(has_unit, pc.multiply(number, factor), pc.divide(number, 10_000.0))
    return pc.if_else(pc.or_(has_unit, has_currency), scaled, None)


def _reason(text: pa.Array, number: pa.Array, in_10k: pa.Array, is_cny: pa.Array, has_currency: pa.Array) -> pa.Array:
    given = pc.invert(pc.is_in(pc.fill_null(text, ""), pa.array(MISSING)))
    cases = pc.make_struct(
        pc.invert(given),
        pc.is_null(number),
        pc.is_null(in_10k),
        pc.invert(pc.fill_null(is_cny, True)),
        pc.invert(has_currency),
    )
    return pc.case_when(cases, "not_given", "not_understood", "unit_missing", "foreign_currency", "currency_assumed")


def _spellings() -> str:
    return "|".join(sorted((row["spelling"] for row in reference.rows("currencies")), key=len, reverse=True))


def _looked_up(words: pa.Array, values: dict[str, str]) -> pa.Array:
    return pc.take(pa.array(values.values(), pa.string()), pc.index_in(words, value_set=pa.array(values.keys(), pa.string())))
