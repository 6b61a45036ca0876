"""Listing, asking, upkeep, comparing and reset by the commands that an operator types."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse import cli, outcomes, services, tables
from lakehouse.checksums import checksum
from lakehouse.settings import settings

NAME = "bronze.environment__air_quality__prsa"


@pytest.fixture
def lake(home, capsys):
    """Run a command; what it printed."""

    def run(*words: str) -> str:
        assert cli.call(*words) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    return run


@pytest.fixture
def three_commits(home):
    for n in range(3):
        tables.append(NAME, pa.table({"n": [n], "day": ["x"]}), partition_by=["day"])


def rows() -> list[int]:
    return sorted(tables.read(NAME)["n"].to_pylist())


def test_tables_shows_version_rows_and_size_of_a_layer(lake, three_commits):
    tables.replace("gold.a", pa.table({"n": range(1234)}))
    assert lake("tables", "gold").split() == ["gold.a", "v0", "1,234", "rows", "0.0", "MB"]
    assert [line.split()[0] for line in lake("tables").splitlines()] == [NAME, "gold.a"]
    assert lake("tables", "gold", "--checksums").split() == ["gold.a", checksum("gold.a")]


def test_sql_asks_the_tables_and_writes_files(lake, three_commits, tmp_path):
    assert "3" in lake("sql", "--lake", f"select count(*) as rows_counted from {NAME}")
    lake("sql", "--lake", f"select n, day from {NAME} order by n", "--out", str(tmp_path / "out.csv"))
    assert (tmp_path / "out.csv").read_text() == "n,day\n0,x\n1,x\n2,x\n"
    lake("sql", "--lake", f"from {NAME}", "--out", str(tmp_path / "out.parquet"))
    assert pq.read_table(tmp_path / "out.parquet").num_rows == 3


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("copy (select 1) to '/tmp/x.csv'", "Write one statement that reads; this command changes nothing"),
        ("select 1; select 2", "Write one statement that reads"),
        ("create table x as select 1", "Write one statement that reads"),
        ("", "Write one statement that reads"),
        ("select * from gold.nothing", "does not exist because schema .gold. does not exist"),
        ("selec 1", "syntax error"),
    ],
)
def test_sql_refuses_what_does_not_read(home, query, said):
    with pytest.raises(ValueError, match=said):
        cli.call("sql", "--lake", query)


def test_sql_refuses_an_ending_that_it_cannot_write(home, tmp_path):
    with pytest.raises(ValueError, match=r"out\.xls: write to a file ending in \.csv or \.parquet"):
        cli.call("sql", "--lake", "select 1", "--out", str(tmp_path / "out.xls"))


def test_upkeep_joins_files_and_keeps_the_rows(lake, three_commits):
    assert f"{NAME:<50}     3 ->     1 files, 0 old files deleted" in lake("upkeep")
    assert rows() == [0, 1, 2] and tables.open_table(NAME).version() == 3
    lake("upkeep")
    assert rows() == [0, 1, 2]


def test_upkeep_takes_every_layer_and_forgets_no_transaction(lake):
    """Many small commits, as streams leave them in dead letters and ledgers: one file each, found through a checkpoint."""
    names = ["bronze.a__b__c", "quarantine.a__b", "dead_letter.a__b", "ops.run_outcomes", "ops.stream_ledger"]
    for number in range(1, 61):
        for name in names:
            tables.append(name, pa.table({"n": [number]}), ("gate-1/a__b__c", number))
    said = lake("upkeep")
    for name in names:
        assert f"{name:<50}    60 ->     1 files" in said
        log, table = tables.location(name) / "_delta_log", tables.open_table(name)
        assert json.loads((log / "_last_checkpoint").read_bytes())["version"] == table.version()
        assert tables.transacted(name, "gate-1/a__b__c") == 60, "a segment sent again is still known"
        assert sorted(tables.read(name)["n"].to_pylist()) == list(range(1, 61))


def test_upkeep_refuses_to_cut_time_travel_shorter_than_a_week(home, capsys):
    assert cli.call("upkeep", "--hours", "1") == 2


def test_status_shows_the_newest_outcome_of_each_step(lake):
    for error in (None, OSError("disk full")):
        try:
            with outcomes.step("silver", "environment__weather") as step:
                step.rows_out = 7
                if error:
                    raise error
        except OSError:
            pass
    said = lake("status")
    assert said.count("environment__weather") == 1 and "failed" in said and "OSError: disk full" in said
    assert "portal       not running" in said and "ops          1 tables" in said


def test_contracts_show_names_columns_rules_and_sources(lake):
    said = lake("contracts", "show", "environment__weather", "--language", "zh")
    assert "silver.environment__weather  version 1.0.0  (气象观测数据 / Weather observations)" in said
    assert "*! station_id" in said and "气温 (Cel): Air temperature." in said
    assert "warning  dew_point_not_above_temperature" in said and "source   environment__weather__prsa" in said


def test_contracts_diff_refuses_a_breaking_change_under_the_same_major_version(lake, tmp_path):
    old = settings().checkout / "contracts" / "environment" / "weather.odcs.yaml"
    new = tmp_path / "weather.odcs.yaml"
    new.write_text(old.read_text("utf-8").replace("name: rain_mm, logicalType: number", "name: rain_mm, logicalType: string"))
    with pytest.raises(ValueError, match=r"Breaking changes need a new major version; 1\.0\.0 became 1\.0\.0"):
        cli.call("contracts", "diff", str(old), str(new))
    new.write_text(new.read_text("utf-8").replace("version: 1.0.0", "version: 2.0.0"))
    assert "breaking  Column rain_mm changed its type from number to string." in lake("contracts", "diff", str(old), str(new))


def test_reset_deletes_the_data_and_nothing_else(lake, three_commits):
    settings().secrets.mkdir(parents=True)
    (settings().secrets / "key").write_text("x")
    assert lake("reset", "--yes").endswith("deleted.\n")
    assert not settings().data_home.exists() and (settings().secrets / "key").exists()
    assert lake("reset", "--yes").endswith("is empty already.\n")


def test_reset_refuses_a_data_home_that_holds_more_than_data(home, monkeypatch, tmp_path):
    monkeypatch.setenv("LAKE_DATA_HOME", str(tmp_path))
    settings.cache_clear()
    with pytest.raises(ValueError, match=r"secrets lies in the data home .*; set LAKE_DATA_HOME to a folder of its own"):
        cli.call("reset", "--yes")


def test_serve_and_stop_speak_to_every_registered_service(lake, monkeypatch):
    class Server:
        state = False
        ENTRANCES = (services.Entrance("/", "pages"), services.Entrance("/desk", "the desk", "account steward"))

        def start(self):
            self.state = True
            return "http://127.0.0.1:1"

        def stop(self):
            was, self.state = self.state, False
            return was

    both = {"dashboards": Server(), "portal": Server()}
    for command in ("serve", "stop"):
        monkeypatch.setattr(f"lakehouse.commands.{command}.services", lambda: both)
    first, second, accounts = lake("serve", "portal").splitlines()
    assert first.split() == ["portal", "http://127.0.0.1:1/", "pages", "(everybody)"]
    assert second.split() == ["portal", "http://127.0.0.1:1/desk", "the", "desk", "(account", "steward)"]
    assert "lake accounts list" in accounts
    assert lake("stop") == "dashboards   did not run\nportal       stopped\n"
    assert services.services().keys() == both.keys()
    assert all(entrance.path.startswith("/") for known in services.services().values() for entrance in known.ENTRANCES)
