"""A day's records beside registers that stand: who is untouched keeps the id, and all are found and told as by a full run."""

import json
import shutil

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lakehouse import outcomes, tables
from lakehouse.settings import settings
from tests.support import register_city, sample_city
from transforms.entity_resolution import changes, neighbours, stage
from transforms.entity_resolution.enterprises import run as enterprises
from transforms.entity_resolution.persons import mentions
from transforms.entity_resolution.persons import run as persons

pytestmark = pytest.mark.slow

PEOPLE = "select record_id, min(entity_no) as no from truth join places using (source, file, row_no) group by 1"
DAYS_RECORDS = "select record_id from people where hash(no) % 200 = 0 or hash(record_id) % 200 = 1"
"""Of one person in 200 all records, and of all others one record in 200."""
WITHDRAWN = "select record_id from people where hash(record_id) % 300 = 2"
SAME = """
with theirs as (select entity_id, list(mention_id order by mention_id) as members from links group by 1),
again as (select entity_id, list(mention_id order by mention_id) as members from anew group by 1)
select count(*) filter (where a.entity_id is not null) / count(*) from theirs t left join again a using (members)
"""
KINDS = {"persons": persons, "enterprises": enterprises}


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """Silver by dataset, the records that come a day later, those that go then, and a lake as of the day before."""
    folder = tmp_path_factory.mktemp("city")
    with pytest.MonkeyPatch.context() as patch:
        _use(patch, folder, "2014-12-21")
        sent = sample_city.build(folder / "sent")
        found, places = register_city.silver(sent)
        found |= {name: register_city.typed(name, rows) for name, rows in found.items() if name.startswith("enterprise__")}
        base = duckdb.connect()
        base.register("places", places)
        base.execute(f"create view truth as select * from '{sent}/truth/record_entity.parquet'")
        base.execute(f"create table people as {PEOPLE}")
        later, gone = (base.sql(q).to_arrow_table()["record_id"].combine_chunks() for q in (DAYS_RECORDS, WITHDRAWN))
        write(found, without=later)
        register()
    settings.cache_clear()
    return found, later, gone, folder


@pytest.fixture
def stood(city, tmp_path, monkeypatch):
    """A copy of that lake, a day later."""
    shutil.copytree(city[3], tmp_path, dirs_exist_ok=True)
    _use(monkeypatch, tmp_path, "2015-01-01")
    yield city[:3]
    settings.cache_clear()


def _use(patch: pytest.MonkeyPatch, folder, day: str) -> None:
    patch.setenv("LAKE_DATA_HOME", str(folder / "data"))
    patch.setenv("LAKE_SECRETS_HOME", str(folder / "secrets"))
    patch.setenv("LAKE_AS_OF", f"{day}T00:00:00+00:00")
    settings.cache_clear()


def write(found: dict[str, pa.Table], without: pa.Array | None = None) -> None:
    for name, rows in found.items():
        kept = rows if without is None else rows.filter(pc.invert(pc.is_in(rows["_record_id"], value_set=without)))
        tables.replace(f"silver.{name}", kept)


def links() -> pa.Table:
    return tables.read("silver.xref__persons", ["mention_id", "entity_id"], filters=pc.is_null(pc.field("valid_to")))


def events() -> dict[str, int]:
    counted = tables.read("silver.identity_log__persons", ["event"])["event"].value_counts().to_pylist()
    return {row["values"]: row["counts"] for row in counted}


def register() -> None:
    stage.run(stage.plan())


def touched(kind: str) -> int | None:
    """How many entities the last run computed; None: all."""
    rows = tables.read(outcomes.TABLE, filters=(pc.field("stage") == "registers") & (pc.field("dataset") == kind)).to_pylist()
    return json.loads(max(rows, key=lambda row: row["started_at"])["detail"]).get("touched")


def content() -> dict[str, list[str]]:
    """Rows of all tables of the registers as text, in order."""
    names = [f"silver.{name}" for module in KINDS.values() for name in module.TABLES]
    with tables.duck(*names) as base:
        return {
            name: [row for (row,) in base.execute(f"select t::varchar from {name} t order by 1").fetchall()] for name in names
        }


def test_a_delta_makes_of_every_table_what_a_run_on_everything_makes(stood, tmp_path, monkeypatch):
    found, _, gone = stood
    write(found, without=gone)
    shutil.copytree(tmp_path, tmp_path / "other")
    register()
    assert 0 < touched("persons") < links()["entity_id"].combine_chunks().unique().__len__() / 2 and touched("enterprises")
    by_delta = content()
    _use(monkeypatch, tmp_path / "other", "2015-01-01")
    monkeypatch.setattr(changes, "since_built", lambda *_: None)
    register()
    assert touched("persons") is None and touched("enterprises") is None
    for name, rows in content().items():
        assert by_delta[name] == rows, name


def test_a_delta_reads_few_in_clear_and_finds_what_a_full_linkage_finds(stood, monkeypatch):
    found, *_ = stood
    before, minted = links(), events()["MINT"]
    cleared = []
    plain = mentions.compared
    monkeypatch.setattr(mentions, "compared", lambda base, asked, *t: cleared.append(asked.num_rows) or plain(base, asked, *t))
    write(found)
    register()
    after = links()
    assert sum(cleared) < after.num_rows / 5
    held = dict(zip(*(after[c].to_pylist() for c in ("mention_id", "entity_id")), strict=True))
    told = events()
    assert all(held[m] == e for m, e in zip(*(before[c].to_pylist() for c in ("mention_id", "entity_id")), strict=True))
    assert set(told) == {"MINT"} and told["MINT"] > minted
    persons.run(stage.rebuild_plan()["persons"])
    assert _share_of_same(after, links()) >= 0.999


def test_who_is_withdrawn_retires_and_who_returns_lives_again(stood):
    found, later, _ = stood
    write(found)
    register()
    first = links()
    write(found, without=later)
    register()
    retired = events()["RETIRE"]
    write(found)
    register()
    assert retired > 0 and events()["REVIVE"] == retired and touched("persons")
    assert links().sort_by("mention_id").equals(first.sort_by("mention_id"))


def test_a_delta_without_keys_compares_with_everybody(stood, monkeypatch):
    found, *_ = stood
    tables.replace(neighbours.table("persons"), neighbours.STORED.empty_table())
    seen = []
    plain = neighbours.link
    monkeypatch.setattr(neighbours, "link", lambda given, *more: seen.append(given.num_rows) or plain(given, *more))
    write(found)
    persons.run(stage.plan()["persons"])
    assert seen == [tables.read("silver.mentions__persons", ["mention_id"]).num_rows]


@pytest.mark.parametrize("what", ["note", "table", "files"])
def test_what_cannot_be_told_is_computed_for_all(stood, what):
    """The note is lost; somebody else wrote a table; files of the former version are gone."""
    found, *_ = stood
    name = "silver.conflict__persons"
    if what == "note":
        (settings().data_home / "registers" / "persons.built.json").unlink()
    elif what == "table":
        tables.replace(name, tables.read(name).slice(1))
    old = tables.files("silver.population__residents")
    write(found)
    for file in old if what == "files" else ():
        file.unlink()
    assert changes.since_built("persons", stage.plan()["persons"]["inputs"], found) is None


def _share_of_same(links: pa.Table, anew: pa.Table) -> float:
    """Of all entities those with the same records in both."""
    with duckdb.connect() as base:
        base.register("links", links)
        base.register("anew", anew)
        return base.sql(SAME).fetchall()[0][0]
