"""Every tutorial notebook runs from top to bottom on gold tables, and is kept without outputs."""

from fractions import Fraction
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient

from lakehouse import tables
from lakehouse.settings import CHECKOUT
from tests.support import aqi_oracle, gold_fixture

DAILY = "gold.agg_air_quality_daily"
TUTORIALS = sorted((CHECKOUT / "notebooks" / "tutorials").glob("*.ipynb"))


@pytest.fixture
def gold(home: Path) -> Path:
    """Two real stations, three winter months; the daily index of each day by the independent oracle."""
    gold_fixture.write(home, CHECKOUT / "samples" / "prsa", start="2016-12-01", end="2017-02-28")
    daily = tables.read(DAILY).to_pandas().query("rule_version == 'HJ 633-2012'")
    tables.replace(DAILY, gold_fixture.as_arrow(DAILY, judged(daily, tables.read("gold.fct_air_quality_hourly").to_pandas())))
    return home


def judged(daily: pd.DataFrame, hourly: pd.DataFrame) -> pd.DataFrame:
    """The daily rows with AQI and primary pollutants of HJ 633-2012 from the day's hours, in exact fractions."""
    daily = daily.set_index(["station_id", "date_local"])
    for (station, day), rows in hourly.groupby(["station_id", hourly.hour_local.dt.date]):
        by_pollutant = {p: of.sort_values("hour_local").value for p, of in rows.groupby("pollutant_code")}
        hours = {p: [None if pd.isna(v) else Fraction(str(v)) for v in values] for p, values in by_pollutant.items()}
        verdict = aqi_oracle.judge_day(2012, hours)
        daily.loc[(station, day), ["aqi", "primary_pollutants"]] = verdict.aqi, ",".join(verdict.primary) or None
    return daily.reset_index()


@pytest.mark.slow
@pytest.mark.parametrize("path", TUTORIALS, ids=lambda p: p.stem)
def test_a_tutorial_runs_from_top_to_bottom(path: Path, gold: Path):
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(CHECKOUT)}}).execute()
    printed = "".join(o.get("text", "") for cell in notebook.cells for o in cell.get("outputs", ()))
    assert "recomputed 492, published 492" in printed  # Dongsi, 1 January 2017: mean 487 -> 400 + 100 / 150 * 137, up


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda p: p.stem)
def test_a_tutorial_is_kept_without_outputs(path: Path):
    cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    assert cells and all(not c.outputs and c.execution_count is None for c in cells)
