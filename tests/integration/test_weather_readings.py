"""Weather by the SQL path: items in the unit that the device names, columns whose names are no identifiers."""

import json
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from lakehouse import tables
from lakehouse.contracts import contracts
from tests.support.bronze_rows import RECEIVED, TIME, sent
from tests.support.delivered_files import source
from transforms import slices
from transforms.sql import candidates

AT = datetime(2016, 5, 1, 3, tzinfo=UTC)
WEATHER = contracts()["environment__weather"]
STATION = "device-0A3478"

pytestmark = [pytest.mark.spark, pytest.mark.slow]


def observed(hour: int, **items: tuple) -> dict:
    """A payload with items code -> (value, unit)."""
    listed = [{"code": code, "value": value, "unit": unit} for code, (value, unit) in items.items()]
    return {"device": STATION, "observed_at": AT.replace(hour=hour), "period": "hour", "items": listed}


SENT = [
    observed(0, temperature=("20", None), relativeHumidity=("0.5", None), atmosphericPressure=("1000", "A97")),
    observed(1, temperature=("68", "FAH"), relativeHumidity=("50", "P1"), atmosphericPressure=("100", "KPA")),
    observed(2, temperature=("20", "HTZ")),
    observed(3, temperature=("warm", None), windSpeed=("3", None)),
    observed(4),
    observed(5, temperature=("12\x1e", "HTZ"), windSpeed=("3,5", None), relativeHumidity=("0.5", None)),
    {**observed(0, temperature=("20", None)), "observed_at": RECEIVED + timedelta(hours=2)},
]


@pytest.fixture
def silver(spark_lake):
    from transforms.sql import run as sql

    tables.append("bronze.environment__weather__ngsi", sent(SENT))
    sql.run(slices.resolve(WEATHER, contracts()))
    return spark_lake


def test_items_are_converted_from_the_unit_that_the_device_names(silver):
    rows = {r["observed_at"].hour: r for r in tables.read(WEATHER.table).to_pylist()}
    assert sorted(rows) == [0, 1, 4]
    for hour in (0, 1):
        assert (rows[hour]["temp_c"], rows[hour]["rh_pct"], rows[hour]["press_hpa"]) == pytest.approx((20, 50, 1000))
    assert rows[4]["temp_c"] is None and rows[4]["_warnings"] == "something_observed"


def test_what_does_not_resolve_is_held_with_the_reason(silver):
    held = {r["observed_at"]: r for r in tables.read(f"quarantine.{WEATHER.id}").to_pylist()}
    told = {at.isoformat(): [(c["field"], c["check"], c["message"]) for c in r["checks"]] for at, r in held.items()}
    no_unit = ("temp_c", "unit_fits", "HTZ is no unit of this quantity; fix the unit and replay.")
    no_number = "is not a number; fix the value or waive the row."
    assert told == {
        "2016-05-01T02:00:00+00:00": [no_unit],
        "2016-05-01T03:00:00+00:00": [("temp_c", "value_is_number", f"warm {no_number}")],
        "2016-05-01T05:00:00+00:00": [
            ("temp_c", "value_is_number", f"12  {no_number}"), no_unit, ("wind_ms", "value_is_number", f"3,5 {no_number}"),
        ],
        "2017-03-02T02:00:00+00:00": [(
            "observed_at", "not_from_the_future",
            "2017-03-02 02:00 UTC lies after the receipt; have the sender's clock set, then waive the row.",
        )],
    }  # fmt: skip
    assert json.loads(held[AT]["row"])["_as_sent"].startswith('["warm"')


def test_columns_with_blanks_and_brackets_in_their_names_are_read(spark_lake):
    names = ["Date/Time", "Temp (C)", "Wind Spd (km/h)", "Stn Press (kPa)"]
    mapping = source(
        columns=names, time={"from": names[:1], "zone": "Etc/GMT+5"}, station={"constant": "N1", "issuer": "template"},
        measures={"Temp (C)": {"becomes": "temp_c", "unit": "Cel"}, "Wind Spd (km/h)": {"becomes": "wind_ms", "unit": "km/h"},
                  "Stn Press (kPa)": {"becomes": "press_hpa", "unit": "kPa"}},
    )  # fmt: skip
    own = dict(zip(names, ("2012-01-01 00:00:00", "-1.8", "36", "101.24"), strict=True))
    envelope = {"_record_id": "r1", "_delivery_id": "d1", "_data_origin": "test_vector", "_revision": 0}
    times = {"_observed_at": pa.array([AT], TIME), "_received_at": pa.array([RECEIVED], TIME)}
    tables.append("bronze.test__odd_names", pa.table({k: [v] for k, v in {**own, **envelope}.items()} | times))
    delta = spark_lake.read.format("delta").load(str(tables.location("bronze.test__odd_names")))
    delta.createOrReplaceTempView("bronze_rows")
    row = spark_lake.sql(candidates.statement(WEATHER, mapping)).collect()[0]
    assert (row.station_id, row._problem) == ("template-n1", None)
    assert (row.temp_c, row.wind_ms, row.press_hpa) == pytest.approx((-1.8, 10.0, 1012.4))
