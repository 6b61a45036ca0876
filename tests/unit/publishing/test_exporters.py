"""The same rows in every form; CSV byte for byte."""

import csv
import json
from datetime import UTC, datetime

import geopandas
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import pytest
import shapely

from publishing.disclosure_control import licences, open_columns
from publishing.exporters import Export, open_table, write_csv, write_dictionary, write_excel, write_parquet
from tests.support.open_data import daily, daily_rows, dataset, field, hourly, hourly_rows

ISSUED = datetime(2026, 11, 20, 8, tzinfo=UTC)


def export(contract, gold) -> Export:
    return Export(
        contract,
        open_columns(contract),
        open_table(contract, gold),
        "2017.02-r1",
        ISSUED,
        licences()["CC-BY-4.0"],
        ("Zhang.",),
        ("public_reference",),
    )


@pytest.fixture
def days() -> Export:
    return export(daily(), daily_rows())


def test_csv_is_rfc_4180_with_a_byte_order_mark(days, tmp_path):
    (path,) = write_csv(days, tmp_path)
    expected = (
        "\ufeffstation_id,date_local,rule_version,is_in_force,pm25_ugm3,aqi,primary_pollutants,is_provisional,data_origin\r\n"
        "prsa-dongsi,2017-02-26,HJ 633-2012,true,12,20,,false,public_reference\r\n"
        "prsa-dongsi,2017-02-27,HJ 633-2012,true,35.5,40,,false,public_reference\r\n"
        'prsa-dongsi,2017-02-28,HJ 633-2012,true,110,60,"pm25,pm10",true,public_reference\r\n'
        "prsa-shunyi,2017-02-26,HJ 633-2012,true,9,20,,false,public_reference\r\n"
        "prsa-shunyi,2017-02-27,HJ 633-2012,true,,,,false,public_reference\r\n"
        'prsa-shunyi,2017-02-28,HJ 633-2012,true,80.25,60,"pm25,pm10",true,public_reference\r\n'
    )
    assert path.read_bytes() == expected.encode()


def test_instants_are_written_in_utc_and_local_times_without_zone(tmp_path):
    contract = dataset("t", [field("at", "timestamp", key=True), field("local", "timestamp")])
    rows = pa.table({
        "at": pa.array([datetime(2017, 2, 28, 15, 0, 0, 250_000, UTC)], pa.timestamp("us", "UTC")),
        "local": pa.array([datetime(2017, 2, 28, 23)], pa.timestamp("us")),
    })  # fmt: skip
    (path,) = write_csv(export(contract, rows), tmp_path)
    assert path.read_text("utf-8-sig").splitlines()[1] == "2017-02-28T15:00:00.250000Z,2017-02-28T23:00:00"


