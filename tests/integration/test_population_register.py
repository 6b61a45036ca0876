"""The population register of a small sample city: from silver to persons with ids, measured, decided on, run again."""

import re
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from typer.testing import CliRunner

from lakehouse import outcomes, tables
from lakehouse.contracts import contracts
from lakehouse.contracts.derive.schema import arrow_schema
from lakehouse.settings import settings
from quality.linkage.measures import accuracy
from tests.support import register_city, sample_city
from transforms.entity_resolution import stage
from transforms.entity_resolution._cli import app
from transforms.entity_resolution.persons import run as persons

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def register(tmp_path_factory) -> tuple[Path, Path, pa.Table]:
    """City, lake, and where each record stood; the register is built once."""
    folder = tmp_path_factory.mktemp("register")
    with pytest.MonkeyPatch.context() as patch:
        _use(patch, folder)
        city = sample_city.build(folder / "city")
        places = register_city.into_lake(city)
        persons.run(stage.plan()["persons"])
    return city, folder, places


@pytest.fixture
def built(register, monkeypatch) -> tuple[Path, pa.Table]:
    city, folder, places = register
    _use(monkeypatch, folder)
    yield city, places
    settings.cache_clear()


def _use(patch: pytest.MonkeyPatch, folder: Path) -> None:
    patch.setenv("LAKE_DATA_HOME", str(folder / "data"))
    patch.setenv("LAKE_SECRETS_HOME", str(folder / "secrets"))
    patch.setenv("LAKE_AS_OF", "2015-01-01T00:00:00+00:00")
    settings.cache_clear()


def links() -> dict[str, str]:
    rows = tables.read("silver.xref__persons", ["mention_id", "entity_id"], filters=pc.is_null(pc.field("valid_to")))
    return dict(zip(rows["mention_id"].to_pylist(), rows["entity_id"].to_pylist(), strict=True))


def lake(*words: str) -> str:
    found = CliRunner().invoke(app, list(words))
    assert found.exit_code == 0, f"{found.output} {found.exception}"
    return found.output


def test_every_mention_is_linked_or_held_and_tables_are_as_promised(built):
    row = max(tables.read(outcomes.TABLE).to_pylist(), key=lambda r: r["started_at"])
    held = pc.sum(tables.read("silver.mentions__persons", ["is_held"])["is_held"]).as_py()
    assert row["state"] == "ok" and row["rows_in"] == row["accepted"] + held
    for name in ("entity__persons", "xref__persons", "conflict__persons", "lifecycle__persons", "entity__households"):
        rows, dataset = tables.read(f"silver.{name}"), contracts()[name]
        assert rows.schema.names == arrow_schema(dataset).names and rows.num_rows
        assert not any(rows[f.name].null_count for f in dataset.fields if f.required), name
        assert duckdb.sql(f"select count(*) from (select distinct {', '.join(dataset.primary_key)} from rows)").fetchall() == [
            (rows.num_rows,)
        ]


def test_persons_are_found_as_they_are(built):
    city, places = built
    base = duckdb.connect()
    base.register("places", places)
    truth = base.sql(
        "select p.record_id || '#' || t.role as mention_id, min(t.entity_no) as no from places p "
        f"join '{city}/truth/record_entity.parquet' t using (source, file, row_no) where t.entity_kind = 'person' group by 1"
    ).to_arrow_table()
    found = links()
    entities = pa.array([found.get(m, m) for m in truth["mention_id"].to_pylist()])
    measured = accuracy(entities, truth["no"])
    assert measured.precision >= 0.999 and measured.recall >= 0.985


def test_no_name_or_number_stands_in_clear(built):
    """18 characters of a synthetic number, or a phone of the synthetic range, in any text of any table of the register."""
    for name in tables.names("silver"):
        if name.endswith("persons") or "person_" in name:
            rows = tables.read(name)
            texts = (rows[f.name] for f in rows.schema if pa.types.is_string(f.type))
            assert not any(
                pc.any(pc.match_substring_regex(t, "(^|[^0-9])(99[0-9]{15}[0-9X]|120[0-9]{8})$")).as_py() for t in texts
            )


def test_nothing_new_is_no_work_and_a_second_run_changes_no_id(built):
    inputs = outcomes.last_inputs("registers", "persons")
    assert "persons" not in stage.plan()
    first, log = links(), tables.read("silver.identity_log__persons").num_rows
    persons.run({"inputs": inputs, "is_full": True})
    assert links() == first and tables.read("silver.identity_log__persons").num_rows == log


def test_a_steward_merges_and_takes_it_back(built):
    first = links()
    a, b = sorted(set(first.values()))[:2]
    shown = lake("merge", a, b, "--reason", "seen the papers", "--yes")
    about = re.search(r"merge (\S+), because", shown)[1]
    assert "***" in shown and set(about.split("+")) == {a, b}
    persons.run(stage.plan()["persons"])
    (one,) = {links()[m] for m, entity in first.items() if entity in (a, b)}
    other = b if one == a else a
    assert lake("resolve", other).splitlines()[0] == one
    assert {m: e for m, e in links().items() if e not in (a, b)} == {m: e for m, e in first.items() if e not in (a, b)}
    lake("undo", about, "--reason", "other papers")
    persons.run(stage.plan()["persons"])
    assert links() == first and lake("resolve", other).splitlines()[0] == other


def test_a_steward_splits_and_the_id_stays_with_the_anchor(built):
    first = links()
    sizes = pc.value_counts(pa.array(list(first.values())))
    entity = next(v["values"].as_py() for v in sizes if v["counts"].as_py() >= 4)
    records = sorted(m for m, e in first.items() if e == entity)
    anchors = tables.read("silver.identity_log__persons", ["entity_id", "anchor"], filters=pc.field("entity_id") == entity)
    leaving = next(m for m in records if m not in anchors["anchor"].to_pylist())
    lake("split", entity, "--record", leaving, "--reason", "another person", "--yes")
    persons.run(stage.plan()["persons"])
    after = links()
    assert after[leaving] != entity and {after[m] for m in records if m != leaving} == {entity}
    lake("undo", entity, "--reason", "it was not")
    persons.run(stage.plan()["persons"])
    assert links() == first and lake("resolve", after[leaving]).splitlines()[0] == entity
