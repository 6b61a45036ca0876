"""The linkage of a delta: only mentions that are new, and those of the entities that they can touch, are read in clear.

`ops.linkage_keys__x` keeps the keyed hashes that tell which entities those are. Keys are only added between full runs: one that
no longer holds makes a delta look at an entity more, never at one less.
"""

import hashlib
from collections.abc import Callable

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import tables
from transforms.entity_resolution import erased
from transforms.entity_resolution.linkage import Linkage, LinkageRules, leave_keys, link, shares, touched
from transforms.entity_resolution.mint import mint_key

Compared = Callable[[pa.Table], pa.Table]
"""A table of mention_id -> what linkage compares of these mentions, in clear."""
Decided = Callable[[pa.Table], pa.Table]
"""What linkage compares -> left_id, right_id, is_same of pairs that need no comparison."""
STORED = pa.schema([("entity_id", pa.string()), ("key", pa.int64()), ("is_open", pa.bool_()), ("filled", pa.int64())])
NOBODY = ""
"""Whose keys new mentions leave, so that one new mention can close a gap of another."""
NEAR = "select mention_id, entity_id from known where entity_id in (from near_entities) order by mention_id"
SETTLED = """
select k.mention_id, (select coalesce(max(cluster), -1) from found) + dense_rank() over (order by k.entity_id) as cluster,
       x.method, x.match_probability
from known k join xref x using (mention_id, entity_id) anti join found using (mention_id) where x.valid_to is null
order by mention_id
"""


def table(kind: str) -> str:
    return f"ops.linkage_keys__{kind}"


def read(kind: str) -> pa.Table:
    """The keys that former runs left; none while no full run has left any."""
    if not tables.exists(table(kind)):
        return STORED.empty_table()
    return tables.read(table(kind), STORED.names).cast(STORED)


def left(found: pa.Table, links: pa.Table, rules: LinkageRules) -> pa.Table:
    """Keys of mentions in clear (`found`) by their entities (`links`: mention_id, entity_id), as they are stored."""
    place = pc.index_in(found["mention_id"], value_set=links["mention_id"].combine_chunks())
    keys = leave_keys(found.filter(pc.is_valid(place)), links["entity_id"].take(pc.drop_null(place)), rules, _secret())
    return _as(keys, pa.int64()).cast(STORED)


def link_delta(
    base: duckdb.DuckDBPyConnection, rules: LinkageRules, compared: Compared, decided: Decided, model: dict
) -> tuple[Linkage, pa.Table]:
    """What `link` finds for `newcomers` (mention_id) and for those of `known` (mention_id, entity_id) near them, and what it
    compared. `told` are all mentions as they are now.

    Without keys of former runs all are near. `decided` gives the pairs that are settled beforehand.
    """
    stored, new = read(rules.kind), compared(base.sql("from newcomers order by mention_id").to_arrow_table())
    if stored.num_rows:
        keys = _as(stored, pa.uint64())
        own = leave_keys(new, pa.repeat(NOBODY, new.num_rows), rules, _secret())
        entities = touched(new, pa.concat_tables([keys, own]), rules, _secret())
        base.register("near_entities", pa.table({"entity_id": pa.concat_arrays([entities, erased.known_by_number(base)])}))
    else:
        base.execute("create or replace temp view near_entities as select distinct entity_id from known")
    known = base.sql(NEAR).to_arrow_table()
    given = pa.concat_tables([new, compared(known.select(["mention_id"])).cast(new.schema)])
    entities = base.sql("select count(distinct entity_id) from known").fetchall()[0][0]
    common = shares(given, keys, entities, rules, _secret()) if stored.num_rows else None
    return link(given, rules, known, decided(given), model, common), given


def with_settled(base: duckdb.DuckDBPyConnection, clusters: pa.Table) -> pa.Table:
    """`clusters` with every known mention that was not compared, in the cluster of its entity."""
    base.register("found", clusters)
    settled = base.sql(SETTLED).to_arrow_table()
    return pa.concat_tables([clusters, settled.select(clusters.column_names).cast(clusters.schema)])


def _as(keys: pa.Table, kind: pa.DataType) -> pa.Table:
    """Hashes as unsigned numbers, or as the signed ones of the same bits, which a Delta table can hold."""
    for name in ("key", "filled"):
        bits = pa.chunked_array([chunk.view(kind) for chunk in keys[name].chunks], kind)
        keys = keys.set_column(keys.schema.get_field_index(name), name, bits)
    return keys


def _secret() -> bytes:
    """From the mint key, so that keys hold as long as ids do."""
    return hashlib.blake2b(b"keys of linkage", key=mint_key(), digest_size=32).digest()
