"""One winner per key among rows that passed: by source rank and declared revision, then record id, then item."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.words import encoded

PRECEDENCE = ("_rank", "_record_id", "_item_no")
MOST_CODES = 2**62


def winner_positions(rows: pa.Table, key: tuple[str, ...]) -> np.ndarray:
    """Positions of one winner per key, in key order: highest `_rank`, then highest record id, then lowest item number.

    No clock and no order of arrival takes part, so any order of deliveries gives the same rows (decisions 11).
    """
    if not rows.num_rows:
        return np.zeros(0, np.int64)
    packed = pack_keys(rows, key)
    order = np.argsort(packed, kind="stable")
    keys = packed[order]
    is_first = np.r_[True, keys[1:] != keys[:-1]]
    if is_first.all():
        return order
    contested = np.flatnonzero(~(is_first & np.r_[is_first[1:], True]))
    rivals = order[contested]
    record = np.array(rows["_record_id"].take(rivals).to_pylist(), dtype="S32")
    better = np.lexsort((
        -rows["_item_no"].to_numpy()[rivals], np.unique(record, return_inverse=True)[1],
        rows["_rank"].to_numpy()[rivals], packed[rivals],
    ))  # fmt: skip
    order[contested] = rivals[better]
    is_last = np.r_[keys[1:] != keys[:-1], True]
    return order[is_last]


def pack_keys(rows: pa.Table, key: tuple[str, ...]) -> np.ndarray:
    """One int64 per row, equal when and only when the key columns are equal (null equals null), ordered by them, null last."""
    packed = np.zeros(rows.num_rows, np.int64)
    room = 1
    for name in key:
        codes, count = _codes(rows[name])
        if room * count >= MOST_CODES:
            packed = np.unique(packed, return_inverse=True)[1].astype(np.int64)
            room = rows.num_rows
        room *= count
        packed = packed * count + codes
    return packed


def _codes(column: pa.ChunkedArray) -> tuple[np.ndarray, int]:
    """Per row the place of its value among the sorted ones, and how many places there are."""
    if pa.types.is_integer(column.type) or pa.types.is_timestamp(column.type):
        if not column.null_count:
            values = pc.cast(column, pa.int64()).to_numpy()
            step = np.gcd.reduce(values - values.min()) or 1
            codes = (values - values.min()) // step
            return codes, int(codes.max()) + 1
    of = encoded(column)
    places = np.r_[ranks(of.dictionary), len(of.dictionary)]
    return places[of.indices.fill_null(len(of.dictionary)).to_numpy()], len(places)


def ranks(words: pa.Array) -> np.ndarray:
    """Each word's place among the sorted words."""
    rank = np.empty(len(words), np.int64)
    rank[np.asarray(pc.sort_indices(words))] = np.arange(len(words))
    return rank
