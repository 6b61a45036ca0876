"""Points counted per polygon, and readings by the place of their sensor, which is looked up once.

Ours: the placement kernel in Spark tasks. Peers: Sedona's broadcast join in the same Spark, GeoPandas and SedonaDB. All read
the same Parquet files of points and give the same counts.
"""

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from benchmarks.measure import Claim, Timing, in_child, ratio, serve, show, surroundings

FILES, THREADS = 2, 2
POLYGONS, LOCATIONS = 2_000, 5_000
COLUMNS, ROWS = 50, 40
OURS, SEDONA, GEOPANDAS, SEDONADB = "ours: placement kernel", "Sedona broadcast join", "GeoPandas", "SedonaDB"
CACHED = "ours: readings by location"
COUNTS = "select zone, count(*) as n from {} group by zone"


def run(points: int, readings: int, repeats: int) -> bool:
    """Generate points, polygons and readings, measure each variant in a process of its own; whether the targets are met.

    Raises RuntimeError if two variants count differently.
    """
    timings, counted = {}, {}
    with tempfile.TemporaryDirectory(prefix="lake-bench-", ignore_cleanup_errors=True) as scratch:
        environment = surroundings(Path(scratch), Path(scratch) / "data") | {"OMP_NUM_THREADS": str(THREADS)}
        expected = write_inputs(Path(scratch), points, readings)
        for name in VARIANTS:
            timings[name], counted[name] = in_child("benchmarks.spatial", name, Path(scratch), repeats, environment)
    if counted.pop(CACHED) != expected:
        raise RuntimeError(f"{CACHED} counted otherwise than the readings were made.")
    if different := [name for name, counts in counted.items() if counts != counted[OURS]]:
        raise RuntimeError(f"{', '.join(different)} counted otherwise than {OURS}.")
    inside = sum(counted[OURS].values())
    title = (
        f"spatial: {points:,} points in {POLYGONS:,} polygons, {inside:,} inside; {readings:,} readings of {LOCATIONS:,} places"
    )
    return show(title, timings, claims(timings))


def claims(timings: dict[str, Timing]) -> list[Claim]:
    return [
        ratio(timings, OURS, SEDONADB, 1.5),
        ratio(timings, GEOPANDAS, OURS, 3, at_least=True),
        ratio(timings, SEDONA, OURS, 1, at_least=True),
        Claim(f"{CACHED}, seconds", timings[CACHED].steady.wall_s, 2.5),
    ]


def write_inputs(folder: Path, points: int, readings: int) -> dict[str, int]:
    """Polygons, points, locations and readings below the folder, the same at every run; readings per polygon, counted here."""
    random = np.random.default_rng(3)
    shapes = tiles(random)
    names = [f"Z{number:04d}" for number in range(POLYGONS)]
    pq.write_table(pa.table({"zone": names, "geometry": pa.array(shapely.to_wkb(shapes), pa.binary())}), folder / "zones.parquet")
    for number, part in enumerate(np.array_split(np.arange(points), FILES)):
        pq.write_table(scattered(random, len(part)), folder / f"points-{number}.parquet")
    places = scattered(random, LOCATIONS)
    pq.write_table(places, folder / "locations.parquet")
    per_place = np.zeros(LOCATIONS, np.int64)
    for number, part in enumerate(np.array_split(np.arange(readings), FILES)):
        sensor = random.integers(0, LOCATIONS, len(part)).astype(np.int32)
        per_place += np.bincount(sensor, minlength=LOCATIONS)
        value = pa.array(random.gamma(2, 40, len(part)))
        pq.write_table(pa.table({"location": sensor, "value": value}), folder / f"readings-{number}.parquet")
    point, zone = shapely.STRtree(shapes).query(shapely.points(places["lon"], places["lat"]), predicate="within")
    counts = np.bincount(zone, weights=per_place[point], minlength=POLYGONS).astype(int)
    return {names[number]: int(counts[number]) for number in np.flatnonzero(counts)}


def tiles(random: np.random.Generator) -> np.ndarray:
    """Polygons of 40 corners that tile a field of 50 by 40 degrees: squares whose edges, which neighbours share, run crooked."""
    lon, lat = np.meshgrid(np.arange(COLUMNS + 1.0), np.arange(ROWS + 1.0), indexing="ij")
    corner = np.stack([lon, lat], axis=-1) + random.uniform(-0.15, 0.15, (COLUMNS + 1, ROWS + 1, 2))
    east, north = (crooked(random, corner[:-1], corner[1:]), crooked(random, corner[:, :-1], corner[:, 1:]))
    south, right = east[:, :-1], north[1:]
    back, left = east[:, 1:, ::-1], north[:-1, :, ::-1]
    ring = np.concatenate([side.reshape(POLYGONS, -1, 2) for side in (south, right, back, left)], axis=1)
    return shapely.polygons(ring)


