"""What departments say of places: the silver geography datasets, one row per key, the newest word of it."""
# pyright: reportAttributeAccessIssue=false

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import reference, tables
from lakehouse.contracts import contracts, origin
from transforms.conform import gazetteer

DATASETS = {
    "geography__divisions": ("division_code", "valid_from"),
    "geography__division_boundaries": ("division_code", "source_crs"),
    "geography__buildings": ("building_id",),
    "geography__governance_grids": ("grid_code",),
    "geography__addresses": ("address_id",),
}
"""What the city's register needs, and the keys within a source: what one row is, however many deliveries said it."""
SURVEYED_TOO = {"geography__unit_grids": ("unit_grid_code",)}
"""What the city's register takes where there is a survey, and makes itself where there is none."""
OF_MAPS = ("geography__map_buildings", "geography__roads", "geography__pois")
"""What maps draw: each delivery holds all of a map's features, so the newest of a source replaces the earlier ones."""
NEWEST = [("state_of", "descending"), ("_received_at", "descending"), ("_record_id", "ascending")]
LEVELS = {"1": "province", "2": "city", "3": "county", "4": "township", "5": "village"}


def newest(rows: pa.Table, key: Iterable[str]) -> pa.Table:
    """The last word on each key, in order of keys; ties go to the smaller record id."""
    key = list(key)
    ordered = rows.sort_by([*((name, "ascending") for name in key), *NEWEST])
    numbered = ordered.append_column("_row", pa.array(range(ordered.num_rows), pa.int64()))
    first = numbered.group_by(key).aggregate([("_row", "min")])["_row_min"]
    return ordered.take(pc.take(first, pc.sort_indices(first)))


def drawn_last(rows: pa.Table) -> pa.Table:
    """The rows of the newest state that each source delivered, in order of their records: what has left a map is gone."""
    last = rows.group_by("_source_code").aggregate([("state_of", "max")])
    newest_state = pc.take(
        last["state_of_max"], pc.index_in(rows["_source_code"], value_set=last["_source_code"].combine_chunks())
    )
    return rows.filter(pc.equal(rows["state_of"], newest_state)).sort_by("_record_id")


def is_city(names: Iterable[str]) -> bool:
    """Whether all datasets are there that the city's register needs."""
    return DATASETS.keys() <= set(names)


def read_sources() -> dict[str, pa.Table]:
    """The silver geography datasets that are there, by name, newest rows only."""
    keys = DATASETS | SURVEYED_TOO
    there = {name: tables.read(f"silver.{name}") for name in (*keys, *OF_MAPS) if tables.exists(f"silver.{name}")}
    return {name: newest(rows, keys[name]) if name in keys else drawn_last(rows) for name, rows in there.items()}


def read_address_texts() -> pa.Table:
    """Every address that persons' and enterprises' departments wrote: `address_text`, `division_hint` (null where none)."""
    found = [_texts(dataset.table, *columns) for dataset, columns in address_columns() if tables.exists(dataset.table)]
    schema = pa.schema([("address_text", pa.string()), ("division_hint", pa.string())])
    return pa.concat_tables([schema.empty_table(), *found])


def state_of_address_texts() -> str:
    """Fingerprint of the different addresses that are written, in whatever rows, tables and order."""
    read = [(dataset.table, *columns) for dataset, columns in address_columns() if tables.exists(dataset.table)]
    said = [f"select {address} as said, {hint or 'null'}::text as hint from {table}" for table, address, hint in read]
    if not said:
        return ""
    each = "md5_number(concat(said, chr(31), coalesce(hint, chr(30))))"
    with tables.duck(*(table for table, *_ in read)) as connection:
        different = f"select distinct said, hint from ({' union all '.join(said)}) where said <> ''"
        return connection.execute(f"select concat(count(*), '-', bit_xor({each})) from ({different})").fetchone()[0]


def address_columns():
    """(dataset, (address column, division column or None)) of the silver datasets of persons and enterprises."""
    for dataset in contracts().of_layer("silver"):
        names = [f.name for f in dataset.fields]
        if dataset.domain in ("population", "enterprise") and dataset.engine == "kernel":
            hint = "division_code" if "division_code" in names else None
            yield from ((dataset, (name, hint)) for name in names if name == "address_text" or name.endswith("_address"))


def _texts(table: str, address: str, hint: str | None) -> pa.Table:
    rows = tables.read(table, [address, *filter(None, [hint])])
    sent = rows[hint] if hint else pa.nulls(rows.num_rows, pa.string())
    return pa.table({"address_text": rows[address], "division_hint": sent})


def division_list(divisions: pa.Table) -> pa.Table:
    """Rows of the statistics bureau's list with their level in words."""
    level = pa.array([LEVELS.get(str(code), str(code)) for code in divisions["level"].to_pylist()], pa.string())
    return divisions.set_column(divisions.column_names.index("level"), "level", level)


def city_gazetteer(divisions: pa.Table) -> gazetteer.Gazetteer:
    """Names of the reference list and of the city's own list, which knows the villages of the past; the city is home."""
    rows = zip(*(divisions[name].to_pylist() for name in ("division_code", "name", "level", "valid_to")), strict=True)
    own = [gazetteer.Division(code, name, level, str(until or "9999-12-31")) for code, name, level, until in rows]
    return gazetteer.Gazetteer([*gazetteer.divisions(reference.rows("divisions")), *own], home_of(divisions))


def home_of(divisions: pa.Table) -> str:
    """Code of the county that most divisions of the list are of; empty for an empty list."""
    counts = pc.value_counts(pc.utf8_slice_codeunits(divisions["division_code"], 0, 6)).to_pylist()
    return max(counts, key=lambda c: (c["counts"], c["values"]), default={"values": ""})["values"]


def worst_origin(sources: Iterable[pa.Table]) -> str:
    """The worst origin of all rows: what is made of them bears it."""
    found = {o for rows in sources for o in pc.unique(rows["_data_origin"]).to_pylist()}
    return origin.worst(found or {"operational"})