def test_texts_with_quotes_and_line_ends_survive(tmp_path):
    contract = dataset("t", [field("id", key=True), field("text")])
    nasty = ['say "no"', "two\r\nlines", "a,b", "中文", ""]
    (path,) = write_csv(export(contract, pa.table({"id": list("abcde"), "text": nasty})), tmp_path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert [row["text"] for row in csv.DictReader(file)] == nasty


def test_parquet_holds_the_rows_and_says_what_they_are(days, tmp_path):
    (path,) = write_parquet(days, tmp_path)
    found = pq.read_table(path)
    assert found.to_pylist() == days.rows.to_pylist()
    assert found.schema.metadata[b"version"] == b"2017.02-r1"
    assert found.schema.metadata[b"licence"] == b"https://creativecommons.org/licenses/by/4.0/"
    assert found.schema.field("pm25_ugm3").metadata[b"unit"] == b"ug/m3"


def test_excel_holds_the_same_rows(days, tmp_path):
    (path,) = write_excel(days, tmp_path)
    book = openpyxl.load_workbook(path, read_only=True)
    header, *rows = book["data"].iter_rows(values_only=True)
    assert list(header) == days.rows.column_names
    assert [[row[0], row[1].date(), row[4], row[7]] for row in rows] == [
        [r["station_id"], r["date_local"], r["pm25_ugm3"], r["is_provisional"]] for r in days.rows.to_pylist()
    ]
    about = {row[0]: row[1] for row in book["about"].iter_rows(max_row=8, values_only=True)}
    assert about["version"] == "2017.02-r1"
    assert "Zhang" in about["citation"]


def test_excel_instants_are_utc(tmp_path):
    (path,) = write_excel(export(hourly(), hourly_rows(hours=2)), tmp_path)
    rows = list(openpyxl.load_workbook(path)["data"].iter_rows(min_row=2, values_only=True))
    assert [row[1] for row in rows[:2]] == [datetime(2017, 2, 27, 0), datetime(2017, 2, 27, 1)]


@pytest.mark.parametrize(
    ("start", "hours", "sheet_rows", "parts"),
    [
        # two stations, so 96 rows in 48 hours; local time is eight hours ahead of UTC
        (datetime(2016, 12, 31, 15, tzinfo=UTC), 48, 96, {"": 96}),
        (datetime(2016, 12, 31, 15, tzinfo=UTC), 48, 95, {"_2016": 2, "_2017": 94}),
        (datetime(2017, 1, 31, 15, tzinfo=UTC), 48, 95, {"_2017-01": 2, "_2017-02": 94}),
        (datetime(2017, 2, 26, 16, tzinfo=UTC), 36, 48, {"_2017-02-27": 48, "_2017-02-28": 24}),
    ],
)
def test_rows_beyond_a_sheet_are_split_by_local_year_then_month_then_day(tmp_path, start, hours, sheet_rows, parts):
    paths = write_excel(export(hourly(), hourly_rows(hours, start)), tmp_path, sheet_rows)
    sizes = {p.stem.removeprefix("fct_air_quality_hourly"): openpyxl.load_workbook(p)["data"].max_row - 1 for p in paths}
    assert sizes == parts


def test_rows_that_no_period_can_split_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"fct_air_quality_hourly: 96 rows do not fit Excel's 10 rows a sheet"):
        write_excel(export(hourly(), hourly_rows()), tmp_path, sheet_rows=10)


def test_the_dictionary_names_open_columns_in_both_languages(days, tmp_path):
    table, document = write_dictionary(days, tmp_path)
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["column"] for row in rows] == days.rows.column_names
    assert (rows[4]["name_zh"], rows[4]["name_en"], rows[4]["unit"]) == ("细颗粒物", "PM2.5", "ug/m3")
    assert json.loads(document.read_text("utf-8"))["primary_key"] == [
        "station_id",
        "date_local",
        "rule_version",
    ]


@pytest.mark.parametrize(
    ("drawn", "shapes"),
    [
        (["lon", "lat"], [shapely.Point(24.94, 60.17), None]),
        ("path", [shapely.LineString([(24.94, 60.17), (24.95, 60.18)]), None]),
    ],
)
def test_a_table_with_a_geometry_leaves_as_geoparquet(tmp_path, drawn, shapes):
    """Read back by another reader: the same shapes, longitude first, in EPSG:4490; the other columns as they are without it."""
    fields = [field("place_id", key=True), field("lon", "number"), field("lat", "number"), field("path")]
    line = '{"type":"LineString","coordinates":[[24.94,60.17],[24.95,60.18]]}'
    rows = pa.table({"place_id": ["a", "b"], "lon": [24.94, None], "lat": [60.17, None], "path": [line, None]})
    contract = dataset("places", fields, properties={"geometry": drawn, "crs": "EPSG:4490"})
    (path,) = write_parquet(export(contract, rows), tmp_path)
    frame = geopandas.read_parquet(path)
    assert [*frame.geometry] == shapes and frame.crs.equals(pyproj.CRS.from_epsg(4490))
    assert pq.read_table(path).drop_columns(["geometry"]).to_pylist() == rows.to_pylist()
    said = json.loads(pq.read_schema(path).metadata[b"geo"])["columns"]["geometry"]
    assert said["geometry_types"] == [shapes[0].geom_type] and said["bbox"] == [*shapes[0].bounds]
    (plain,) = write_parquet(export(dataset("places", fields), rows), tmp_path)
    assert pq.read_schema(plain).names == ["place_id", "lon", "lat", "path"]