def crooked(random: np.random.Generator, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Lines of eleven points from start to end, those between moved by up to a fiftieth of a degree."""
    share = np.linspace(0, 1, 11)[:, None]
    line = start[..., None, :] * (1 - share) + end[..., None, :] * share
    line[..., 1:-1, :] += random.uniform(-0.02, 0.02, line[..., 1:-1, :].shape)
    return line


def scattered(random: np.random.Generator, count: int) -> pa.Table:
    """Points anywhere on the field."""
    return pa.table({"lon": random.uniform(0, COLUMNS, count), "lat": random.uniform(0, ROWS, count)})


def counts_of(rows: pa.Table) -> dict[str, int]:
    pairs = zip(rows["zone"].to_pylist(), rows["n"].to_pylist(), strict=True)
    return dict(sorted(pair for pair in pairs if pair[0] is not None))


def kernel(folder: Path):
    from lakehouse.session import spark_session
    from transforms.spatial.placing import place_files

    spark = spark_session()
    zones = pq.read_table(folder / "zones.parquet").rename_columns(["code", "geometry"])

    def count() -> dict[str, int]:
        files = [Path(part) for part in parts(folder, "points")]
        placed = place_files(spark, files, {"zone": zones}, folder)
        return counts_of(placed.group_by("zone").aggregate([([], "count_all")]).rename_columns({"count_all": "n"}))

    return count


def cached(folder: Path):
    """5,000 sensors stand still: they are placed once. All readings of a sensor lie in its polygon, so they are counted by the
    sensor's number, and the 5,000 counts find their polygons."""
    from lakehouse.session import spark_session
    from transforms.spatial.placing import place_files

    spark = spark_session()
    zones = pq.read_table(folder / "zones.parquet").rename_columns(["code", "geometry"])

    def count() -> dict[str, int]:
        places = place_files(spark, [folder / "locations.parquet"], {"zone": zones}, folder)
        readings = spark.read.parquet(*parts(folder, "readings")).groupBy("location").count().toArrow()
        known = pa.table({"zone": places["zone"].cast(pa.string()).take(readings["location"]), "n": readings["count"]})
        return counts_of(known.group_by("zone").aggregate([("n", "sum")]).rename_columns({"n_sum": "n"}))

    return count


def sedona(folder: Path):
    from lakehouse.session import spark_session

    spark = spark_session()
    joined = "points join zones on ST_Contains(shape, ST_Point(lon, lat))"

    def count() -> dict[str, int]:
        zones = spark.read.parquet(str(folder / "zones.parquet")).selectExpr("zone", "ST_GeomFromWKB(geometry) as shape")
        zones.hint("broadcast").createOrReplaceTempView("zones")
        spark.read.parquet(*parts(folder, "points")).createOrReplaceTempView("points")
        return counts_of(spark.sql(COUNTS.format(joined)).toArrow())

    return count


def geopandas(folder: Path):
    import geopandas as gpd

    def count() -> dict[str, int]:
        zones = pq.read_table(folder / "zones.parquet")
        frame = gpd.GeoDataFrame({"zone": zones["zone"].to_pylist()}, geometry=shapely.from_wkb(zones["geometry"].to_pylist()))
        rows = pa.concat_tables([pq.read_table(part, columns=["lon", "lat"]) for part in parts(folder, "points")])
        points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(rows["lon"].to_numpy(), rows["lat"].to_numpy()))
        found = gpd.sjoin(points, frame, predicate="within")["zone"].value_counts()
        return {zone: int(found[zone]) for zone in sorted(found.index)}

    return count


def sedonadb(folder: Path):
    import sedona.db

    database = sedona.db.connect()
    joined = "points join zones on ST_Contains(shape, ST_Point(lon, lat))"

    def count() -> dict[str, int]:
        database.read_parquet(str(folder / "zones.parquet")).to_view("raw_zones", overwrite=True)
        database.sql("select zone, ST_GeomFromWKB(geometry) as shape from raw_zones").to_view("zones", overwrite=True)
        database.read_parquet(parts(folder, "points")).to_view("points", overwrite=True)
        return counts_of(pa.RecordBatchReader.from_stream(database.sql(COUNTS.format(joined))).read_all())

    return count


def parts(folder: Path, name: str) -> list[str]:
    return sorted(str(path) for path in folder.glob(f"{name}-*.parquet"))


VARIANTS = {OURS: kernel, SEDONA: sedona, GEOPANDAS: geopandas, SEDONADB: sedonadb, CACHED: cached}

if __name__ == "__main__":
    serve(VARIANTS)
