"""Square statistical cells of 500 m, `C500_x_y`: x and y count cells from the origin of EPSG:4549.

A cell holds its western and southern edge and not the eastern and northern one, so cells tile the plane: each point
lies in exactly one.
"""
# pyright: reportAttributeAccessIssue=false
# (pyarrow.compute makes its functions when it is imported, so no checker sees them)

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

EDGE_M = 500
EPSG = 4549


def cell_codes(x: ArrayLike, y: ArrayLike) -> pa.Array:
    """Easting and northing (metres, EPSG:4549) -> codes; null where either is not finite."""
    x, y = np.atleast_1d(np.asarray(x, float)), np.atleast_1d(np.asarray(y, float))
    lost = ~(np.isfinite(x) & np.isfinite(y))
    column, row = (pc.cast(pa.array(_index(v, lost), mask=lost), pa.string()) for v in (x, y))
    return pc.binary_join_element_wise(pa.scalar(f"C{EDGE_M}"), column, row, "_")


def cell_bounds(codes: pa.Array | pa.ChunkedArray) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Codes -> west, south, east, north in metres; not-a-number for null.

    Raises ValueError naming the first text that is no cell code.
    """
    parts = pc.extract_regex(codes, rf"^C{EDGE_M}_(?P<x>-?[0-9]{{1,5}})_(?P<y>-?[0-9]{{1,5}})$")
    broken = pc.and_(pc.is_null(parts), pc.is_valid(codes))
    if pc.any(broken).as_py():
        raise ValueError(f"{pc.filter(codes, broken)[0].as_py()!r} is no cell code; write C{EDGE_M}_x_y.")
    west, south = (
        pc.cast(pc.struct_field(parts, axis), pa.float64()).to_numpy(zero_copy_only=False) * EDGE_M for axis in ("x", "y")
    )
    return west, south, west + EDGE_M, south + EDGE_M


def _index(metres: NDArray, lost: NDArray) -> NDArray[np.int64]:
    """floor_divide and not floor of a quotient, which rounds up just below an edge."""
    return np.floor_divide(np.where(lost, 0.0, metres), EDGE_M).astype(np.int64)
