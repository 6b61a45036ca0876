"""Points placed in tilings by Spark tasks: each reads a file of points, takes it through the placement kernel, writes the answer.

Points and answers go from Parquet to Parquet: to carry millions of rows through the JVM would cost more than to place them.
"""
# pyright: reportAttributeAccessIssue=false

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from pyspark.sql import SparkSession

from transforms.spatial.placement import Tiling, place, tiling

POSITION = ["lon", "lat"]


def place_files(spark: SparkSession, files: Sequence[Path], tilings: Mapping[str, pa.Table], folder: Path) -> pa.Table:
    """Parquet files of points (lon, lat) -> a column of codes for each tiling, null outside; rows in order of the files.

    Tilings are tables (code, geometry as WKB): the small side, which travels with the tasks. `folder` takes the answers and
    must be one that all workers reach.
    """
    sent = {name: (t["code"].to_pylist(), t["geometry"].to_pylist()) for name, t in tilings.items()}
    work = [(str(file), str(folder / f"{number:05d}.placed.parquet")) for number, file in enumerate(files)]

    def task(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                pq.write_table(_placed(pq.read_table(work[number][0], columns=POSITION), sent), work[number][1])
            yield batch

    spark.range(0, len(work), numPartitions=len(work)).mapInArrow(task, "id bigint").collect()  # one task per file
    return pa.concat_tables([pq.read_table(answer) for _, answer in work])


def _placed(points: pa.Table, sent: Mapping[str, tuple[list[str], list[bytes]]]) -> pa.Table:
    """All points of a file at once: the kernel sorts them, and polygons are prepared once."""
    lon, lat = (np.asarray(points[name].to_numpy(), float) for name in POSITION)
    within = {name: tiling(codes, shapely.from_wkb(shapes)) for name, (codes, shapes) in sent.items()}
    return pa.table({name: _codes(one, place(lon, lat, one.polygons)) for name, one in within.items()})


def _codes(within: Tiling, number: np.ndarray) -> pa.Array:
    """Codes by number as words and places in their list, as Parquet keeps them."""
    places = pa.array(number.astype(np.int32), mask=number < 0)
    return pa.DictionaryArray.from_arrays(places, pa.array(within.codes, pa.string()))
