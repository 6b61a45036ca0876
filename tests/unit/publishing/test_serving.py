"""The serving file: what is written, when it is written again, what a reader of it may and may not do."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from lakehouse import outcomes, tables
from lakehouse.contracts import contracts
from lakehouse.contracts.derive import arrow_schema
from lakehouse.settings import settings
from publishing import serving

STATION = {"name_en": "Dongsi", "name_zh": "东四", "zone": "Asia/Shanghai", "issuer": "prsa", "data_origin": "public_reference"}
FIRST_HOUR = datetime(2016, 3, 1, 16, tzinfo=UTC)


def write_stations(*ids: str) -> None:
    rows = [STATION | {"station_id": i} for i in ids]
    tables.replace("gold.dim_stations", pa.Table.from_pylist(rows, arrow_schema(contracts()["dim_stations"])))


def publish() -> str | None:
    """Plan and run once; returns the plan's action."""
    plan = serving.plan()
    if plan:
        serving.run(plan)
    return plan.get("action")


@pytest.fixture
def lake(home: Path) -> Path:
    write_stations("prsa-b", "prsa-a")
    return home


def ask(query: str) -> list[tuple]:
    with serving.connect() as connection:
        return connection.execute(query).fetchall()


def test_nothing_to_do_without_gold(home: Path) -> None:
    assert serving.plan() == {}
    with pytest.raises(LookupError, match="lake run"):
        serving.connect()


def test_file_holds_rows_by_key_times_in_utc_and_labels(lake: Path) -> None:
    hours = [{"station_id": "prsa-a", "hour_at": FIRST_HOUR}]
    tables.replace("gold.agg_weather_hourly", pa.Table.from_pylist(hours, arrow_schema(contracts()["agg_weather_hourly"])))
    assert publish() == "rebuild"
    assert ask("select station_id from gold.dim_stations") == [("prsa-a",), ("prsa-b",)]
    assert ask("select hour_at from gold.agg_weather_hourly") == [(FIRST_HOUR,)]
    assert ask("select name_zh, row_count, table_version from meta.datasets where dataset = 'dim_stations'") == [
        (contracts()["dim_stations"].name_zh, 2, 0)
    ]
    assert ask("select distinct name_zh, is_key from meta.columns where column_name = 'station_id'") == [("监测点", True)]
    (comment,) = ask("select comment from duckdb_columns() where table_name = 'dim_stations' and column_name = 'lon'")[0]
    assert contracts()["dim_stations"].field("lon").name_zh in comment


def test_same_input_writes_once(lake: Path) -> None:
    assert publish() == "rebuild"
    assert publish() == "refresh"  # brings in the outcome row of the first
    assert publish() is None
    assert serving.current_number() == 2


def test_changed_gold_is_rebuilt_and_operations_alone_are_refreshed(lake: Path) -> None:
    publish(), publish()
    with outcomes.step("silver", "environment__air_quality"):
        pass
    assert publish() == "refresh"
    assert ask("select count(*) from ops.run_outcomes where stage = 'silver'") == [(1,)]
    assert ask("select count(*) from gold.dim_stations") == [(2,)]
    write_stations("prsa-c")
    assert publish() == "rebuild"
    assert ask("select station_id from gold.dim_stations") == [("prsa-c",)]


def test_same_version_number_with_another_commit_is_rebuilt(lake: Path) -> None:
    """As after a restore from backup that was followed by a different run."""
    import shutil

    publish(), publish()
    shutil.rmtree(tables.location("gold.dim_stations"))
    write_stations("prsa-other")
    assert tables.version("gold.dim_stations") == 0
    assert publish() == "rebuild"


def test_only_the_version_before_is_kept(lake: Path) -> None:
    for name in ("prsa-c", "prsa-d", "prsa-e"):
        write_stations(name)
        publish()
    assert sorted(f.name for f in settings().serving.iterdir()) == ["serving-v2.duckdb", "serving-v3.duckdb", "serving.duckdb"]
    assert serving.link().is_symlink()


def test_open_reader_stays_on_its_version(lake: Path) -> None:
    publish()
    with serving.connect() as reader:
        write_stations("prsa-new")
        publish()
        assert reader.execute("select count(*) from gold.dim_stations").fetchone() == (2,)
        assert ask("select station_id from gold.dim_stations") == [("prsa-new",)]


def test_failed_write_leaves_the_version_in_force(lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish()
    write_stations("prsa-new")
    with monkeypatch.context() as patched:
        patched.setattr(tables, "read", lambda *args, **kwargs: (_ for _ in ()).throw(OSError("disk full")))
        with pytest.raises(OSError, match="disk full"):
            publish()
    assert serving.current_number() == 1
    assert publish() == "rebuild"
    assert not list(settings().serving.glob("*.part*"))


@pytest.mark.parametrize(
    "attack",
    [
        "select content from read_text('/etc/passwd')",
        "select * from read_csv('/etc/passwd')",
        "select * from glob('/etc/*')",
        "copy gold.dim_stations to '{home}/stolen.csv'",
        "export database '{home}/stolen'",
        "attach '{home}/other.duckdb' as other",
        "install httpfs",
        "set enable_external_access = true",
        "set lock_configuration = false",
        "create table gold.planted as select 1",
        "delete from gold.dim_stations",
    ],
)
def test_reader_cannot_leave_the_file_nor_change_it(lake: Path, attack: str) -> None:
    publish()
    with serving.connect() as reader, pytest.raises(duckdb.Error):
        reader.execute(attack.format(home=lake)).fetchall()
    assert not list(lake.glob("stolen*")) and not (lake / "other.duckdb").exists()


def test_older_duckdb_of_the_dashboards_reads_it(lake: Path) -> None:
    python = settings().toolchain / "superset" / "bin" / "python"
    if not python.exists():
        pytest.skip("the dashboards' environment is not made yet")
    publish()
    count = "sql('select count(*) from gold.dim_stations').fetchone()[0]"
    query = f"import duckdb, sys; print(duckdb.connect(sys.argv[1], read_only=True).{count})"
    done = subprocess.run([python, "-c", query, serving.link()], capture_output=True, text=True)
    assert done.stdout.strip() == "2", done.stderr
