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
    schema = arrow_schema(dataset)
    if not rows.num_rows:
        return schema.empty_table()
    rows = rows.append_column("hour_at", pc.floor_temporal(rows["observed_at"], unit="hour"))
    rows = rows.append_column("_span", _mapped(rows["period"], MINUTES))
    rows = _only_longest_period(rows)
    valid = pc.and_(pc.equal(rows["flag"], "ok"), pc.is_valid(rows["value"]))
    rows = rows.append_column("_value", pc.if_else(valid, rows["value"], None))
    rows = rows.append_column("_minutes", pc.if_else(valid, rows["_span"], 0))
    keys = ["station_id", "pollutant_code", "hour_at"]
    grouped = rows.sort_by([(k, "ascending") for k in [*keys, "observed_at"]]).group_by(keys, use_threads=False).aggregate([
        ("_value", "mean"), ("_minutes", "sum"), ("unit_code", "first"), ("period", "first"), ("_available_at", "max"),
        ("_received_at", "max"), ("_warnings", "max"), ("_data_origin", "max"), ("_record_id", "first"), ("_source_code", "first"),
    ])  # fmt: skip
    names = {
        "value": grouped["_value_mean"], "unit_code": grouped["unit_code_first"], "period_used": grouped["period_first"],
        "minutes_valid": pc.cast(pc.min_element_wise(grouped["_minutes_sum"], 60), pa.int64()),
        "_warnings": grouped["_warnings_max"], "_record_id": grouped["_record_id_first"],
        "_item_no": pa.nulls(grouped.num_rows, pa.int32()), "_source_code": grouped["_source_code_first"],
        "_data_origin": grouped["_data_origin_max"], "_received_at": grouped["_received_at_max"],
        "_available_at": grouped["_available_at_max"], **{k: grouped[k] for k in keys},
        dataset.partition: slice_of(grouped["hour_at"], dataset.partition),
    }  # fmt: skip
    return pa.table([names[n] for n in schema.names], names=schema.names).cast(schema)


def _only_longest_period(rows: pa.Table) -> pa.Table:
    packed = pack_keys(rows, ("station_id", "pollutant_code", "hour_at"))
    groups, at = np.unique(packed, return_inverse=True)
    longest = np.zeros(len(groups), np.int64)
    spans = rows["_span"].to_numpy()
    np.maximum.at(longest, at, spans)
    return rows.filter(pa.array(spans == longest[at]))


def _mapped(column: pa.ChunkedArray, mapping: dict[str, int]) -> pa.Array:
    found = pc.index_in(column, value_set=pa.array(list(mapping)))
    return pa.array(list(mapping.values()), pa.int64()).take(found.combine_chunks())
