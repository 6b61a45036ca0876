"""Where a dataset lies: the divisions and the box of its stations, from the station register."""

from typing import Any

import pyarrow as pa

from lakehouse import reference


def spatial_coverage(rows: pa.Table) -> dict[str, Any] | None:
    """Division codes (GB/T 2260) and WGS 84 box [west, south, east, north] of the stations named in `station_id`.

    None without such a column; the box is None when no station has coordinates.
    """
    if "station_id" not in rows.column_names:
        return None
    named = set(rows["station_id"].unique().to_pylist())
    stations = [s for s in reference.rows("stations") if s["station_id"] in named]
    codes = sorted({s["division_code"] for s in stations if s["division_code"]})
    points = [(float(s["lon"]), float(s["lat"])) for s in stations if s["lon"] and s["source_crs"] == "wgs84"]
    if not codes and not points:
        return None
    return {"division_codes": codes, "bbox": _box(points)}


def _box(points: list[tuple[float, float]]) -> list[float] | None:
    if not points:
        return None
    lon, lat = zip(*points, strict=True)
    return [min(lon), min(lat), max(lon), max(lat)]
