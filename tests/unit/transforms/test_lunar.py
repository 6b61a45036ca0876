"""Dates of the traditional calendar, from published almanacs: New Year's days, leap months, festivals."""

import pyarrow as pa
import pytest

from transforms.conform.lunar import lunar_texts


@pytest.mark.parametrize(
    "solar, lunar",
    [
        ("20000205", "20000101"),  # New Year's Day of the dragon
        ("19850220", "19850101"),
        ("20240210", "20240101"),
        ("20240209", "20231230"),  # its eve: a twelfth month of 30 days
        ("20230322", "20230201"),  # first day of the leap second month
        ("20200523", "20200401"),  # first day of the leap fourth month
        ("20140908", "20140815"),  # Mid-Autumn
        ("20141024", "20140901"),  # first day of the leap ninth month
        ("19000131", "19000101"),
    ],
)
def test_known_days(solar, lunar):
    assert lunar_texts(pa.array([solar])).to_pylist() == [lunar]


def test_outside_the_table_and_no_date_are_null():
    assert lunar_texts(pa.array(["18991231", "20300101", "19850230", "", None])).null_count == 5


def test_years_follow_each_other_without_gap():
    days = pa.array([f"{year}0105" for year in range(1901, 2027)])
    assert lunar_texts(days).null_count == 0
