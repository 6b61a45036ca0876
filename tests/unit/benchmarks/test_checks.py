"""What the benchmark of row rules compares counts the same, as a plain loop over the rows does."""

import pyarrow.parquet as pq
import pytest

from benchmarks import checks

FLAGS = {"ok", "missing", "calibration", "maintenance", "fault", "over_range", "stopped", "manual", "communication"}
BREAKS = {  # the contract's rules once more, by hand
    "station_id_required": lambda r: r["station_id"] is None,
    "pollutant_code_required": lambda r: r["pollutant_code"] is None,
    "period_required": lambda r: r["period"] is None,
    "observed_at_required": lambda r: r["observed_at"] is None,
    "unit_code_required": lambda r: r["unit_code"] is None,
    "flag_required": lambda r: r["flag"] is None,
    "period_known": lambda r: r["period"] is not None and r["period"] not in {"rtd", "minute", "hour", "day"},
    "flag_known": lambda r: r["flag"] is not None and r["flag"] not in FLAGS,
    "value_not_negative": lambda r: r["value"] is not None and r["value"] < 0,
    "value_below_physical_limit": lambda r: r["value"] is not None and r["value"] > 10_000,
    "pm25_below_instrument_cap": lambda r: r["pollutant_code"] == "pm25" and r["value"] is not None and r["value"] >= 999,
    "missing_value_is_flagged": lambda r: r["value"] is None and r["flag"] == "ok",
}


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")
    checks.write_rows(folder, 20_000)
    return folder


@pytest.mark.parametrize("variant", [checks.MASKS, checks.DUCK, checks.DUCK_SPLIT])
def test_each_way_counts_what_a_plain_loop_counts(rows, variant):
    each = [row for part in checks.parts(rows) for row in pq.read_table(part).to_pylist()]
    expected = {name: sum(map(breaks, each)) for name, breaks in BREAKS.items()}
    counted = checks.VARIANTS[variant](rows)()
    assert counted == expected
    assert sum(expected.values()) > 100


def test_the_split_gives_every_row_once(rows):
    checks.VARIANTS[checks.DUCK_SPLIT](rows)()
    assert sum(pq.read_metadata(rows / f"{name}.out").num_rows for name in ("valid", "held")) == 20_000
