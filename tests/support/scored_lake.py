"""A lake with a sample city in it, whose registers are right by construction: made from the truth, not by linkage.

What a test spoils is then the only error, and what scoring must find can be said beforehand.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import tables, vault
from lakehouse.settings import settings
from tests.support.register_city import SOURCES, silver
from tests.support.sample_city import notes, truth

RULES = "linkage-test-1"


@contextmanager
def living_in(folder: Path) -> Iterator[None]:
    """The lake's homes are in `folder` for a while."""
    homes = {"LAKE_DATA_HOME": folder / "data", "LAKE_SECRETS_HOME": folder / "secrets"}
    before = {name: os.environ.get(name) for name in homes}
    os.environ.update({name: str(path) for name, path in homes.items()})
    settings.cache_clear()
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
        settings.cache_clear()


def copied(folder: Path) -> None:
    """Bring a lake that was made in `folder` to the homes of this test."""
    shutil.copytree(folder / "data", settings().data_home, dirs_exist_ok=True)
    shutil.copytree(folder / "secrets", settings().secrets, dirs_exist_ok=True)


def make(folder: Path) -> None:
    """Deliveries, bronze, silver of departments and perfect registers of the city in `folder`."""
    datasets, places = silver(folder)
    for note in notes(folder):
        if not note["file"].count("_again"):
            deliver(note)
    _bronze(folder, places)
    for name, table in datasets.items():
        tables.replace(f"silver.{name}", table.append_column("_warnings", pa.repeat("", table.num_rows)))
    said = _said(folder, places)
    for kind, name in (("person", "persons"), ("enterprise", "enterprises")):
        register(name, pa.Table.from_pylist([row for row in said if row["kind"] == kind]))
    tables.replace("silver.entity__persons", _golden(folder))


def deliver(note: dict, state: str = "landed", remarks: tuple[str, ...] = ()) -> None:
    """The delivery of one file, as the landing keeps it."""
    folder = settings().landing / "deliveries" / _mapping(note["source"]) / note["sha256"][:32]
    folder.mkdir(parents=True, exist_ok=True)
    told = {"source": _mapping(note["source"]), "delivery_id": note["sha256"][:32], "file_name": note["file"]}
    times = {"period": note["state_of"], "due_at": note["due_at"], "sent_at": note["sent_at"], "revision": note["revision"]}
    (folder / "delivery.json").write_text(json.dumps(told | times))
    (folder / "receipt.json").write_text(json.dumps({"state": state, "report": {"notes": list(remarks)}}))


def register(name: str, mentions: pa.Table) -> None:
    """Mentions and crosswalk; `entity_id` of each mention is given."""
    tables.replace(f"silver.mentions__{name}", mentions.drop_columns(["entity_id", "kind"]))
    rows = mentions.num_rows
    xref = mentions.select(["entity_id", "mention_id", "record_id", "role", "source_code"])
    for column, value in (("method", "exact"), ("rule_version", RULES)):
        xref = xref.append_column(column, pa.repeat(value, rows))
    tables.replace(f"silver.xref__{name}", xref.append_column("valid_to", pa.nulls(rows, pa.date32())))


def relink(name: str, moves: dict[str, str]) -> None:
    """Other entity ids for some mentions."""
    xref = tables.read(f"silver.xref__{name}")
    ids = [moves.get(m, e) for m, e in zip(xref["mention_id"].to_pylist(), xref["entity_id"].to_pylist(), strict=True)]
    place = xref.schema.get_field_index("entity_id")
    tables.replace(f"silver.xref__{name}", xref.set_column(place, "entity_id", pa.array(ids)))


def _mapping(source: str) -> str:
    return f"{SOURCES[source]['dataset']}__{source}"


def _bronze(folder: Path, places: pa.Table) -> None:
    ids = {note["file"]: note["sha256"][:32] for note in notes(folder)}
    for source in pc.unique(places["source"]).to_pylist():
        mine = places.filter(pc.equal(places["source"], source))
        delivery = pa.array([ids[f] for f in mine["file"].to_pylist()])
        columns = {"_record_id": mine["record_id"], "_delivery_id": delivery, "_row_no": mine["row_no"]}
        tables.replace(f"bronze.{_mapping(source)}", pa.table(columns))


def _said(folder: Path, places: pa.Table) -> list[dict]:
    """One row a mention, of the entity that it truly means."""
    record = {(r["file"], r["row_no"]): r["record_id"] for r in places.to_pylist()}
    found = {}
    for row in truth(folder, "record_entity"):
        if row["entity_kind"] in ("person", "enterprise") and (row["file"], row["row_no"]) in record:
            record_id = record[row["file"], row["row_no"]]
            mention = f"{record_id}#{row['role']}"
            found[mention] = {
                "mention_id": mention, "record_id": record_id, "role": row["role"], "source_code": _mapping(row["source"]),
                "entity_id": f"{row['entity_kind'][0].upper()}{row['entity_no']}", "kind": row["entity_kind"],
            }  # fmt: skip
    return list(found.values())


def _golden(folder: Path) -> pa.Table:
    persons = truth(folder, "persons")
    text = {n: pa.array([p[n] for p in persons]) for n in ("citizen_no", "name", "ethnic_code")}
    return pa.table(
        {
            "person_id": [f"P{p['person_no']}" for p in persons],
            "citizen_no": vault.tokens("citizen_no", text["citizen_no"]),
            "name": vault.tokens("person_name", text["name"]),
            "ethnic_code": text["ethnic_code"],
            "birth_date": pa.array([p["birth_date"] for p in persons], pa.date32()),
            "valid_to": pa.nulls(len(persons), pa.date32()),
        }
    )
