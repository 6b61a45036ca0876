"""One row for every time that a department's record names an enterprise: numbers and name in one form, place from the map."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contracts import contracts
from lakehouse.contracts.codes.mojibake import is_mojibake
from lakehouse.contracts.derive.schema import arrow_schema
from transforms.conform.enterprise_names import parse_enterprise_names
from transforms.conform.texts import plain
from transforms.entity_resolution.enterprises.departments import DEPARTMENTS, Department
from transforms.entity_resolution.enterprises.numbers import identity_numbers
from transforms.entity_resolution.enterprises.places import COUNTY, place

DATASET, IS_HELD = "mentions__enterprises", "is_held"
SENT = (
    "uscc",
    "reg_no",
    "org_code9",
    "taxpayer_no",
    "name",
    "address_text",
    "division_code",
    "legal_person_name",
    "legal_person_no",
)
ENVELOPE = {"record_id": "_record_id", "source_code": "_source_code", "data_origin": "_data_origin"}


def enterprise_mentions(silver: Mapping[str, pa.Table], places: pa.Table, home: str = "") -> pa.Table:
    """Silver tables by dataset, and `xref__addresses` -> the rows of `mentions__enterprises`, by mention, but for `is_held`.

    A dataset that is not there gives no mentions. `home`: code of the region that the registers are of, for parsing names.
    """
    sent = pa.concat_tables([_sent(silver[d.dataset], d) for d in DEPARTMENTS if d.dataset in silver], promote_options="default")
    sent = sent.filter(pc.or_(pc.is_valid(sent["uscc"]), pc.or_(pc.is_valid(sent["name"]), pc.is_valid(sent["org_code9"]))))
    numbers = identity_numbers(sent["uscc"], sent["reg_no"], sent["org_code9"])
    names = _names(sent["name"], home)
    placed = place(sent["address_text"], sent["division_code"], places, home)
    found = {c: sent[c] for c in sent.column_names} | {"uscc_as_sent": sent["uscc"]}
    for table in (numbers, names, placed):
        found |= {column: table[column] for column in table.column_names}
    fine = pc.if_else(pc.greater_equal(pc.utf8_length(placed["division_code"]), COUNTY), placed["division_code"], None)
    found["division_code"] = pc.coalesce(fine, sent["division_code"], _division_of(numbers["uscc"]), placed["division_code"])
    columns = [f for f in arrow_schema(contracts()[DATASET]) if f.name != IS_HELD]
    return _newest(pa.table({f.name: pc.cast(found[f.name], f.type) for f in columns}))


def _newest(mentions: pa.Table) -> pa.Table:
    """Each mention once, by mention: a record that a later delivery repeats word for word speaks as of the last."""
    ordered = mentions.sort_by([("mention_id", "ascending"), ("as_of", "descending")]).combine_chunks()
    ids = ordered["mention_id"]
    is_first = pc.not_equal(ids[1:], ids[:-1]).combine_chunks().cast(pa.bool_())
    return ordered.filter(pa.concat_arrays([pa.array([True] * min(1, len(ids)), pa.bool_()), is_first]))


def _sent(rows: pa.Table, department: Department) -> pa.Table:
    """What a department wrote, under the names of mentions; columns that it does not send are null."""
    nothing = pa.nulls(rows.num_rows, pa.string())
    written = {c: department.columns.get(c) for c in SENT}
    columns = {c: _text(rows[name]) if name in rows.column_names else nothing for c, name in written.items()}
    key = [pc.fill_null(_text(rows[c]), "") for c in department.key if c in rows.column_names]
    own = {c: _text(rows[name]) for c, name in ENVELOPE.items()}
    return pa.table(
        {
            "mention_id": pc.binary_join_element_wise(own["record_id"], department.role, "#"),
            **own,
            "dataset": pa.repeat(department.dataset, rows.num_rows),
            "role": pa.repeat(department.role, rows.num_rows),
            "source_key": pc.binary_join_element_wise(*key, "|"),
            "as_of": last_day(rows[department.as_of], department.as_of),
            **columns,
        }
    )


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """As text; the empty one is null."""
    text = pc.cast(column, pa.string())
    return pc.if_else(pc.equal(text, ""), None, text)


def last_day(column: pa.ChunkedArray, span: str) -> pa.ChunkedArray:
    """The last day (date32) of a `month`, given by its first day, or of a `year`, given as a number; any other day is itself."""
    if span == "year":
        return pc.cast(
            pc.strptime(pc.binary_join_element_wise(pc.cast(column, pa.string()), "1231", ""), "%Y%m%d", "s"), pa.date32()
        )
    if span == "month":
        after = pc.cast(pc.ceil_temporal(column, unit="month", ceil_is_strictly_greater=True), pa.timestamp("s"))
        return pc.cast(pc.subtract(after, pa.scalar(86_400, pa.duration("s"))), pa.date32())
    return pc.cast(column, pa.date32())


def _names(names: pa.ChunkedArray, home: str) -> pa.Table:
    """Parts of the names and `standard_name`; each different name is taken apart once, one that was misread is none."""
    different = pc.drop_null(pc.unique(names))
    different = different.filter(pc.invert(is_mojibake(different)))
    parts = parse_enterprise_names(different, home).append_column("standard_name", plain(different))
    found = parts.take(pc.index_in(names, value_set=different))
    return found.rename_columns([{"division_code": "name_division_code"}.get(c, c) for c in found.column_names])


def _division_of(uscc: pa.ChunkedArray) -> pa.ChunkedArray:
    """Division in the places 3 to 8 of a credit code: where it was first registered."""
    return pc.utf8_slice_codeunits(uscc, 2, 8)
