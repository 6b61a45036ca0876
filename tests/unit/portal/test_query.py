"""Addresses -> typed questions; what is refused and with which words."""

from datetime import UTC, date, datetime

import pytest

from portal.open_data import OpenDataset
from portal.query import BadParameter, parse
from publishing.disclosure_control import open_columns
from tests.support.open_data import daily, hourly

DAY_TYPES = {"station_id": "VARCHAR", "date_local": "DATE", "rule_version": "VARCHAR", "is_in_force": "BOOLEAN",
             "pm25_ugm3": "DOUBLE",
             "aqi": "INTEGER",
             "primary_pollutants": "VARCHAR", "is_provisional": "BOOLEAN", "data_origin": "VARCHAR"}  # fmt: skip
HOUR_TYPES = {"station_id": "VARCHAR", "hour_at": "TIMESTAMP WITH TIME ZONE", "value": "DOUBLE", "data_origin": "VARCHAR"}


def of(contract, types) -> OpenDataset:
    return OpenDataset(contract, open_columns(contract), types, None, None, None)


DAYS, HOURS = of(daily(), DAY_TYPES), of(hourly(), HOUR_TYPES)


def test_without_parameters_the_first_page_in_the_order_of_the_key():
    sql, values = parse(DAYS, []).sql(DAYS)
    assert sql.startswith('select "station_id", "date_local"')
    assert 'from "gold"."agg_air_quality_daily" where "is_in_force" order by "station_id" asc nulls last, "date_local" asc' in sql
    assert values == [100, 0]


def test_values_are_bound_and_typed():
    given = [
        ("date_local.gte", "2017-02-27"),
        ("pm25_ugm3.lt", "100"),
        ("station_id", "a"),
        ("station_id", "b"),
        ("aqi.null", "false"),
    ]
    sql, values = parse(DAYS, given).sql(DAYS)
    assert '"date_local" >= ? and "pm25_ugm3" < ? and "station_id" in (?, ?) and "aqi" is not null' in sql
    assert values == [date(2017, 2, 27), 100.0, "a", "b", 100, 0]


def test_a_value_is_never_part_of_the_sql():
    attack = "x'; drop table gold.dim_stations; --"
    sql, values = parse(DAYS, [("station_id", attack)]).sql(DAYS)
    assert attack not in sql
    assert values[0] == attack


@pytest.mark.parametrize("text", ["2017-02-28T16:00:00Z", "2017-02-28T16:00:00", "2017-03-01T00:00:00+08:00"])
def test_instants_without_zone_are_utc(text):
    assert parse(HOURS, [("hour_at", text)]).conditions[0][1] == (datetime(2017, 2, 28, 16, tzinfo=UTC),)


def test_order_ends_with_the_key_so_pages_never_overlap():
    assert parse(HOURS, [("sort", "-value,station_id")]).order == (
        '"value" desc nulls last', '"station_id" asc nulls last', '"hour_at" asc nulls last',
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("statoin_id", "a", "Unknown parameter 'statoin_id'. Did you mean station_id?"),
        ("held_by", "x", "Unknown parameter 'held_by'."),  # exists in gold, is not open
        ("station_id.like", "x", "Column station_id takes station_id=value, .gt, .gte, .lt, .lte and .null."),
        ("is_provisional.gt", "true", "Unknown parameter 'is_provisional.gt'"),
        ("aqi", "12.5", "Parameter aqi takes a whole number such as 12, not '12.5'."),
        ("aqi", str(2**70), "below 2^63"),
        ("pm25_ugm3", "nan", "Parameter pm25_ugm3 takes a number such as 35.5, not 'nan'."),
        ("pm25_ugm3", "1e999", "takes a number"),
        ("date_local", "28.02.2017", "Parameter date_local takes a date such as 2017-02-28, not '28.02.2017'."),
        ("is_provisional", "yes", "takes true or false, not 'yes'."),
        ("limit", "0", "Parameter limit lies between 1 and 10,000, not at '0'."),
        ("limit", "99999", "between 1 and 10,000"),
        ("offset", "-1", "Parameter offset lies between 0"),
        ("format", "xml", "Parameter format takes json or csv, not 'xml'."),
        ("sort", "agi", "Parameter sort names the unknown column 'agi'. Did you mean aqi?"),
        ("sort", "", "names the unknown column ''"),
        ("columns", "station_id,held_by", "Parameter columns names the unknown column 'held_by'."),
        ("station_id", "x" * 201, "at most 200 characters"),
        ("station_id", "a\0b", "at most 200 characters"),
        ('station_id" or 1=1 --', "x", "Unknown parameter"),
    ],
)
def test_what_is_not_known_is_refused_with_one_sentence(name, value, said):
    with pytest.raises(BadParameter) as refusal:
        parse(DAYS, [(name, value)])
    assert said in str(refusal.value)


def test_an_instant_out_of_range_is_refused():
    with pytest.raises(BadParameter, match="takes a time such as 2017-02-28T16:00:00Z"):
        parse(HOURS, [("hour_at", "0001-01-01T00:00:00+14:00")])


def test_a_setting_may_stand_once():
    with pytest.raises(BadParameter, match="Parameter limit stands twice"):
        parse(DAYS, [("limit", "1"), ("limit", "2")])


def test_a_column_asked_for_twice_comes_once():
    assert parse(DAYS, [("columns", "aqi,aqi")]).columns == ("aqi",)
