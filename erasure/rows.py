"""Rows of one table without the person: stand-ins for tokens and id, only the year of birth and the township."""

import re

import pyarrow as pa
import pyarrow.compute as pc

from erasure.person import SELF, Erasure, columns_of, in_bronze
from ingestion.batch.suppressed import GENERAL, only_township, only_year
from lakehouse.contracts import contracts
from transforms.entity_resolution import identity_log

REFERRING = ("mention_id", "record_id", "person_id", "entity_id", "legal_person_id", "head_id", "other_entity_id",
             "other_mention_id", "left_id", "right_id", "left_entity_id", "right_entity_id")  # fmt: skip
REBUILT = ("silver.conflict__", "silver.match_pairs__", "quarantine.", "ops.withheld_persons", "ops.linkage_keys__persons")
"""Of these the person's rows go: what of them can be built without the person comes back with the next run."""
OF_THE_PERSON = ("silver.mentions__persons", "silver.entity__persons", "silver.bridge__person_residence")
PLACES = re.compile(r".*(address_id|building_id|grid_code|geocode_quality)$")


def without(name: str, rows: pa.Table, erasure: Erasure) -> pa.Table:
    """The table's rows as they are to be; equal to `rows` where it holds nothing of the person."""
    layer, _, dataset = name.partition(".")
    if name == identity_log.table("persons"):
        return rows
    if layer == "bronze":
        rows = _bronze(name, rows, erasure)
    elif layer == "silver" and dataset in erasure.records:
        rows = _records(dataset, rows, erasure)
    elif layer in ("silver", "quarantine", "ops"):
        rows = _register(name, rows, erasure)
    return _replaced(rows, erasure.everywhere | {erasure.person: erasure.stand_in}, None)


def _bronze(name: str, rows: pa.Table, erasure: Erasure) -> pa.Table:
    numbers = {token for pair in erasure.tokens.items() for token in pair if token.startswith("citizen_no_")}
    for source in [s for s in contracts().sources.values() if s.bronze_table == name and s.feeds in erasure.records]:
        times = source.time.columns if source.time else ()
        for role in erasure.records[source.feeds]:
            here = in_bronze(rows, source, erasure, role, numbers - set(erasure.shared))
            reads = {source.fields[c].reads for c in columns_of(source.feeds, role) if c in source.fields}
            rows = _replaced(rows, erasure.tokens, here, reads)
            for field, general in GENERAL.items() if role == SELF else ():
                column = source.fields[field].reads if field in source.fields else None
                if column in rows.column_names and column not in times:
                    rows = _put(rows, column, general, here)
    return rows


def _records(dataset: str, rows: pa.Table, erasure: Erasure) -> pa.Table:
    for role, records in erasure.records[dataset].items():
        here = _is_in(rows, ["_record_id"], records)
        rows = _replaced(rows, erasure.tokens, here, set(columns_of(dataset, role)))
        for field, general in GENERAL.items() if role == SELF else ():
            if field in rows.column_names:
                rows = _put(rows, field, general, here)
    return rows


def _register(name: str, rows: pa.Table, erasure: Erasure) -> pa.Table:
    ids = {*erasure.mentions, *(r for roles in erasure.records.values() for found in roles.values() for r in found)}
    columns = [c for c in REFERRING if c in rows.column_names]
    here = _is_in(rows, columns, {*ids, erasure.person, erasure.stand_in})
    if name.startswith("quarantine."):
        here = _holds(rows, erasure.everywhere)
    if name.startswith(REBUILT):
        return rows.filter(pc.invert(here))
    own = _is_in(rows, [c for c in columns if c != "record_id"], {*erasure.mentions, erasure.person, erasure.stand_in})
    if name in OF_THE_PERSON:
        rows = _generalised(rows, own)
    return _replaced(rows, erasure.tokens, here)


def _generalised(rows: pa.Table, here: pa.Array) -> pa.Table:
    for column in rows.column_names:
        if column == "birth_date":
            rows = _put(rows, column, only_year, here)
        elif column.endswith("address_text"):
            rows = _put(rows, column, only_township, here)
        elif PLACES.fullmatch(column):
            rows = _put(rows, column, lambda values: pa.nulls(len(values), values.type), here)
        elif column == "source_key":
            rows = _put(rows, column, lambda values: pc.replace_substring_regex(values, r"\|(\d{4})-\d\d-\d\d$", r"|\1"), here)
    return rows


def _replaced(rows: pa.Table, tokens: dict[str, str], here: pa.Array | None, only: set[str] | None = None) -> pa.Table:
    """Each token, also within a longer text, by its stand-in, in the rows `here` (None = all)."""
    if not tokens or (here is not None and not pc.any(here).as_py()):
        return rows
    pattern = re.compile("|".join(map(re.escape, tokens)))
    for column in only if only is not None else rows.column_names:
        if column in rows.column_names and pa.types.is_string(rows.schema.field(column).type):
            rows = _put(rows, column, lambda values: _swapped(values, pattern, tokens), here)
    return rows


def _swapped(values: pa.Array, pattern: re.Pattern[str], tokens: dict[str, str]) -> pa.Array:
    coded = values.dictionary_encode()
    words = coded.dictionary.to_pylist()
    changed = [pattern.sub(lambda found: tokens[found[0]], word) for word in words]
    return values if changed == words else pa.array(changed, pa.string()).take(coded.indices)


def _put(rows: pa.Table, column: str, change, here: pa.Array | None) -> pa.Table:
    values = rows[column].combine_chunks()
    made = change(values)
    if made is values:
        return rows
    kept = made if here is None else pc.if_else(here, made, values)
    return rows.set_column(rows.schema.get_field_index(column), rows.schema.field(column), kept.cast(values.type))


def _is_in(rows: pa.Table, columns: list[str], wanted) -> pa.Array:
    found = pa.repeat(False, rows.num_rows)
    ids = pa.array(sorted(wanted), pa.string())
    for column in columns:
        found = pc.or_(found, pc.is_in(rows[column].combine_chunks(), value_set=ids))
    return found


def _holds(rows: pa.Table, tokens: dict[str, str]) -> pa.Array:
    pattern = "|".join(tokens) or "^$x"
    found = pa.repeat(False, rows.num_rows)
    for column in rows.column_names:
        if pa.types.is_string(rows.schema.field(column).type):
            found = pc.or_(found, pc.fill_null(pc.match_substring_regex(rows[column].combine_chunks(), pattern), False))
    return found
