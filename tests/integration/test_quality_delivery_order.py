"""Any order of deliveries, built at once or one by one, gives the same silver, the same held rows and balanced books."""

from datetime import UTC, datetime
from itertools import permutations

from lakehouse import tables
from lakehouse.contracts import contracts
from quality.reconcile import reconcile
from tests.support.received import Gateway, deliver
from tests.support.silver_lake import build

AT = datetime(2016, 5, 1, 3, tzinfo=UTC)
READINGS = contracts()["environment__air_quality"]
STATED = [*(f.name for f in READINGS.fields), "_record_id", "_item_no", "_warnings", "_source_code", "_data_origin"]
FIRST = [{"at": AT, "PM2.5": 35, "PM10": 20}, {"at": AT.replace(hour=4), "PM2.5": 10}, {"at": AT.replace(hour=5), "PM2.5": -1}]
CORRECTION = [{"at": AT.replace(hour=4), "PM2.5": 12, "PM10": 9}]
REPEAT = [*FIRST[:1], {"at": AT.replace(month=6), "PM2.5": 7}]
DELIVERIES = {"first": (FIRST, 0), "correction": (CORRECTION, 1), "repeat": (REPEAT, 0)}


def state(folder, order: tuple[str, ...], one_by_one: bool) -> dict[str, list]:
    for name in order:
        rows, revision = DELIVERIES[name]
        deliver(folder, rows, f"{name}.csv", revision)
        if one_by_one:
            build()
    build()
    assert reconcile(READINGS.id).mismatches == []
    silver = tables.read(READINGS.table, STATED).sort_by([(k, "ascending") for k in READINGS.primary_key]).to_pylist()
    held = tables.read(f"quarantine.{READINGS.id}", ["_hold_id", "checks", "row"]).sort_by("_hold_id").to_pylist()
    return {"silver": silver, "held": held}


def test_every_order_of_deliveries_gives_the_same_tables(lakes):
    expected = state(lakes(), tuple(DELIVERIES), one_by_one=False)
    values = {(r["observed_at"], r["pollutant_code"]): r["value"] for r in expected["silver"] if r["value"] is not None}
    assert values == {
        (AT, "pm25"): 35.0, (AT, "pm10"): 20.0, (AT.replace(hour=4), "pm25"): 12.0, (AT.replace(hour=4), "pm10"): 9.0,
        (AT.replace(month=6), "pm25"): 7.0,
    }  # fmt: skip
    for order in permutations(DELIVERIES):
        assert state(lakes(), order, one_by_one=True) == expected, order


def test_building_again_changes_nothing(lakes, tmp_path):
    folder = lakes()
    before = state(folder, tuple(DELIVERIES), one_by_one=False)
    gate = Gateway(tmp_path / "spool")
    assert build() == {}
    gate.send(gate.reading({"code": "a01001", "value": "12.5"}, at="2016-05-01T03:00:00Z"))  # holds nothing of this dataset
    assert build()["slices"] == ["2016-05-01"]
    assert state(folder, (), one_by_one=False) == before
