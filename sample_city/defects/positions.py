"""Wrong positions: coordinates in a shifted datum under the right label, swapped axes, null island, far outside.

One error concerns both coordinates, so it is logged once, for the field `lon,lat`.
"""

import numpy as np
import pyarrow as pa

from sample_city.datum import to_bd09, to_gcj02
from sample_city.defects.rates import Rates
from sample_city.defects.values import Log
from sample_city.extract import Extract, coordinate_text
from sample_city.randomness import Draws

FAR_DEGREES = 3.0
SECOND_SUPPLIER = "图商甲"
FIELD = "lon,lat"


def displace(draws: Draws, extract: Extract, rates: Rates) -> tuple[Extract, Log]:
    """D13 (one supplier's rows) and D14 in extracts that carry `lon` and `lat`; others stay as they are."""
    if "lon" not in extract.columns:
        return extract, Log(np.zeros(0, dtype=np.int64), [], [], [], [])
    lon, lat = (extract.columns[n].cast(pa.float64()).to_numpy() for n in ("lon", "lat"))
    hit = draws.uniform(f"position|{extract.source.register}", extract.key)
    shifts = draws.uniform(f"datum|{extract.source.register}", extract.key)
    second = np.array([s == SECOND_SUPPLIER for s in extract.columns["supplier"].to_pylist()])
    wrong = {"D14": _misplaced(hit, lon, lat, rates), "D13": _shifted(np.where(second, shifts, 1.0), lon, lat, rates)}
    defect = np.full(len(lon), "", dtype="U3")
    new_lon, new_lat = lon.copy(), lat.copy()
    for name, (befallen, x, y) in wrong.items():
        now = befallen & (defect == "")
        new_lon, new_lat, defect = np.where(now, x, new_lon), np.where(now, y, new_lat), np.where(now, name, defect)
    rows = np.flatnonzero(defect != "")
    injected = extract.with_column("lon", coordinate_text(new_lon)).with_column("lat", coordinate_text(new_lat))
    texts = [_pairs(e, rows) for e in (extract, injected)]
    return injected, Log(rows, [FIELD] * len(rows), defect[rows].tolist(), *texts)


def _misplaced(hit: np.ndarray, lon: np.ndarray, lat: np.ndarray, rates: Rates) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """D14: (which rows, longitudes, latitudes) with axes swapped, zeros, or some 300 km off."""
    edges = np.cumsum([rates["D14_swapped"], rates["D14_null_island"], rates["D14_outside"]])
    form = np.searchsorted(edges, hit, side="right")
    x = np.choose(form, [lat, np.zeros_like(lon), lon + FAR_DEGREES, lon])
    y = np.choose(form, [lon, np.zeros_like(lat), lat + FAR_DEGREES, lat])
    return form < len(edges), x, y


def _shifted(hit: np.ndarray, lon: np.ndarray, lat: np.ndarray, rates: Rates) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """D13: GCJ-02 or BD-09 coordinates that say they are CGCS2000."""
    gcj = hit < rates["D13_gcj"]
    bd = ~gcj & (hit < rates["D13_gcj"] + rates["D13_bd"])
    (x1, y1), (x2, y2) = to_gcj02(lon, lat), to_bd09(lon, lat)
    return gcj | bd, np.where(gcj, x1, x2), np.where(gcj, y1, y2)


def _pairs(extract: Extract, rows: np.ndarray) -> list[str]:
    lon, lat = (extract.columns[n].take(pa.array(rows)).to_pylist() for n in ("lon", "lat"))
    return [f"{a},{b}" for a, b in zip(lon, lat, strict=True)]
