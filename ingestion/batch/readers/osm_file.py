"""An OpenStreetMap extract (.osm.pbf, or XML) -> rows of text: one record per feature that bears one of the agreed keys.

Columns of our own, the same for every extract, hold what is no tag; every other column of the mapping is the tag of that name:

- `osm_id` (`way/123`), `feature` (`highway=primary`: the first of the agreed keys that it bears), `tags` (all, as JSON);
- `geometry` (GeoJSON, WGS84, seven decimals as OSM keeps them) and its box `xmin`, `ymin`, `xmax`, `ymax`;
- `missing_nodes`: how many points of it the extract leaves out because they lie beyond its edge;
- `extent_xmin` ... `extent_ymax`: the box that the extract itself says it covers, empty where it says none.

A line cut by the edge keeps its parts within. An outline cut by the edge cannot be known, so it is a row that is no record.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import osmium
import pyarrow as pa
import shapely

from ingestion.batch.faults import Extract, Refused, Unparsed
from lakehouse.contracts import Source

OWN = ("osm_id", "feature", "tags", "geometry", "missing_nodes")
BOX = ("xmin", "ymin", "xmax", "ymax")
KINDS = {"n": "node", "w": "way", "r": "relation"}
DIGITS = 7
Point = tuple[float, float]


@dataclass
class Feature:
    """A node, way or relation: its tags, runs of points that the extract holds, how many it leaves out, its outline as WKB."""

    tags: dict[str, str]
    runs: list[list[Point]] = field(default_factory=list)
    missing: int = 0
    outline: str | None = None


def read(body: bytes, source: Source, name: str) -> Extract:
    """Rows (`_row_no` = number of the feature, then text columns); features whose shape is not in the file are unparsed.

    Raises Refused.
    """
    shape_of, kinds = SHAPES[source.format.geometry]
    try:
        found = _features(body, source.format.keys)
        extent = _extent(body)
    except RuntimeError as error:
        raise Refused(f"{name}: it reads as no OSM extract ({error}); send the whole .osm.pbf or .osm file again.") from error
    rows, unparsed = [], []
    for number, (osm_id, feature) in enumerate(((i, f) for i, f in found.items() if i.startswith(kinds)), 1):
        if (shape := shape_of(feature)) is None:
            text = json.dumps(feature.tags, ensure_ascii=False)
            unparsed.append(Unparsed(number, text, f"{osm_id} in {name}: {_why(source.format.geometry, feature)}"))
        else:
            rows.append({"_row_no": number} | _record(osm_id, feature, shape, source.format.keys) | extent)
    wanted = (*source.columns, *source.ignore)
    columns = {column: pa.array([row.get(column) or row["_tags"].get(column) for row in rows], pa.string()) for column in wanted}
    return Extract(pa.table({"_row_no": pa.array([row["_row_no"] for row in rows], pa.int64()), **columns}), unparsed)


def _record(osm_id: str, feature: Feature, shape: shapely.Geometry, keys: tuple[str, ...]) -> dict:
    key = next(k for k in keys if k in feature.tags)
    own = (osm_id, f"{key}={feature.tags[key]}", json.dumps(feature.tags, ensure_ascii=False), shapely.to_geojson(shape))
    return dict(zip(OWN, (*own, str(feature.missing)), strict=True)) | _box(shape.bounds) | {"_tags": feature.tags}


def _features(body: bytes, keys: tuple[str, ...]) -> dict[str, Feature]:
    """All features that bear one of the keys, by `kind/number` in order of the file; areas are put together from their ways."""
    found: dict[str, Feature] = {}
    outlines = osmium.geom.WKBFactory()
    for one in _opened(body).with_locations().with_areas().with_filter(osmium.filter.KeyFilter(*keys)):
        if one.is_area():
            kind = "way" if one.from_way() else "relation"
            found[f"{kind}/{one.orig_id()}"].outline = outlines.create_multipolygon(one)
            continue
        feature = Feature(dict(one.tags))
        if one.is_node():
            feature.runs = [[(one.location.lon, one.location.lat)]]
        elif one.is_way():
            feature.runs = list(_runs(one))
            feature.missing = sum(not node.location.valid() for node in one.nodes)
        found[f"{KINDS[one.type_str()]}/{one.id}"] = feature
    return found


def _opened(body: bytes) -> osmium.FileProcessor:
    return osmium.FileProcessor(osmium.io.FileBuffer(body, _written_as(body)))


def _written_as(body: bytes) -> str:
    return "osm" if body.lstrip().startswith(b"<") else "pbf"


def _runs(way: osmium.osm.Way) -> Iterator[list[Point]]:
    """Stretches of points that the extract holds, one after the other; gaps are where it leaves points out."""
    run: list[Point] = []
    for node in way.nodes:
        if node.location.valid():
            run.append((node.lon, node.lat))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _extent(body: bytes) -> dict[str, str]:
    with osmium.io.Reader(osmium.io.FileBuffer(body, _written_as(body))) as reader:
        box = reader.header().box()
    if not box.valid():
        return {}
    corners = (box.bottom_left.lon, box.bottom_left.lat, box.top_right.lon, box.top_right.lat)
    return {f"extent_{name}": value for name, value in _box(corners).items()}


def _box(bounds: tuple[float, ...]) -> dict[str, str]:
    return {name: f"{value:.{DIGITS}f}" for name, value in zip(BOX, bounds, strict=True)}


def _line(feature: Feature) -> shapely.Geometry | None:
    lines = [shapely.LineString(run) for run in feature.runs if len(run) > 1]
    return None if not lines else lines[0] if len(lines) == 1 else shapely.MultiLineString(lines)


def _area(feature: Feature) -> shapely.Geometry | None:
    return feature.outline and shapely.from_wkb(feature.outline)


def _point(feature: Feature) -> shapely.Geometry | None:
    """A node itself; a point inside an area; the middle point of a line."""
    if area := _area(feature):
        inside = shapely.point_on_surface(area)
        return shapely.Point(round(inside.x, DIGITS), round(inside.y, DIGITS))
    longest = max(feature.runs, key=len, default=None)
    return longest and shapely.Point(longest[len(longest) // 2])


SHAPES: dict[str, tuple[Callable[[Feature], shapely.Geometry | None], tuple[str, ...]]] = {
    "line": (_line, ("way",)),
    "area": (_area, ("way", "relation")),
    "point": (_point, ("node", "way", "relation")),
}


def _why(wanted: str, feature: Feature) -> str:
    if feature.missing:
        return f"{feature.missing} of its points lie beyond the extract, so it has no {wanted}; send an extract that is wider."
    return f"it has no {wanted}: its ways are not closed, or not in the extract; mend it at the source, or send a wider extract."
