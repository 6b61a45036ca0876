"""Gold after corrections: rebuilding the months concerned gives what rebuilding everything gives."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pandas as pd
import pytest

from lakehouse import outcomes, tables
from lakehouse.contracts import contracts
from tests.support import aqi_cases, gold_lake, silver_hours

pytestmark = [pytest.mark.spark, pytest.mark.slow]

A, B = "prsa-dongsi", "prsa-tiantan"
FIRST = date(2016, 3, 20)
EVIDENCE = ("input_versions", "_run_id")


def rows() -> list[dict]:
    """Two stations over 60 days of spring 2016, on three UTC months."""
    days = [*aqi_cases.whole_days(A, FIRST, 60, seed=1), *aqi_cases.whole_days(B, FIRST, 60, seed=2)]
    return [r for d in days for r in silver_hours.day(d.station, d.day, {p: as_floats(h) for p, h in d.hours.items()})]


def as_floats(hours: list[Fraction | None]) -> list[float | None]:
    return [None if h is None else float(h) for h in hours]


def business_columns() -> dict[str, pd.DataFrame]:
    """Every gold table without its evidence columns, in the order of its key."""
    found = {}
    for name in tables.names("gold"):
        frame = tables.read(name).to_pandas().drop(columns=list(EVIDENCE), errors="ignore")
        key = list(contracts()[name.removeprefix("gold.")].primary_key)
        found[name] = frame.sort_values(key, ignore_index=True)[sorted(frame.columns)]
    return found


def replace_months(changed: list[dict]) -> None:
    """Write silver again so that only the files of months with a change are new."""
    import pyarrow.compute as pc

    table = silver_hours.as_arrow(changed)
    before = tables.read(silver_hours.TABLE)
    for month in {*before["_event_month"].to_pylist(), *table["_event_month"].to_pylist()}:
        old, new = (t.filter(pc.equal(t["_event_month"], month)) for t in (before, table))
        if old.sort_by([(k, "ascending") for k in KEY]) != new.sort_by([(k, "ascending") for k in KEY]):
            tables.open_table(silver_hours.TABLE).delete(f"_event_month = '{month}'")
            if new.num_rows:
                tables.append(silver_hours.TABLE, new, partition_by=["_event_month"])


KEY = ("station_id", "pollutant_code", "hour_at")


@pytest.fixture(scope="module")
def story(spark, tmp_path_factory) -> dict:
    """One lake through its corrections, and beside it a lake built from nothing in the last state."""
    told, clock = {}, "2016-05-21T00:00:00Z"
    states = {"first": rows()}
    may = datetime(2016, 5, 1, tzinfo=UTC)
    corrected = [
        r | {"value": 700.0} if r["hour_at"] == may - timedelta(hours=9) and r["pollutant_code"] == "pm25" else r for r in rows()
    ]
    states["corrected"] = [r for r in corrected if not (r["station_id"] == B and r["hour_at"].day == 12)]
    states["emptied"] = [r for r in states["corrected"] if r["hour_at"] < may]
    with gold_lake.lake(spark, tmp_path_factory.mktemp("story"), as_of=clock):
        silver_hours.write(states["first"])
        told["plan first"], told["first"] = gold_lake.run_gold(), business_columns()
        told["plan again"] = gold_lake.run_gold()
        for state in ("corrected", "emptied"):
            replace_months(states[state])
            told[f"plan {state}"], told[state] = gold_lake.run_gold(), business_columns()
        told["outcomes"] = tables.read(outcomes.TABLE).to_pandas().sort_values("started_at")
    with gold_lake.lake(spark, tmp_path_factory.mktemp("anew"), as_of=clock):
        silver_hours.write(list(reversed(states["emptied"])))  # another order of the same rows
        gold_lake.run_gold()
        told["from nothing"] = business_columns()
    return told


def test_the_second_run_has_nothing_to_do(story):
    assert story["plan first"]["months"] is None and story["plan again"] == {}


def test_the_months_concerned_give_what_everything_gives(story):
    """The last state holds both corrections of April and the emptied May."""
    for name, frame in story["emptied"].items():
        pd.testing.assert_frame_equal(frame, story["from nothing"][name], obj=name)


def test_only_the_months_concerned_are_planned(story):
    assert story["plan corrected"]["months"] == ["2016-04-01", "2016-05-01"]  # of the three that hold rows
    assert story["plan emptied"]["months"] == ["2016-05-01"]


def test_a_correction_changes_the_day_it_belongs_to(story):
    before, after = (
        story[s]["gold.agg_air_quality_daily"].query("is_in_force").set_index(["station_id", "date_local"])
        for s in ("first", "corrected")
    )
    differs = before.index[~before.index.isin(after.index)]
    assert {d for _, d in differs} <= {date(2016, 4, 12), date(2016, 4, 13), date(2016, 5, 12), date(2016, 5, 13)}
    assert before.loc[(A, date(2016, 4, 20))].equals(after.loc[(A, date(2016, 4, 20))])
    assert before.loc[(A, date(2016, 4, 30))].pm25_ugm3 != after.loc[(A, date(2016, 4, 30))].pm25_ugm3


def test_an_emptied_month_leaves_no_row(story):
    hours, days = (story["emptied"][f"gold.{t}"] for t in ("fct_air_quality_hourly", "agg_air_quality_daily"))
    assert hours.hour_at.max() < pd.Timestamp(2016, 5, 1, tz="UTC")
    assert days.date_local.max() == date(2016, 5, 1)  # its first eight hours are of the UTC month before
    assert set(story["emptied"]["gold.fct_kpi_values"].query("frequency == 'D'").period_start) == set(days.date_local)


def test_every_run_and_model_left_an_outcome(story):
    runs = story["outcomes"]
    assert list(runs[runs.dataset == "gold"].state) == ["ok"] * 3
    hourly = runs[runs.dataset == "fct_air_quality_hourly"].rows_out.tolist()
    assert hourly[0] == 2 * 60 * 24 * 6 and hourly == sorted(hourly, reverse=True)
