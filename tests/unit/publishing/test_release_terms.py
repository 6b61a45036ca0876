"""Which rows may leave, and under which licence."""

import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from lakehouse import tables
from lakehouse.settings import settings
from publishing import release
from publishing.disclosure_control import Refused
from tests.support import open_data as od


@pytest.fixture
def lake(home: Path, monkeypatch) -> Path:
    od.use(monkeypatch, od.catalogue_of())
    od.fill()
    return home


def released(theme: str) -> list[dict]:
    """What the manifest of a fresh release says of each dataset."""
    return json.loads((release.build(theme).folder / "manifest.json").read_text("utf-8"))["datasets"]


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
    air, hours, register = released("environment")
    assert (air["licence"]["id"], air["inputs"]) == ("CC-BY-4.0", {"environment__air_quality__prsa": "CC-BY-4.0"})
    assert (hours["licence"]["id"], hours["inputs"]) == ("CC-BY-SA-4.0", {montreal: "CC-BY-SA-4.0"})
    assert (register["licence"]["id"], register["inputs"]) == ("CC-BY-4.0", {"contracts/reference": "CC-BY-4.0"})
    assert "Weather office" not in air["citation"] and "Weather office of Montreal." in hours["citation"]


def test_data_of_our_own_devices_need_no_stated_licence(lake, monkeypatch):
    od.use(monkeypatch, od.catalogue_of(sources=(od.source(licence=None, origin="operational"),)))
    assert released("environment")[0]["licence"]["id"] == "CC-BY-4.0"
