"""Winning readings of a slice -> one value per station, pollutant and hour.

An hour reported as such is taken as it is; else the mean of its valid minute readings, else of its instants.
Minutes covered: an hour reading 60, a minute reading its ten minutes (HJ 212's usual interval), an instant one.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contracts import Dataset
from lakehouse.contracts.derive import arrow_schema
from lakehouse.words import encoded
from transforms.slices import slice_of
from transforms.winners import pack_keys, ranks

MINUTES = {"hour": 60, "minute": 10, "rtd": 1}


def hourly(silver: pa.Table, dataset: Dataset) -> pa.Table:
    """Rows of the hourly dataset for the silver rows of one slice, in key order; day values take no part."""
    span = _minutes(silver["period"])
    rows = silver if span.all() else silver.filter(pa.array(span > 0))
    if not rows.num_rows:
        return arrow_schema(dataset).empty_table()
    rows = rows.append_column("hour_at", pc.floor_temporal(rows["observed_at"], unit="hour"))
    return _table(rows, *_hours_of(rows, span[span > 0]), dataset)


def _minutes(period: pa.ChunkedArray) -> np.ndarray:
    words = encoded(period)
    return np.array([MINUTES.get(word, 0) for word in words.dictionary.to_pylist()])[words.indices.to_numpy()]


def _hours_of(rows: pa.Table, span: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions of the rows that make the hours (longest period only), grouped by hour in time order, minutes, group starts."""
    packed = pack_keys(rows, ("station_id", "pollutant_code", "hour_at"))
    order = np.argsort(packed, kind="stable")  # readings of one period come in time order
    starts = _starts(packed[order])
    longest = np.repeat(np.maximum.reduceat(span[order], starts), np.diff(np.r_[starts, len(order)]))
    order = order[span[order] == longest]
    return order, span[order], _starts(packed[order])


def _starts(groups: np.ndarray) -> np.ndarray:
    return np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])


def _table(rows: pa.Table, order: np.ndarray, span: np.ndarray, starts: np.ndarray, dataset: Dataset) -> pa.Table:
    values = rows["value"].to_numpy()[order]
    valid = np.asarray(pc.equal(rows["flag"], "ok"))[order] & ~np.isnan(values)
    count = np.add.reduceat(valid.astype(np.int64), starts)
    total = np.add.reduceat(np.where(valid, values, 0.0), starts)
    mean = np.divide(total, count, out=np.full(len(starts), np.nan), where=count > 0)
    first = rows.take(order[starts])
    times = {n: rows[n].cast(pa.int64()).to_numpy()[order] for n in ("_received_at", "_available_at")}
    columns = {
        **{n: first[n] for n in ("station_id", "pollutant_code", "hour_at", "unit_code")},
        **{n: first[n] for n in ("_record_id", "_source_code", "_data_origin")},
        **{n: pa.array(np.maximum.reduceat(t, starts)) for n, t in times.items()},
        "value": pa.array(mean, from_pandas=True), "period_used": first["period"],
        "minutes_valid": pa.array(np.minimum(np.add.reduceat(np.where(valid, span, 0), starts), 60)),
        "_warnings": _any_warning(rows["_warnings"], order, starts), "_item_no": pa.nulls(len(starts), pa.int32()),
        dataset.partition: slice_of(first["hour_at"], dataset.partition),
    }  # fmt: skip
    schema = arrow_schema(dataset)
    return pa.table([columns[n] for n in schema.names], names=schema.names).cast(schema)


def _any_warning(warnings: pa.ChunkedArray, order: np.ndarray, starts: np.ndarray) -> pa.Array:
    """Per hour, one of its readings' warnings (the last in alphabetical order); null when none has any."""
    words = encoded(warnings)
    rank = np.array([*ranks(words.dictionary), -1])  # -1: no warning
    worst = np.maximum.reduceat(rank[words.indices.fill_null(len(words.dictionary)).to_numpy()][order], starts)
    return pa.array([*sorted(words.dictionary.to_pylist()), None], pa.string()).take(pa.array(worst % len(rank)))
