"""How the two grids overlap: the parts that they share, weighed by area and by addresses."""
# pyright: reportAttributeAccessIssue=false

from collections.abc import Mapping

import duckdb
import pyarrow as pa
from pyspark.sql import SparkSession

from transforms.spatial import geometry, sedona

LEAST_M2 = 1.0
"""Below the tolerance of a tiling a common part is the rounding of a common edge."""
WEIGHED = """
with people as (select unit_grid_code, grid_code, count(*) as n from addresses where grid_code is not null group by all)
select p.over as unit_grid_code, p.under as grid_code, p.area_m2, p.area_m2 / u.area_m2 as area_weight,
    coalesce(n, 0) as n_addresses, n_addresses / nullif(sum(n_addresses) over (partition by p.over), 0) as address_weight
from parts p
join units u on p.over = u.unit_grid_code
left join people on p.over = people.unit_grid_code and p.under = people.grid_code
order by all
"""


def grid_overlap(spark: SparkSession, made: Mapping[str, dict[str, pa.Array]]) -> dict[str, pa.ChunkedArray]:
    """Columns of `bridge__grid_overlap` from both grids and the placed addresses."""
    units, grids, addresses = (made[f"entity__{name}"] for name in ("unit_grids", "governance_grids", "addresses"))
    over = pa.table({"key": units["unit_grid_code"], "geometry": units["geometry"]})
    parts = sedona.overlay(spark, over, pa.table({"key": grids["grid_code"], "geometry": grids["geometry"]}))
    area = pa.array(geometry.area_m2(geometry.from_wkb(parts["geometry"])))
    return weighed(parts.select(["over", "under"]).append_column("area_m2", area), units, addresses)


def weighed(parts: pa.Table, units: Mapping[str, pa.Array], addresses: Mapping[str, pa.Array]) -> dict[str, pa.ChunkedArray]:
    """Parts (over = unit grid, under = governance grid, area_m2) with their weights; mere common edges are no parts."""
    with duckdb.connect() as connection:
        connection.register("all_parts", parts)
        connection.execute(f"create temp view parts as select * from all_parts where area_m2 > {LEAST_M2}")
        connection.register("units", pa.table({name: units[name] for name in ("unit_grid_code", "area_m2")}))
        connection.register("addresses", pa.table({name: addresses[name] for name in ("unit_grid_code", "grid_code")}))
        found = connection.sql(WEIGHED).to_arrow_table()
    return {name: found[name] for name in found.column_names}
