"""What departments of a sample city send, judged by the contracts: each injected error is found, right rows are left alone.

From the file to silver and held rows without tables: reading, tokens, types, rules and winners are those of the lake.
"""

import re
from collections import defaultdict
from typing import NamedTuple

import duckdb
import pyarrow as pa
import pytest

from ingestion.batch.delivery import announced
from ingestion.batch.envelope import with_envelope
from ingestion.batch.faults import NoRows, Refused
from ingestion.batch.land import opened
from ingestion.batch.personal import tokenised
from ingestion.batch.tree import noted
from lakehouse.contracts import contracts
from lakehouse.settings import settings
from sample_city.build import plan, run
from transforms.records.candidates import candidates
from transforms.records.settle import settle
from transforms.settled import Settled

Row = tuple[str, str, int]
"""Source as the city calls it, file, row number."""
FOUND_BY_ROW_RULES = ("D06", "D07", "D14", "D15", "D16", "D19", "D20", "D24", "D25", "D26")


class Judged(NamedTuple):
    """What became of the rows: bronze by source, silver and held rows by dataset, rows that did not parse or were refused."""

    bronze: dict[str, pa.Table]
    settled: dict[str, Settled]
    unlanded: set[Row]
    defects: list[dict]


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    folder = tmp_path_factory.mktemp("city")
    run(plan(0.02, 330122, "seed2014", 30, "heavy", folder / "sent"), lambda _: None)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("data", "secrets"):
            patch.setenv(f"LAKE_{name.upper()}_HOME", str(folder / name))
        settings.cache_clear()
        yield judged(folder / "sent"), patch
    settings.cache_clear()


def judged(sent) -> Judged:
    known, landed, unlanded = contracts(), defaultdict(list), set()
    for one in noted(sent / "extracts")[0]:
        source = known.sources[one.source]
        delivery = announced(one.file, one.source, "test", one.statement)
        try:
            found = opened(one.file.read_bytes(), source, delivery)
        except (NoRows, Refused):
            continue
        named = tokenised(found.rows, found.unparsed, source).rows.append_column(
            "_file", pa.repeat(one.file.name, found.rows.num_rows)
        )
        landed[one.source].append(with_envelope(named, source, delivery))
        unlanded |= {(short(one.source), one.file.name, fault.row_no) for fault in found.unparsed}
    bronze = {name: pa.concat_tables(parts, promote_options="permissive") for name, parts in landed.items()}
    defects = duckdb.sql(f"from '{sent / 'truth' / 'defects.parquet'}' where row_no > 0").to_arrow_table().to_pylist()
    return Judged(bronze, settled(bronze), unlanded, defects)


def settled(bronze: dict[str, pa.Table]) -> dict[str, Settled]:
    known, rows = contracts(), defaultdict(list)
    for name, landed in bronze.items():
        source = known.sources[name]
        rows[source.feeds].append(candidates(landed, source, known[source.feeds]))
    return {name: settle(pa.concat_tables(parts), known[name], {}) for name, parts in rows.items()}


def short(source: str) -> str:
    return source.split("__")[-1]


def flags(judged: Judged) -> dict[Row, set[str]]:
    """Names of the rules that each row breaks which is in silver or held; copies are the same record.

    Rows of a first version that a resent one superseded are in neither: their twins there are.
    """
    told = {}
    for one in judged.settled.values():
        for row in one.silver.select(["_source_code", "_record_id", "_warnings"]).to_pylist():
            told[row["_source_code"], row["_record_id"]] = set((row["_warnings"] or "").split(",")) - {""}
        for row in one.quarantine.select(["_source_code", "_record_id", "checks"]).to_pylist():
            told[row["_source_code"], row["_record_id"]] = {check["check"] for check in row["checks"]}
    return {
        (short(source), row["_file"], row["_row_no"]): told[source, row["_record_id"]]
        for source, rows in judged.bronze.items()
        for row in rows.select(["_file", "_row_no", "_record_id"]).to_pylist()
        if (source, row["_record_id"]) in told
    }


def at(defect: dict) -> Row:
    return defect["source"], defect["file"], defect["row_no"]


def test_each_error_that_a_row_shows_is_found(city):
    judged, _ = city
    broken = flags(judged)
    injected = [
        d for d in judged.defects if d["defect_id"] in FOUND_BY_ROW_RULES and (at(d) in broken or at(d) in judged.unlanded)
    ]
    assert {d["defect_id"] for d in injected} == set(FOUND_BY_ROW_RULES)
    missed = [d for d in injected if not broken.get(at(d)) and at(d) not in judged.unlanded]
    assert missed == []


def test_numbers_that_clerks_wrote_into_texts_are_in_no_column_of_bronze(city):
    """The city invents telephones that begin with 120 and citizen numbers of the division 990122."""
    judged, _ = city
    written = [str(d["injected_value"]) for d in judged.defects if d["defect_id"] == "D24"]
    numbers = {number for text in written for number in re.findall(r"120\d{8}|990122\d{11}X", text)}
    columns = [c.unique() for rows in judged.bronze.values() for c in rows.columns if pa.types.is_string(c.type)]
    text = "\n".join(cell or "" for column in columns for cell in column.to_pylist())
    assert len(numbers) > 20 and {number for number in numbers if number in text} == set()
    scopes = pa.concat_tables(
        [judged.bronze[s].select(["jyfw"]) for s in judged.bronze if s.startswith("enterprise__registrations__amr")]
    )["jyfw"].to_pylist()
    assert sum(bool(re.search("(phone|citizen_no)_[a-z2-7]{26}$", scope or "")) for scope in scopes) > 10


def test_an_impossible_birth_date_is_left_out_and_its_row_counts(city):
    judged, _ = city
    broken = flags(judged)
    impossible = [d for d in judged.defects if d["defect_id"] == "D03" and int(d["injected_value"][4:6]) > 12 and at(d) in broken]
    assert len(impossible) > 20
    assert all("birth_date_unreadable" in broken[at(d)] for d in impossible)
    assert sum(one.quarantine.num_rows for name, one in judged.settled.items() if name.startswith("population__")) == 0


def test_no_right_row_is_flagged(city):
    judged, _ = city
    wrong = {at(defect) for defect in judged.defects}
    broken = flags(judged)
    assert len(broken) > 40_000
    assert {row: names for row, names in broken.items() if names and row not in wrong} == {}


def test_no_person_loses_to_another(city):
    """Two namesakes, two persons under one number, persons without one: each row that is no copy stays."""
    judged, _ = city
    pairs = {"population__residents": "psb_residents_full", "population__social_insurance": "hrss_insurance"}
    for dataset, source in pairs.items():
        sent = set(judged.bronze[f"{dataset}__{source}"]["_record_id"].to_pylist())
        kept = set(judged.settled[dataset].silver["_record_id"].to_pylist())
        assert len(sent) > 8_000 and sent - kept == set()


def test_production_takes_nobody_under_an_invented_number(city):
    judged, patch = city
    patch.setenv("LAKE_PROFILE", "production")
    settings.cache_clear()
    wanted = ("population__residents", "enterprise__registrations")
    found = settled({name: rows for name, rows in judged.bronze.items() if name.startswith(wanted)})
    patch.delenv("LAKE_PROFILE")
    settings.cache_clear()
    residents, entities = (found[name] for name in wanted)
    assert residents.quarantine.num_rows > 8_000 and residents.silver["citizen_no"].null_count == residents.silver.num_rows
    assert entities.quarantine.num_rows > 700 and entities.silver.num_rows == 0
