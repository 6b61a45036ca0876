"""From gold to a release: what is in it, its number, its repeatability, withdrawal."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from lakehouse import outcomes, tables
from lakehouse.settings import CHECKOUT, settings
from publishing import release
from publishing.disclosure_control import Refused
from publishing.release.code_version import code_version
from tests.support import open_data as od

BUILD_ELSEWHERE = """
import sys
from pathlib import Path
import publishing.release.plan as plan
from publishing import release
from tests.support import open_data
plan.contracts = open_data.catalogue_of
print(release.build("environment", out=Path(sys.argv[1])).version)
"""


@pytest.fixture
def lake(home: Path, monkeypatch) -> Path:
    od.use(monkeypatch, od.catalogue_of())
    od.fill()
    return home


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def manifest_of(folder: Path) -> dict:
    return json.loads((folder / "manifest.json").read_text("utf-8"))


def test_a_release_ties_files_to_table_contract_and_code(lake):
    built = release.build("environment")
    body = manifest_of(built.folder)
    # hours end at 2017-02-28 23:00 UTC, which is 2017-03-01 07:00 in the city
    assert (built.state, built.version) == ("published", "2017.03-r1")
    day = next(d for d in body["datasets"] if d["id"] == "agg_air_quality_daily")
    assert (day["table_version"], day["contract_version"], day["rows"], day["provisional_rows"]) == (
        0,
        "1.0.0",
        6,
        2,
    )
    assert day["temporal"] == {"column": "date_local", "start": "2017-02-26", "end": "2017-02-28"}
    assert day["inputs"] == {"environment__air_quality__prsa": "CC-BY-4.0"}
    assert body["code_version"] == code_version()
    assert body["issued"] == max(tables.committed_at(f"gold.{d['id']}") for d in body["datasets"]).isoformat()
    assert len(body["files"]) == len(contents(built.folder)) - 2  # manifest.json and SHA256SUMS are not in the list


def test_checksums_hold_by_the_tool_that_everybody_has(lake):
    folder = release.build("environment").folder
    done = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count(": OK") == len(contents(folder)) - 1


def test_a_column_outside_the_list_is_in_no_file(lake):
    for name, body in contents(release.build("environment").folder).items():
        assert b"held_by" not in body, name
        assert b"desk 4" not in body, name


def test_built_twice_it_is_byte_identical(lake, tmp_path):
    first = release.build("environment")
    again = release.build("environment", out=tmp_path)
    assert (again.state, again.version) == ("written", first.version)
    assert contents(first.folder) == contents(again.folder)


@pytest.mark.skipif(
    not shutil.which("faketime") and not os.environ.get("CI"),
    reason="faketime is not installed (apt install faketime)",
)
def test_built_under_another_clock_it_is_byte_identical(lake, tmp_path):
    first = release.build("environment")
    command = ["faketime", "2031-05-06 07:08:09", sys.executable, "-c", BUILD_ELSEWHERE, str(tmp_path)]
    done = subprocess.run(command, cwd=CHECKOUT, env={**os.environ, "TZ": "America/Lima"}, capture_output=True, text=True)
    assert done.stdout.strip() == first.version, done.stderr
    assert contents(first.folder) == contents(tmp_path / "environment" / first.version)


def test_the_same_inputs_are_released_once(lake):
    release.build("environment")
    assert release.build("environment").state == "already released"
    assert [e.version for e in release.entries("environment")] == ["2017.03-r1"]


def test_a_rebuild_of_gold_without_change_is_no_new_version(lake):
    release.build("environment")
    od.fill()  # new table versions, same rows
    built = release.build("environment")
    assert (built.state, built.version) == ("unchanged", "2017.03-r1")
    assert sorted(p.name for p in (settings().releases / "environment").iterdir()) == [
        "2017.03-r1",
        "index.json",
        "latest",
    ]


def test_a_build_that_found_nothing_new_is_not_repeated(lake, monkeypatch):
    release.build("environment")
    od.fill()
    assert release.build("environment").state == "unchanged"
    monkeypatch.setattr("publishing.release.run._write_release", lambda *_: pytest.fail("built again"))
    assert release.build("environment").state == "unchanged"


@pytest.mark.parametrize("step", ["place", "record", "write_index"])
def test_an_interrupted_build_goes_on_to_the_same_end(lake, monkeypatch, tmp_path, step):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"publishing.release.{'ledger' if step == 'write_index' else 'run'}.{step}", interrupt)
        with pytest.raises(KeyboardInterrupt):
            release.build("environment")
    release.build("environment")
    assert sorted(p.name for p in (settings().releases / "environment").iterdir()) == ["2017.03-r1", "index.json", "latest"]
    assert release.verify("environment") == {"2017.03-r1": []}
    assert [e.version for e in release.entries("environment")] == ["2017.03-r1"]


def test_what_a_killed_build_left_is_removed_and_a_living_ones_is_not(lake):
    folder = settings().releases / "environment"
    dead, alive = folder / ".building-999999999-x", folder / f".building-{os.getpid()}-x"
    for left in (dead, alive):
        left.mkdir(parents=True)
    release.build("environment")
    assert (dead.exists(), alive.exists()) == (False, True)


def test_withdrawn_inputs_are_not_released_again(lake):
    release.build("environment")
    release.withdraw("environment", "2017.03-r1", "Wrong.")
    assert release.build("environment").state == "withdrawn"
    assert release.current("environment")[0].state == "withdrawn"


def test_a_changed_row_makes_the_next_version_and_is_told(lake):
    release.build("environment")
    od.fill(od.daily_rows({("prsa-dongsi", od.DAYS[0]): 13.0}, skip=("prsa-shunyi", od.DAYS[1])))
    built = release.build("environment")
    assert (built.state, built.version) == ("published", "2017.03-r2")
    told = next(
        d for d in json.loads((built.folder / "changes.json").read_text("utf-8")) if d["dataset"] == "agg_air_quality_daily"
    )
    assert (told["added"], told["removed"], told["changed"], told["changed_values"]) == (
        0,
        1,
        1,
        {"pm25_ugm3": 1},
    )
    words = (built.folder / "CHANGES.en.md").read_text("utf-8")
    assert "pm25_ugm3 12.0 -> 13.0" in words
    assert "Compared with version 2017.03-r1." in words
    assert (settings().releases / "environment" / "latest").readlink() == Path("2017.03-r2")
    assert manifest_of(built.folder)["previous"]["version"] == "2017.03-r1"


def test_an_older_version_can_still_be_rebuilt_identically(lake, tmp_path, monkeypatch):
    first = release.build("environment")
    pinned = release.resolve_plan("environment")
    od.fill(od.daily_rows({("prsa-dongsi", od.DAYS[0]): 13.0}))
    release.build("environment")
    monkeypatch.setattr(
        "publishing.release.run.resolve_plan",
        lambda theme: replace(pinned, released=release.entries(theme)[0]),
    )
    again = release.build("environment", out=tmp_path)
    assert contents(first.folder) == contents(again.folder)


def test_the_outcome_trail_holds_the_build(lake):
    release.build("environment")
    row = tables.read(outcomes.TABLE).to_pylist()[-1]
    assert (row["stage"], row["dataset"], row["state"], row["rows_out"]) == (
        "release",
        "environment",
        "ok",
        6 + 2 + 96,
    )


def test_a_damaged_release_is_found(lake):
    folder = release.build("environment").folder
    assert release.verify("environment") == {"2017.03-r1": []}
    with (folder / "dim_stations.csv").open("a") as file:
        file.write("x")
    (folder / "stray.txt").write_text("x")
    (folder / "agg_air_quality_daily.parquet").unlink()
    faults = " ".join(release.verify("environment")["2017.03-r1"])
    assert "dim_stations.csv has another SHA-256" in faults
    assert "agg_air_quality_daily.parquet is missing" in faults
    assert "stray.txt is not in the manifest" in faults


def test_a_forged_manifest_is_found(lake):
    folder = release.build("environment").folder
    body = manifest_of(folder)
    body["version"] = "2017.03-r9"
    (folder / "manifest.json").write_text(json.dumps(body), "utf-8")
    assert any("differs from the one that was released" in f for f in release.verify("environment")["2017.03-r1"])


def test_withdrawal_keeps_the_files_and_moves_latest(lake):
    release.build("environment")
    od.fill(od.daily_rows({("prsa-dongsi", od.DAYS[0]): 13.0}))
    second = release.build("environment")
    release.withdraw("environment", second.version, "Dongsi's sensor was out of order.")
    index = json.loads((settings().releases / "environment" / "index.json").read_text("utf-8"))
    assert (index["latest"], [v["state"] for v in index["versions"]]) == (
        "2017.03-r1",
        ["published", "withdrawn"],
    )
    assert index["versions"][1]["reason"] == "Dongsi's sensor was out of order."
    assert second.folder.is_dir()
    with pytest.raises(ValueError, match="withdrawn already"):
        release.withdraw("environment", second.version, "again")
    with pytest.raises(ValueError, match="needs a reason"):
        release.withdraw("environment", "2017.03-r1", " ")
    with pytest.raises(LookupError, match=r"No release 2016\.01-r7 of environment; there are 2017\.03-r1, 2017\.03-r2"):
        release.withdraw("environment", "2016.01-r7", "x")


def test_numbers_go_on_after_a_withdrawal(lake):
    release.build("environment")
    release.withdraw("environment", "2017.03-r1", "Wrong.")
    od.fill(od.daily_rows({("prsa-dongsi", od.DAYS[0]): 13.0}))
    built = release.build("environment")
    assert built.version == "2017.03-r2"
    assert manifest_of(built.folder)["previous"] is None  # nothing in force to compare with


def test_made_up_rows_do_not_leave_in_production(lake, monkeypatch):
    rows = od.station_rows().set_column(3, "data_origin", pa.array(["public_reference", "synthetic"]))
    tables.replace("gold.dim_stations", rows)
    monkeypatch.setenv("LAKE_PROFILE", "production")
    settings.cache_clear()
    with pytest.raises(Refused, match="dim_stations: holds rows of origin synthetic"):
        release.build("environment")
    assert not list((settings().releases / "environment").iterdir())  # nothing half-built stays
    assert release.entries("environment") == []


def test_a_source_without_licence_stops_the_release(lake, monkeypatch):
    od.use(monkeypatch, od.catalogue_of(sources=(od.source(licence=None),)))
    with pytest.raises(Refused, match="input environment__air_quality__prsa states no licence"):
        release.build("environment")


def test_a_share_alike_source_binds_what_rests_on_it_and_nothing_else(lake, monkeypatch):
    montreal = "environment__weather__montreal"
    terms = {"licence": "CC-BY-SA-4.0", "attribution": "Weather office of Montreal."}
    theirs = od.source(source=montreal, bronze=montreal, feeds="environment__weather", **terms)
    weather = replace(od.hourly(), id="agg_weather_hourly")
    od.use(monkeypatch, od.catalogue_of(od.daily(), weather, od.stations(), sources=(od.source(), theirs)))
    tables.replace(f"bronze.{montreal}", pa.table({"Temp (C)": ["-1.8"]}))
    tables.replace("gold.agg_weather_hourly", od.hourly_rows())
    air, hours, register = manifest_of(release.build("environment").folder)["datasets"]
    assert (air["licence"]["id"], air["inputs"]) == ("CC-BY-4.0", {"environment__air_quality__prsa": "CC-BY-4.0"})
    assert (hours["licence"]["id"], hours["inputs"]) == ("CC-BY-SA-4.0", {montreal: "CC-BY-SA-4.0"})
    assert (register["licence"]["id"], register["inputs"]) == ("CC-BY-4.0", {"contracts/reference": "CC-BY-4.0"})
    assert "Weather office" not in air["citation"] and "Weather office of Montreal." in hours["citation"]


def test_data_of_our_own_devices_need_no_stated_licence(lake, monkeypatch):
    od.use(monkeypatch, od.catalogue_of(sources=(od.source(licence=None, origin="operational"),)))
    assert manifest_of(release.build("environment").folder)["datasets"][0]["licence"]["id"] == "CC-BY-4.0"


def test_a_theme_without_data_says_what_to_do(home, monkeypatch):
    od.use(monkeypatch, od.catalogue_of())
    with pytest.raises(LookupError, match=r"Theme environment has no gold table .* `lake run` builds gold"):
        release.build("environment")


def test_an_out_folder_is_never_overwritten(lake, tmp_path):
    release.build("environment", out=tmp_path)
    with pytest.raises(FileExistsError, match="is there already"):
        release.build("environment", out=tmp_path)


def test_code_version_follows_the_code(tmp_path):
    (tmp_path / "publishing").mkdir()
    (tmp_path / "publishing" / "a.py").write_text("x = 1\n")
    before = code_version(tmp_path)
    (tmp_path / "publishing" / "notes.md").write_text("words do not count\n")
    code_version.cache_clear()
    assert code_version(tmp_path) == before
    (tmp_path / "publishing" / "a.py").write_text("x = 2\n")
    code_version.cache_clear()
    assert code_version(tmp_path) != before
