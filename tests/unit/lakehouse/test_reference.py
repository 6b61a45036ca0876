"""Code lists, and conversion of units that gives the decimal that a person would write."""

import pytest

from lakehouse import reference
from lakehouse.settings import settings


def converted(value: float, unit_from: str, unit_to: str) -> float:
    c = reference.conversion(unit_from, unit_to)
    return (value + c.before) * c.multiply / c.divide + c.after


@pytest.mark.parametrize(
    ("value", "unit_from", "unit_to", "expected"),
    [
        (300, "ug/m3", "mg/m3", 0.3),
        (0.069, "GP", "ug/m3", 69.0),
        (101.24, "kPa", "hPa", 1012.4),
        (36, "km/h", "m/s", 10.0),
        (16.1, "km", "m", 16100.0),
        (0.55, "1", "%", 55.0),
        (-40, "[degF]", "Cel", -40.0),
    ],
)
def test_a_value_in_another_unit_of_its_quantity(value, unit_from, unit_to, expected):
    assert converted(value, unit_from, unit_to) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("unit_from", "unit_to", "said"),
    [
        ("hPa", "ug/m3", r"hPa \(pressure\) cannot become ug/m3 \(mass_concentration\)\."),
        ("furlong", "m", r"Unit 'furlong' is not in contracts/reference/units\.csv\."),
    ],
)
def test_units_that_do_not_fit_are_named(unit_from, unit_to, said):
    with pytest.raises(ValueError, match=said):
        reference.conversion(unit_from, unit_to)


def test_a_code_list_that_is_not_there_is_named_with_the_mend():
    assert reference.exists("pollutants") and not reference.exists("gauges")
    with pytest.raises(FileNotFoundError, match=r"Code list gauges is not in contracts/reference; add gauges\.csv"):
        reference.rows("gauges")


def test_stations_are_looked_up_by_the_codes_of_their_issuer():
    assert reference.lookup_station("prsa")["Dongsi"] == "prsa-dongsi"
    assert "Dongsi" not in reference.lookup_station("hj212")


def test_in_production_made_up_stations_are_not_registered(home, monkeypatch):
    assert "N1" in reference.lookup_station("template")
    monkeypatch.setenv("LAKE_PROFILE", "production")
    settings.cache_clear()
    assert reference.lookup_station("template") == {} and "Dongsi" in reference.lookup_station("prsa")
