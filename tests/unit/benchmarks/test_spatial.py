"""What the spatial benchmark compares counts the same, as asking each polygon one by one does; no Spark."""

import numpy as np
import pyarrow.parquet as pq
import pytest
import shapely

from benchmarks import spatial


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spatial")
    spatial.write_inputs(folder, 20_000, 50_000)
    return folder


@pytest.mark.parametrize("variant", [spatial.GEOPANDAS, spatial.SEDONADB])
def test_each_peer_counts_what_the_polygons_hold(folder, variant):
    points = pq.read_table(spatial.parts(folder, "points"))
    lon, lat = points["lon"].to_numpy(), points["lat"].to_numpy()
    zones = pq.read_table(folder / "zones.parquet").to_pylist()
    inside = {row["zone"]: int(shapely.contains_xy(shapely.from_wkb(row["geometry"]), lon, lat).sum()) for row in zones}
    counted = spatial.VARIANTS[variant](folder)()
    assert counted == {zone: count for zone, count in inside.items() if count}
    assert 19_000 < sum(counted.values()) <= 20_000


def test_polygons_are_sound_and_tile():
    """Their areas sum to that of their union, and no two overlap."""
    shapes = spatial.tiles(np.random.default_rng(3))
    assert len(shapes) == 2_000 and shapely.is_valid(shapes).all()
    assert len(shapely.STRtree(shapes).query(shapes, predicate="overlaps")[0]) == 0
    assert shapely.area(shapes).sum() == pytest.approx(shapely.union_all(shapes).area, rel=1e-9)
