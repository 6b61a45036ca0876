"""Who was erased stays erased: a delivery that names the person again lands with tokens that open to nothing.

The row stays, so that counts do: number and name are stand-ins, of the birth date the year remains, of the address the township.
A person is recognised by the citizen number, also within a text; rows without it cannot be told from those of others.
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import vault
from lakehouse.contracts import Source, contracts
from lakehouse.contracts.codes import citizen_number

PERSONS_OWN = {"citizen_no", "name", "former_name", "phone", "contact_phone", "remark"}
NUMBERS_IN_TEXT = re.compile(r"(?<!\d)(?:\d{17}[\dXx]|\d{15})(?!\d)")
DAY_OF_YEAR = r"^((?:18|19|20)\d\d)([-/.年]?)\d{1,2}([-/.月]?)\d{1,2}(日?)$"
TOWNSHIP = r"^(.*?(?:街道|镇|乡)).*$"
StandIns = dict[str, pa.Array]


def person_of(field: str) -> str:
    """Which of the persons in a row a column speaks of: empty for the one whose row it is, else `mother`, `legal_person` ..."""
    return "" if field in PERSONS_OWN else field.rpartition("_")[0]


def cut(rows: pa.Table, source: Source) -> tuple[pa.Table, StandIns]:
    """The rows without what names erased persons, and the tokens to put there by column, null in all other rows."""
    erased = vault.suppressed()
    if not erased:
        return rows, {}
    direct = {name: filling.reads for name, filling in source.fields.items() if filling.reads in rows.column_names}
    kinds = contracts()[source.feeds].direct
    stands_in: StandIns = {}
    for name, column in direct.items():
        if kinds.get(name) == "citizen_no":
            found = _stand_ins(rows[column], erased)
            if found["number"].null_count < rows.num_rows:
                rows = _cut_person(rows, person_of(name), direct, kinds, found, stands_in, source)
    for name, column in direct.items():
        if kinds.get(name) == "free_text":
            rows = _with(rows, column, without_erased(rows[column].combine_chunks()))
    return rows, stands_in


def put(rows: pa.Table, stands_in: StandIns) -> pa.Table:
    """The rows with the stand-ins where they belong."""
    for column, tokens in stands_in.items():
        rows = _with(rows, column, pc.coalesce(tokens, rows[column].combine_chunks()))
    return rows


def without_erased(texts: pa.Array) -> pa.Array:
    """Texts, null where one holds the number of an erased person."""
    erased = vault.suppressed()
    if not erased:
        return texts
    found = [NUMBERS_IN_TEXT.findall(text or "") for text in texts.to_pylist()]
    is_named = [any(_is_erased(number, erased) for number in numbers) for numbers in found]
    return pc.if_else(pa.array(is_named, pa.bool_()), None, texts)


def only_year(dates: pa.Array) -> pa.Array:
    """Birth dates as texts or days: the first of January of their year; a text that is no day becomes empty."""
    if not pa.types.is_string(dates.type):
        return pc.floor_temporal(dates, unit="year")
    told = pc.replace_substring_regex(dates, DAY_OF_YEAR, r"\1\2" + "01" + r"\3" + "01" + r"\4")
    return pc.if_else(pc.match_substring_regex(dates, DAY_OF_YEAR), told, pc.if_else(pc.is_valid(dates), "", None))


def only_township(addresses: pa.Array) -> pa.Array:
    """Addresses up to the township; one that names none becomes empty."""
    told = pc.replace_substring_regex(addresses, TOWNSHIP, r"\1")
    return pc.if_else(pc.match_substring_regex(addresses, TOWNSHIP), told, pc.if_else(pc.is_valid(addresses), "", None))


def _stand_ins(numbers: pa.ChunkedArray, erased: vault.StandIns) -> dict[str, pa.Array]:
    """For each number the tokens that stand for the erased person's number and name; null where it is nobody's."""
    known = vault.named("citizen_no", citizen_number.normalised(numbers.combine_chunks())).to_pylist()
    pairs = [erased.get(token or "", (None, None)) for token in known]
    return {"number": pa.array([p[0] for p in pairs], pa.string()), "name": pa.array([p[1] for p in pairs], pa.string())}


def _cut_person(
    rows: pa.Table, person: str, direct: dict[str, str], kinds: dict[str, str], found: dict[str, pa.Array], stands_in: StandIns,
    source: Source,
) -> pa.Table:  # fmt: skip
    """One person of the rows: what is direct goes, stand-ins come; of the row's own person the day of birth and the house go."""
    is_erased = found["number"].is_valid()
    times = source.time.columns if source.time else ()
    for name, column in direct.items():
        values = rows[column].combine_chunks()
        if kinds.get(name) and person_of(name) == person:
            tokens = {"citizen_no": found["number"], "person_name": found["name"]}.get(kinds[name])
            is_here = pc.and_(is_erased, pc.not_equal(pc.fill_null(values, ""), ""))
            if tokens is not None:
                stands_in[column] = pc.if_else(is_here, tokens, None)
            rows = _with(rows, column, pc.if_else(is_erased, None, values))
        elif not person and column not in times and (general := GENERAL.get(name)):
            rows = _with(rows, column, pc.if_else(is_erased, general(values), values))
    return rows


GENERAL = {"birth_date": only_year, "address_text": only_township}


def _is_erased(number: str, erased: vault.StandIns) -> bool:
    return vault.token("citizen_no", citizen_number.normalised(pa.array([number]))[0].as_py()) in erased


def _with(rows: pa.Table, column: str, values: pa.Array) -> pa.Table:
    return rows.set_column(rows.schema.get_field_index(column), column, values.cast(rows.schema.field(column).type))
