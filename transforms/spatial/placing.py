"""Points of a table placed in tilings by Spark tasks: each takes a stretch of rows through the placement kernel."""
# pyright: reportAttributeAccessIssue=false

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pyarrow as pa
import shapely
from pyspark.sql import DataFrame

from transforms.spatial.placement import places_of, tiling

POSITION = ("lon", "lat")


def place_points(points: DataFrame, tilings: Mapping[str, pa.Table]) -> DataFrame:
    """Rows with lon and lat -> their other columns and a column of codes for each tiling; null outside.

    Tilings are tables (code, geometry as WKB): the small side, which travels with the tasks.
    """
    sent = {name: (t["code"].to_pylist(), t["geometry"].to_pylist()) for name, t in tilings.items()}

    def task(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        if rows := list(batches):
            yield from _placed(pa.Table.from_batches(rows), sent).to_batches()

    kept = [f"`{field.name}` {field.dataType.simpleString()}" for field in points.schema if field.name not in POSITION]
    return points.mapInArrow(task, ", ".join([*kept, *(f"`{name}` string" for name in sent)]))


def _placed(points: pa.Table, sent: Mapping[str, tuple[list[str], list[bytes]]]) -> pa.Table:
    """All points of a task at once: the kernel sorts them, and polygons are prepared once."""
    lon, lat = (np.asarray(points[name].to_numpy(), float) for name in POSITION)
    columns = {name: points[name] for name in points.column_names if name not in POSITION}
    for name, (codes, shapes) in sent.items():
        columns[name] = pa.array(places_of(lon, lat, tiling(codes, shapely.from_wkb(shapes))), pa.string())
    return pa.table(columns)
