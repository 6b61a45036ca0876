"""A checksum is of what the rows say: not of their order, files, versions, or how and when they came."""

from datetime import UTC, datetime
from hashlib import sha256

import pyarrow as pa
import pytest

from lakehouse import tables
from lakehouse.checksums import checksum

NAME = "gold.a"
AT = datetime(2016, 5, 1, 3, tzinfo=UTC)
ROWS = [{"value": 0.1, "at": AT, "parts": [{"k": "风"}]}, {"value": None, "at": AT.replace(hour=4), "parts": []}]
AS_JSON = (
    '{"at":"2016-05-01 03:00:00+00","parts":[{"k":"风"}],"value":0.1}',
    '{"at":"2016-05-01 04:00:00+00","parts":[],"value":null}',
)


def table(rows: list[dict], **more: pa.Array) -> pa.Table:
    types = {"value": pa.float64(), "at": pa.timestamp("us", tz="UTC"), "parts": pa.list_(pa.struct({"k": pa.string()}))}
    made = pa.Table.from_pylist(rows, pa.schema(types))
    for name, column in more.items():
        made = made.append_column(name, column)
    return made


def test_it_is_the_sum_of_the_sorted_sums_of_the_rows_as_json(home):
    tables.replace(NAME, table(ROWS))
    digests = sorted(sha256(row.encode()).hexdigest() for row in AS_JSON)
    assert checksum(NAME) == sha256("".join(digests).encode()).hexdigest()


def test_order_files_columns_and_how_the_rows_came_play_no_part(home):
    tables.replace(NAME, table(ROWS))
    before = checksum(NAME)
    tables.replace(NAME, table(ROWS[1:]).select(["parts", "value", "at"]))
    tables.append(NAME, table(ROWS[:1]))
    assert checksum(NAME) == before
    tables.replace(NAME, table(ROWS, _run_id=pa.array(["r1", "r2"]), input_versions=pa.array(["{}", "{}"])))
    assert checksum(NAME) == before


@pytest.mark.parametrize(
    "rows",
    [
        ROWS[:1],
        [*ROWS, ROWS[0]],
        [ROWS[0] | {"value": 0.1 + 2**-56}, ROWS[1]],
        [ROWS[0] | {"value": None}, ROWS[1] | {"value": 0.1}],
        [ROWS[0], ROWS[1] | {"parts": [{"k": None}]}],
    ],
)
def test_any_other_value_or_row_shows(home, rows):
    tables.replace(NAME, table(ROWS))
    before = checksum(NAME)
    tables.replace(NAME, table(rows))
    assert checksum(NAME) != before


def test_a_table_without_rows_has_the_sum_of_nothing(home):
    tables.replace(NAME, table([]))
    assert checksum(NAME) == sha256(b"").hexdigest()
