"""Comparison columns of mentions: each different value is normalised once and stands for itself as a number.

A form gives one main column, by which mentions count as equal, and further ones that rules and comparisons read.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lakehouse.contracts.codes import citizen_number, credit_code, registration_number
from transforms.conform.addresses import parse_addresses
from transforms.conform.enterprise_names import parse_enterprise_names
from transforms.conform.lunar import lunar_texts
from transforms.conform.person_names import name_keys, normalised_names
from transforms.conform.standard_addresses import standard_addresses
from transforms.conform.texts import plain
from transforms.entity_resolution.linkage.rules import LinkageRules

Columns = dict[str, pa.Array]
LOOKALIKES = {"O": "0", "I": "1", "S": "5", "Z": "2", "V": "Y"}
"""Letters that GB 32100 leaves out because they look like others, and what they are written for."""
NO_ALIASES = pa.table({name: pa.array([], pa.string()) for name in ("division_code", "old_name", "name")})


@dataclass(frozen=True)
class Encoded:
    """One comparison column: per mention the number of its value (-1: none), per value the main and further columns."""

    numbers: NDArray[np.int64]
    values: Columns

    @property
    def main(self) -> str:
        """Name of the column by which mentions count as equal."""
        return next(iter(self.values))

    def numbered(self, column: str) -> NDArray[np.int64]:
        """Per mention the number of its value in one of the columns; -1 where it has none."""
        if column == self.main:
            return self.numbers
        indices = _whole(self.values[column]).dictionary_encode().indices
        return np.append(pc.fill_null(indices, -1).to_numpy().astype(np.int64), -1)[self.numbers]

    def of(self, rows: NDArray[np.int64]) -> "Encoded":
        """The column for some mentions."""
        return Encoded(self.numbers[rows], self.values)

    def at(self, rows: NDArray[np.int64]) -> Columns:
        """All columns of the form for some mentions; null where a mention has no value."""
        numbers = self.numbers[rows]
        indices = pa.array(numbers, mask=numbers < 0)
        return {name: pc.take(values, indices) for name, values in self.values.items()}


def encode(mentions: pa.Table, rules: LinkageRules) -> dict[str, Encoded]:
    """Comparison columns of the rules; a column that the mentions lack is empty."""
    return {
        name: _encoded(name, _first_given(mentions, column.of), FORMS[column.form], rules.home)
        for name, column in rules.columns.items()
    }


def _first_given(mentions: pa.Table, names: tuple[str, ...]) -> pa.Array:
    given = [_text(mentions[name]) for name in names if name in mentions.column_names]
    made = pc.coalesce(*given) if given else pa.nulls(mentions.num_rows, pa.string())
    return made.combine_chunks() if isinstance(made, pa.ChunkedArray) else made


def _encoded(name: str, column: pa.Array, form: Callable[[str, pa.Array, str], Columns], home: str) -> Encoded:
    """Values are numbered in their order as normalised, whatever the order of mentions."""
    encoded = column.dictionary_encode()
    (main, made), *further = form(name, encoded.dictionary, home).items()
    made = _whole(made)
    different = pc.drop_null(pc.unique(made)).sort()
    different = different.filter(pc.not_equal(different, ""))
    first = pc.index_in(different, value_set=made)
    values = {main: different} | {key: pc.take(_whole(column), first) for key, column in further}
    of_dictionary = pc.fill_null(pc.index_in(made, value_set=different), -1).to_numpy().astype(np.int64)
    sent = pc.fill_null(encoded.indices, -1).to_numpy()
    return Encoded(np.append(of_dictionary, -1)[sent], values)


def _text(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    is_day = pa.types.is_temporal(column.type)
    return pc.strftime(column, "%Y%m%d") if is_day else pc.cast(column, pa.string())


def _whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _texts(name: str, raw: pa.Array, home: str) -> Columns:
    return {name: pc.utf8_upper(plain(raw))}


def _citizen_numbers(name: str, raw: pa.Array, home: str) -> Columns:
    """`<name>_sent` normalised, `<name>` only where it is valid, the birth date that it tells, 17 places without the check."""
    sent = citizen_number.normalised(raw)
    valid = pc.if_else(citizen_number.is_valid(sent), sent, None)
    body = pc.if_else(pc.equal(pc.utf8_length(sent), 18), pc.utf8_slice_codeunits(sent, 0, 17), None)
    return {f"{name}_sent": sent, name: valid, f"{name}_birth": _text(citizen_number.birth_dates(valid)), f"{name}_body": body}


def _credit_codes(name: str, raw: pa.Array, home: str) -> Columns:
    """`<name>_sent`, `<name>` where valid, with letters that look like digits read as such."""
    sent = pc.utf8_upper(plain(raw))
    read = sent
    for letter, meant in LOOKALIKES.items():
        read = pc.replace_substring(read, letter, meant)
    return {f"{name}_sent": sent, name: pc.if_else(credit_code.is_valid(read), read, None)}


def _organisation_codes(name: str, raw: pa.Array, home: str) -> Columns:
    sent = pc.replace_substring_regex(pc.utf8_upper(plain(raw)), "-", "")
    return {f"{name}_sent": sent, name: pc.if_else(credit_code.is_organisation_code(sent), sent, None)}


def _registration_numbers(name: str, raw: pa.Array, home: str) -> Columns:
    sent = plain(raw)
    return {f"{name}_sent": sent, name: pc.if_else(registration_number.is_valid(sent), sent, None)}


def _person_names(name: str, raw: pa.Array, home: str) -> Columns:
    made = normalised_names(raw)
    keys = name_keys(made)
    return {name: made} | {f"{name}_{key}": keys[key] for key in ("surname_pinyin", "given_name", "name_pinyin", "any_order_key")}


def _enterprise_names(name: str, raw: pa.Array, home: str) -> Columns:
    made = pc.utf8_upper(plain(raw))
    parts = parse_enterprise_names(made, home)
    return {name: made} | {f"{name}_{part}": parts[part] for part in ("trade_name", "industry_words", "legal_form_code")}


def _addresses(name: str, raw: pa.Array, home: str) -> Columns:
    """The standard form of the address; what it says below the township stands apart, for where the township is left out."""
    return {name: standard_addresses(parse_addresses(raw, home), NO_ALIASES)["standard_address"]}


def _dates(name: str, raw: pa.Array, home: str) -> Columns:
    """yyyymmdd; day and month changed over; the lunar date that a clerk may write for it."""
    day = pc.replace_substring_regex(raw, r"\D", "")
    day = pc.if_else(pc.equal(pc.utf8_length(day), 8), day, None)
    year, month, end = (pc.utf8_slice_codeunits(day, a, b) for a, b in ((0, 4), (4, 6), (6, 8)))
    return {name: day, f"{name}_swapped": pc.binary_join_element_wise(year, end, month, ""), f"{name}_lunar": lunar_texts(day)}


FORMS: dict[str, Callable[[str, pa.Array, str], Columns]] = {
    "citizen_number": _citizen_numbers,
    "credit_code": _credit_codes,
    "organisation_code": _organisation_codes,
    "registration_number": _registration_numbers,
    "person_name": _person_names,
    "enterprise_name": _enterprise_names,
    "address": _addresses,
    "date": _dates,
    "text": _texts,
}
