"""The enterprise register of a small sample city against its truth; what comes later leaves the ids of others alone."""

from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lakehouse import tables
from lakehouse.contracts import contracts
from lakehouse.settings import settings
from quality.linkage.measures import accuracy
from sample_city.build import plan, run
from tests.support.register_city import silver, typed
from transforms.entity_resolution import stage
from transforms.entity_resolution.enterprises import run as enterprises
from transforms.entity_resolution.enterprises.departments import DEPARTMENTS, INSPECTIONS

LATER = INSPECTIONS
"""Arrives after the first run."""


class City(NamedTuple):
    """Truth, where each record stood, and the crosswalk after the first run and after more had come."""

    truth: Path
    stood: pa.Table
    first: pa.Table
    second: pa.Table


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    folder = tmp_path_factory.mktemp("city")
    run(plan(0.02, 330122, "seed2014", 30, "default", folder / "sent"), lambda _: None)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("data", "secrets"):
            patch.setenv(f"LAKE_{name.upper()}_HOME", str(folder / name))
        patch.setenv("LAKE_AS_OF", "2015-01-05T00:00:00+08:00")
        settings.cache_clear()
        found, stood = silver(folder / "sent", {d.dataset for d in DEPARTMENTS})
        sent = {dataset: typed(dataset, rows) for dataset, rows in found.items()}
        first = _register({k: v for k, v in sent.items() if k != LATER})
        second = _register({LATER: sent[LATER]})
        yield City(folder / "sent" / "truth", stood, first, second)
    settings.cache_clear()


def _register(more: dict[str, pa.Table]) -> pa.Table:
    for dataset, rows in more.items():
        tables.replace(f"silver.{dataset}", rows)
    enterprises.run(stage.plan()["enterprises"])
    return tables.read("silver.xref__enterprises")


def _ask(city: City, question: str) -> list[tuple]:
    with tables.duck() as lake:
        lake.register("stood", city.stood)
        lake.execute(f"create view true_enterprises as from read_parquet('{city.truth}/enterprises.parquet')")
        lake.execute(f"create view record_entity as from read_parquet('{city.truth}/record_entity.parquet')")
        lake.execute(
            "create view placed as select distinct x.entity_id, t.entity_no, x.mention_id from silver.xref__enterprises x "
            "join stood s using (record_id) join record_entity t on t.source = s.source and t.file = s.file "
            "and t.row_no = s.row_no and t.role = x.role and t.entity_kind = 'enterprise' where x.valid_to is null"
        )
        return lake.execute(question).fetchall()


def test_precision_and_recall_are_as_agreed(city):
    found = pa.Table.from_pylist(
        [dict(zip(("cluster", "entity"), row, strict=True)) for row in _ask(city, "select entity_id, entity_no from placed")]
    )
    measured = accuracy(found["cluster"], found["entity"])
    assert measured.precision >= 0.999 and measured.recall >= 0.990
    share = _ask(city, "select avg(is_held::int) from silver.mentions__enterprises")[0][0]
    assert share < 0.001, "what cannot be told apart is held, not guessed"


def test_golden_values_of_what_only_the_register_can_know_are_true(city):
    wrong = _ask(
        city,
        "select e.name, t.name from silver.entity__enterprises e "
        "join (select distinct entity_id, entity_no from placed) p on p.entity_id = e.enterprise_id "
        "join true_enterprises t on t.enterprise_no = p.entity_no where e.valid_to is null and e.status_code is not null and ("
        "e.established_on is distinct from t.established_on or e.deregistered_on is distinct from t.deregistered_on "
        "or e.revoked_on is distinct from t.revoked_on or (e.parent_id is null) <> (t.parent_no is null) "
        "or coalesce(e.capital_cny10k, 0) <> coalesce(t.capital_cny10k, 0))",
    )
    assert wrong == []


def test_what_comes_later_joins_and_no_id_changes(city):
    before = dict(zip(*(city.first[c].to_pylist() for c in ("mention_id", "entity_id")), strict=True))
    after = dict(zip(*(city.second[c].to_pylist() for c in ("mention_id", "entity_id")), strict=True))
    assert {m: after[m] for m in before} == before
    new = pa.array(sorted(after.keys() - before.keys()))
    assert len(new) and _ask(city, "select count(*) from silver.identity_log__enterprises where event <> 'MINT'") == [(0,)]
    known = set(before.values())
    assert sum(after[m] in known for m in new.to_pylist()) / len(new) > 0.99


def test_a_run_without_news_changes_nothing(city):
    golden = tables.read("silver.entity__enterprises")
    assert _register({}).equals(city.second)
    assert tables.read("silver.entity__enterprises").equals(golden)


def test_keys_are_unique_and_columns_are_those_of_the_contracts(city):
    for dataset in (d for d in contracts().of_layer("silver") if d.engine == "register" and "enterprise" in d.id):
        rows = tables.read(dataset.table)
        assert rows.column_names == [f.name for f in dataset.fields]
        key = rows.select(list(dataset.primary_key))
        assert key.group_by(key.column_names).aggregate([]).num_rows == rows.num_rows, dataset.id
        for field in dataset.fields:
            assert not (field.required and rows[field.name].null_count), f"{dataset.id}.{field.name}"


def test_tokens_stand_where_persons_are_named(city):
    rows = tables.read("silver.entity__enterprises", ["legal_person_name", "legal_person_no"])
    for column, prefix in (("legal_person_name", "person_name_"), ("legal_person_no", "citizen_no_")):
        named = pc.drop_null(rows[column])
        assert len(named) and pc.all(pc.starts_with(named, prefix)).as_py()
