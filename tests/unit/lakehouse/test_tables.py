"""Names, versions and commits of the lake's tables, and which files hold what a version range added."""

from datetime import UTC, date, datetime, timedelta, timezone

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from lakehouse import tables

NAME = "bronze.environment__air_quality__prsa"


def rows(*numbers: int) -> pa.Table:
    return pa.table({"n": pa.array(numbers, pa.int64())})


def numbers(files) -> list[int]:
    return sorted(n for file in files for n in pq.read_table(file)["n"].to_pylist())


@pytest.mark.parametrize("name", ["", "gold", "gold.", "iron.x", "gold.a.b", "gold.../x", "gold.a/b", 'gold."x"', "gold.Ä"])
def test_what_is_no_table_name_is_refused_with_the_form(home, name):
    with pytest.raises(ValueError, match=r"is no table name; write <layer>\.<table> with a layer of bronze, silver"):
        tables.location(name)


def test_a_table_that_is_not_there_is_named_with_the_mend(home):
    assert not tables.exists(NAME) and tables.version(NAME) is None and tables.names() == []
    with pytest.raises(LookupError, match=f"Table {NAME} does not exist yet; `lake run` builds it"):
        tables.read(NAME)


def test_names_are_by_layer_and_name_and_a_crashed_first_write_is_no_table(home):
    for name in ("silver.b", "gold.a", "silver.a"):
        tables.append(name, rows(1))
    (tables.location("gold.torn") / "_delta_log").mkdir(parents=True)
    assert tables.names() == ["silver.a", "silver.b", "gold.a"] and tables.names("gold") == ["gold.a"]
    assert not tables.exists("gold.torn") and tables.append("gold.torn", rows(1)) and tables.exists("gold.torn")


def test_a_transaction_is_committed_once_whoever_else_appends(home):
    assert tables.append(NAME, rows(1), ("gateway-1", 1))
    assert not tables.append(NAME, rows(1), ("gateway-1", 1))
    assert tables.append(NAME, rows(2), ("gateway-2", 1)) and tables.append(NAME, rows(3), ("gateway-1", 7))
    assert not tables.append(NAME, rows(9), ("gateway-1", 6))
    assert sorted(tables.read(NAME)["n"].to_pylist()) == [1, 2, 3] and tables.version(NAME) == 2
    assert tables.transacted(NAME, "gateway-1") == 7 and tables.transacted(NAME, "gateway-9") == -1


def test_a_new_column_of_a_later_delivery_is_null_in_the_earlier(home):
    tables.append(NAME, rows(1))
    tables.append(NAME, pa.table({"n": [2], "extra": ["x"]}))
    assert sorted(tables.read(NAME).to_pylist(), key=lambda r: r["n"]) == [
        {"n": 1, "extra": None},
        {"n": 2, "extra": "x"},
    ]


def test_replace_gives_a_new_version_and_keeps_the_old_one_readable(home):
    assert tables.replace("gold.a", rows(1, 2)) == 0
    assert tables.replace("gold.a", pa.table({"m": ["x"]})) == 1
    assert tables.read("gold.a").to_pylist() == [{"m": "x"}]
    assert tables.read("gold.a", version=0)["n"].to_pylist() == [1, 2]
    assert tables.read("gold.a", ["n"], version=0, filters=pc.field("n") > 1).to_pylist() == [{"n": 2}]


def test_the_commit_time_belongs_to_the_version_asked_for(home):
    before = datetime.now(UTC).replace(microsecond=0)
    tables.replace("gold.a", rows(1))
    first = tables.committed_at("gold.a")
    tables.replace("gold.a", rows(2))
    assert before <= first <= tables.committed_at("gold.a", 1)
    assert tables.committed_at("gold.a", 0) == first
    with pytest.raises(LookupError, match="no version 7"):
        tables.committed_at("gold.a", 7)


def test_files_added_are_those_of_the_rows_that_came_in_between(home):
    for n in range(4):
        tables.append(NAME, rows(n))
    assert numbers(tables.files_added(NAME, None, 3)) == [0, 1, 2, 3]
    assert numbers(tables.files_added(NAME, 1, 3)) == [2, 3]
    assert numbers(tables.files_added(NAME, 1, 2)) == [2]
    assert tables.files_added(NAME, 3, 3) == []


