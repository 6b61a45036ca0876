"""A day's records beside a register that stands: who is untouched keeps the id, and all are found as by a full linkage."""

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lakehouse import tables
from lakehouse.settings import settings
from tests.support import register_city, sample_city
from transforms.entity_resolution import neighbours, stage
from transforms.entity_resolution.persons import mentions
from transforms.entity_resolution.persons import run as persons

pytestmark = pytest.mark.slow

PEOPLE = "select record_id, min(entity_no) as no from truth join places using (source, file, row_no) group by 1"
DAYS_RECORDS = "select record_id from people where hash(no) % 200 = 0 or hash(record_id) % 200 = 1"
"""Of one person in 200 all records, and of all others one record in 200."""
SAME = """
with theirs as (select entity_id, list(mention_id order by mention_id) as members from links group by 1),
again as (select entity_id, list(mention_id order by mention_id) as members from anew group by 1)
select count(*) filter (where a.entity_id is not null) / count(*) from theirs t left join again a using (members)
"""


@pytest.fixture
def silver(tmp_path, monkeypatch):
    """Silver of a city by dataset, and the ids of the records that come a day later."""
    monkeypatch.setenv("LAKE_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("LAKE_SECRETS_HOME", str(tmp_path / "secrets"))
    monkeypatch.setenv("LAKE_AS_OF", "2015-01-01T00:00:00+00:00")
    settings.cache_clear()
    city = sample_city.build(tmp_path / "city")
    found, places = register_city.silver(city)
    base = duckdb.connect()
    base.register("places", places)
    base.execute(f"create view truth as select * from '{city}/truth/record_entity.parquet' where entity_kind = 'person'")
    base.execute(f"create table people as {PEOPLE}")
    yield found, base.sql(DAYS_RECORDS).to_arrow_table()["record_id"].combine_chunks()
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


def register(is_full: bool = False) -> None:
    persons.run(stage.plan()["persons"] | {"is_full": is_full})


def test_a_delta_reads_few_in_clear_and_finds_what_a_full_linkage_finds(silver, monkeypatch):
    found, later = silver
    write(found, without=later)
    register()
    before, minted = links(), events()["MINT"]
    assert tables.read(neighbours.table("persons")).num_rows
    cleared = []
    plain = mentions.compared
    monkeypatch.setattr(mentions, "compared", lambda base, asked: cleared.append(asked.num_rows) or plain(base, asked))
    write(found)
    register()
    after = links()
    assert sum(cleared) < after.num_rows / 5
    held = dict(zip(*(after[c].to_pylist() for c in ("mention_id", "entity_id")), strict=True))
    told = events()
    assert all(held[m] == e for m, e in zip(*(before[c].to_pylist() for c in ("mention_id", "entity_id")), strict=True))
    assert set(told) == {"MINT"} and told["MINT"] > minted
    persons.run({"inputs": stage.rebuild_plan()["persons"]["inputs"], "is_full": True})
    assert _share_of_same(after, links()) >= 0.999


def test_who_is_withdrawn_retires_and_who_returns_lives_again(silver):
    found, later = silver
    write(found)
    register()
    first = links()
    write(found, without=later)
    register()
    retired = events()["RETIRE"]
    write(found)
    register()
    assert retired > 0 and events()["REVIVE"] == retired
    assert links().sort_by("mention_id").equals(first.sort_by("mention_id"))


def test_a_delta_without_keys_compares_with_everybody(silver, monkeypatch):
    found, later = silver
    write(found, without=later)
    register()
    tables.replace(neighbours.table("persons"), neighbours.STORED.empty_table())
    seen = []
    plain = neighbours.link
    monkeypatch.setattr(neighbours, "link", lambda given, *more: seen.append(given.num_rows) or plain(given, *more))
    write(found)
    register()
    assert seen == [tables.read("silver.mentions__persons", ["mention_id"]).num_rows]


def _share_of_same(links: pa.Table, anew: pa.Table) -> float:
    """Of all entities those with the same records in both."""
    with duckdb.connect() as base:
        base.register("links", links)
        base.register("anew", anew)
        return base.sql(SAME).fetchall()[0][0]
