"""Winning readings of a slice -> one value per station, pollutant and hour.

An hour reported as such is taken as it is; else the mean of its valid minute readings, else of its instants.
Minutes covered: an hour reading 60, a minute reading its ten minutes (HJ 212's usual interval), an instant one.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contracts import Dataset
from lakehouse.contracts.derive import arrow_schema
from transforms.readings.settle import pack_keys, slice_of

MINUTES = {"hour": 60, "minute": 10, "rtd": 1}


def hourly(silver: pa.Table, dataset: Dataset) -> pa.Table:
    """Rows of the hourly dataset for the silver rows of one slice; day values take no part."""
    rows = silver.filter(pc.is_in(silver["period"], value_set=pa.array(list(MINUTES))))
    if not rows.num_rows:
        return arrow_schema(dataset).empty_table()
    hour_at = pc.floor_temporal(rows["observed_at"], unit="hour")
    span = _mapped(rows["period"], MINUTES)
    order, starts = _hours_of(rows.append_column("hour_at", hour_at), span)
    rows = rows.append_column("hour_at", hour_at).take(order)
    return _table(rows, span[order], starts, dataset)


def _hours_of(rows: pa.Table, span: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the rows that make the hours (longest period only), grouped by hour in time order, and group starts."""
    packed = pack_keys(rows, ("station_id", "pollutant_code", "hour_at"))
    order = np.lexsort((rows["observed_at"].cast(pa.int64()).to_numpy(), packed))
    starts = _starts(packed[order])
    longest = np.repeat(np.maximum.reduceat(span[order], starts), np.diff(np.r_[starts, len(order)]))
    order = order[span[order] == longest]
    return order, _starts(packed[order])


def _starts(groups: np.ndarray) -> np.ndarray:
    return np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])


def _table(rows: pa.Table, span: np.ndarray, starts: np.ndarray, dataset: Dataset) -> pa.Table:
    values = rows["value"].to_numpy()
    valid = np.asarray(pc.equal(rows["flag"], "ok")) & ~np.isnan(values)
    count = np.add.reduceat(valid.astype(np.int64), starts)
    total = np.add.reduceat(np.where(valid, values, 0.0), starts)
    mean = np.divide(total, count, out=np.full(len(starts), np.nan), where=count > 0)
    first = rows.take(starts)
    newest = {
        n: pa.array(np.maximum.reduceat(rows[n].cast(pa.int64()).to_numpy(), starts)) for n in ("_received_at", "_available_at")
    }
    columns = {
        **{n: first[n] for n in ("station_id", "pollutant_code", "hour_at", "unit_code")},
        **{n: first[n] for n in ("_record_id", "_source_code", "_data_origin")},
        **newest, "value": pa.array(mean, from_pandas=True), "period_used": first["period"],
        "minutes_valid": pa.array(np.minimum(np.add.reduceat(np.where(valid, span, 0), starts), 60)),
        "_warnings": _any_warning(rows["_warnings"], starts), "_item_no": pa.nulls(len(starts), pa.int32()),
        dataset.partition: slice_of(first["hour_at"], dataset.partition),
    }  # fmt: skip
    schema = arrow_schema(dataset)
    return pa.table([columns[n] for n in schema.names], names=schema.names).cast(schema)


def _any_warning(warnings: pa.ChunkedArray, starts: np.ndarray) -> pa.Array:
    """Per hour, one of its readings' warnings (the last in alphabetical order); null when none has any."""
    encoded = warnings.combine_chunks().dictionary_encode()
    words = sorted(encoded.dictionary.to_pylist())
    rank = np.array([words.index(w) for w in encoded.dictionary.to_pylist()] or [0])
    codes = np.where(np.asarray(encoded.indices.is_valid()), rank[np.asarray(encoded.indices.fill_null(0))], -1)
    worst = np.maximum.reduceat(codes, starts)
    return pa.array([*words, None], pa.string()).take(pa.array(np.where(worst < 0, len(words), worst)))


def _mapped(column: pa.ChunkedArray, mapping: dict[str, int]) -> np.ndarray:
    found = pc.index_in(column, value_set=pa.array(list(mapping)))
    return np.array(list(mapping.values()))[found.to_numpy()]