def test_compaction_adds_no_rows_and_hides_none(home):
    for n in range(3):
        tables.append(NAME, rows(n))
    tables.open_table(NAME).optimize.compact()
    tables.append(NAME, rows(3))
    assert numbers(tables.files_added(NAME, 2, 4)) == [3]
    assert numbers(tables.files_added(NAME, 1, 4)) == [2, 3]


def test_where_upkeep_removed_the_traces_all_files_are_the_answer(home):
    for n in range(3):
        tables.append(NAME, rows(n))
    tables.open_table(NAME).optimize.compact()
    tables.open_table(NAME).vacuum(0, dry_run=False, enforce_retention_duration=False)
    assert numbers(tables.files_added(NAME, 1, 3)) == [0, 1, 2]
    (tables.location(NAME) / "_delta_log" / f"{3:020}.json").rename(home / "cleaned")
    assert tables._added_by_commits(tables.location(NAME), range(2, 4)) is None
    (home / "cleaned").rename(tables.location(NAME) / "_delta_log" / f"{3:020}.json")
    assert numbers(tables.files_added(NAME, 9, 3)) == [0, 1, 2]  # the table was restored from an older backup


def test_duckdb_sees_the_tables_by_their_names_in_utc(home):
    at = datetime(2016, 5, 1, 3, tzinfo=UTC)
    tables.replace("gold.a", pa.table({"observed_at": pa.array([at], pa.timestamp("us", tz="UTC"))}))
    tables.replace("silver.b", rows(1))
    found = tables.duck().sql("select cast(observed_at as varchar) from gold.a, silver.b").fetchall()
    assert found == [("2016-05-01 03:00:00+00",)]
    with pytest.raises(Exception, match="silver"):
        tables.duck("gold.a").sql("select * from silver.b")


def test_duckdb_reads_partitioned_extended_and_empty_tables_as_arrow_does(home):
    month = pa.array([date(2016, 5, 1)], pa.date32())
    tables.append("silver.x", pa.table({"_event_month": month, "n": [1]}), partition_by=["_event_month"])
    checks = pa.array([[{"check": "a"}]], pa.list_(pa.struct([("check", pa.string())])))
    tables.append("silver.x", pa.table({"_event_month": [None], "n": [2], "checks": checks}).cast(
        pa.schema([("_event_month", pa.date32()), ("n", pa.int64()), ("checks", checks.type)])
    ))  # fmt: skip
    tables.replace("silver.empty", pa.table({"n": pa.array([], pa.int64())}))
    for name in ("silver.x", "silver.empty"):
        seen = tables.duck(name).sql(f"from {name}").to_arrow_table()
        known = tables.read(name)
        assert seen.schema.types == known.schema.types and seen.column_names == known.column_names
        assert sorted(seen.to_pylist(), key=str) == sorted(known.to_pylist(), key=str)


def test_rows_that_delta_rs_rewrote_are_compared_by_their_texts(home):
    tables.append("bronze.x", pa.table({"n": [1, 2, 3], "station": ["a", "b", "c"]}))
    tables.open_table("bronze.x").delete("station = 'a'")
    (rewritten,) = tables.files("bronze.x")
    assert pq.read_schema(rewritten).field("station").type == pa.string_view()  # else there is nothing to prove
    connection = tables.duck("bronze.x")
    for condition in ("station = 'c'", "starts_with(station, 'c')", "station in ('a', 'c')"):
        assert connection.sql(f"select n from bronze.x where {condition}").fetchall() == [(3,)], condition
    before = connection.sql(f"select n from ({tables.scan(connection, 'bronze.x', 0)}) where station = 'a'").fetchall()
    assert before == [(1,)]


def test_entries_become_arrow_rows_as_they_are(home):
    schema = pa.schema([("text", pa.string()), ("n", pa.int64()), ("share", pa.float64()), ("at", pa.timestamp("us", tz="UTC"))])
    entries = [
        {"text": '东\n"🌫', "n": 2**53 + 1, "share": 0.1, "at": datetime(2026, 3, 1, 0, 0, 5, 123456, tzinfo=UTC)},
        {"text": "x" * 3_000_000, "n": None, "share": None, "at": datetime(2026, 3, 1, 8, tzinfo=timezone(timedelta(hours=8)))},
    ]
    read = tables.arrow_rows(entries, schema).to_pylist()
    assert read[0] == entries[0]
    assert read[1] == entries[1]
