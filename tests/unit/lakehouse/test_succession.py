"""The reform of Hangzhou in 2021: totals are conserved and agree with figures of the new districts that were not used."""

import csv
import gzip
import json
from datetime import date

import pyarrow as pa
import pytest

from lakehouse import reference
from lakehouse.geo import succession

BEFORE, AFTER = date(2020, 6, 7), date(2023, 6, 30)

# Census of 2010, resident population of Hangzhou's districts as they were then
CENSUS_2010 = {
    "330102": 344_594, "330103": 526_096, "330104": 998_783, "330105": 551_874, "330106": 820_017, "330108": 319_027,
    "330109": 1_511_290, "330110": 1_170_290, "330111": 717_694, "330112": 566_665, "330122": 406_450, "330127": 336_843,
    "330182": 430_750,
}  # fmt: skip
CITY_2010 = 8_700_373
# Census report of 2020: the same population by the districts of 2021, percent of the city
RESTATED_2010 = {"330105": 12.39, "330113": 6.76, "330114": 5.47, "330102": 11.87, "330109": 15.47, "330110": 6.69}


def totals(values: dict[str, float]) -> pa.Table:
    return pa.table({"division_code": list(values), "value": list(values.values())})


def as_dict(table: pa.Table) -> dict[str, float]:
    return dict(zip(table["division_code"].to_pylist(), table["value"].to_pylist(), strict=True))


@pytest.mark.parametrize("weight", ["population", "area", "enterprises"])
def test_totals_are_conserved(weight):
    assert sum(CENSUS_2010.values()) == CITY_2010
    restated = as_dict(succession.restate(totals(CENSUS_2010), BEFORE, AFTER, weight))
    assert abs(sum(restated.values()) / CITY_2010 - 1) < 1e-9
    assert set(restated) == set(CENSUS_2010) - {"330103", "330104"} | {"330113", "330114"}


def test_the_new_districts_have_the_population_that_the_census_office_gives_them():
    """Gongshu, Linping and Qiantang took no part in the weights; the report rounds to 0.01 % = 870 persons."""
    restated = as_dict(succession.restate(totals(CENSUS_2010), BEFORE, AFTER))
    for code, percent in RESTATED_2010.items():
        assert abs(restated[code] / CITY_2010 * 100 - percent) <= 0.005, code
    for untouched in ("330106", "330108", "330122"):
        assert restated[untouched] == CENSUS_2010[untouched]


def test_reforms_follow_one_another():
    """Xiaoshan city became a district in 2001, and in 2021 lost its east to Qiantang."""
    chain = succession.bridge(date(1995, 1, 1), AFTER)
    assert chain["330181"] == chain["330109"] and set(chain["330181"]) == {"330109", "330114"}
    assert sum(chain["330181"].values()) == pytest.approx(1, abs=1e-12)
    assert succession.bridge(AFTER, AFTER) == {}
    same = succession.restate(totals({"330104": 5.0}), AFTER, date(2026, 1, 1))
    assert as_dict(same) == {"330104": 5.0}


def test_weights_of_the_list_sum_to_one_and_a_wrong_one_is_named():
    rows = reference.rows("division_succession")
    assert succession.check(rows) == []
    broken = [{**row, "weight_area": "0.5"} if row["to_code"] == "330113" else row for row in rows]
    (sentence,) = succession.check(broken)
    assert sentence.startswith("division_succession: the weights by area of 330110 on 2021-04-09 sum to 1.26")


def test_boundaries_of_2020_and_the_list_of_2023_differ_by_the_reform_alone(reference_data):
    divisions = reference_data / "admin_divisions"
    with gzip.open(divisions / "boundaries_gcj02/zhejiang_330000_counties.geojson.gz") as file:
        drawn = {feature["properties"]["adcode"] for feature in json.load(file)["features"]}
    with (divisions / "china_division_2023/areas.csv").open(encoding="utf-8") as file:
        listed = {row["code"] for row in csv.DictReader(file) if row["provinceCode"] == "33"}
    after = set(as_dict(succession.restate(totals(dict.fromkeys(drawn, 1.0)), BEFORE, AFTER)))
    assert drawn - listed == {"330103", "330104"} and after == listed
    for code in drawn:
        assert valid(code, BEFORE), code
    for code in listed:
        assert valid(code, AFTER), code


def valid(code: str, day: date) -> bool:
    """By the periods of the list, read without the platform's own lookup."""
    return any(
        row["division_code"] == code and (row["valid_from"] or "0000") <= day.isoformat() < (row["valid_to"] or "9999")
        for row in reference.rows("divisions")
    )
