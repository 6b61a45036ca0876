"""Row rules of a contract on rows in Arrow: which rows break which."""

import numpy as np
import pyarrow as pa

from lakehouse.contracts import Rule
from lakehouse.contracts.derive import mask
from lakehouse.contracts.derive.row_checks import Columns, columns_of


def breaks(rule: Rule, rows: Columns) -> np.ndarray:
    """Which rows break the rule, as booleans."""
    return ~np.asarray(mask(rule.predicate, {name: _plain(rows[name]) for name in columns_of(rule.predicate)}))


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
