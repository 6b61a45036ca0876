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
NEW = "select mention_id from mentions anti join known using (mention_id)"
NEAR = "select mention_id from known where entity_id in (from touched)"
SETTLED = """
select k.mention_id, (select coalesce(max(cluster), -1) from found) + dense_rank() over (order by k.entity_id) as cluster,
       x.method, x.match_probability
from known k join xref x using (mention_id, entity_id) anti join found using (mention_id) where x.valid_to is null
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
    rules: LinkageRules, mentions: pa.Table, known: pa.Table, compared: Compared, decided: Decided, model: dict
) -> tuple[Linkage, pa.Table]:
    """What `link` finds for mentions that are not `known` (mention_id, entity_id) and for those near them, and what it compared.

    Without keys of former runs all are near. `decided` gives the pairs that are settled beforehand.
    """
    stored = read(rules.kind)
    if not stored.num_rows:
        whole = compared(mentions.select(["mention_id"]))
        return link(whole, rules, known, decided(whole), model), whole
    keys = _as(stored, pa.uint64())
    new = compared(_asked(NEW, mentions=mentions, known=known))
    own = leave_keys(new, pa.repeat(NOBODY, new.num_rows), rules, _secret())
    entities = touched(new, pa.concat_tables([keys, own]), rules, _secret())
    entities = pa.concat_arrays([entities, erased.known_by_number(mentions, known)])
    near = compared(_asked(NEAR, known=known, touched=pa.table({"entity_id": entities})))
    given = pa.concat_tables([new, near.cast(new.schema)])
    common = shares(given, keys, pc.count_distinct(known["entity_id"]).as_py(), rules, _secret())
    return link(given, rules, known, decided(given), model, common), given


def with_settled(clusters: pa.Table, known: pa.Table, xref: pa.Table) -> pa.Table:
    """`clusters` with every known mention that was not compared, in the cluster of its entity."""
    settled = _asked(SETTLED, found=clusters, known=known, xref=xref)
    return pa.concat_tables([clusters, settled.select(clusters.column_names).cast(clusters.schema)])


def _asked(question: str, **shown: pa.Table) -> pa.Table:
    with duckdb.connect() as base:
        for name, rows in shown.items():
            base.register(name, rows)
        return base.sql(f"{question} order by mention_id").to_arrow_table()


def _as(keys: pa.Table, kind: pa.DataType) -> pa.Table:
    """Hashes as unsigned numbers, or as the signed ones of the same bits, which a Delta table can hold."""
    for name in ("key", "filled"):
        bits = pa.chunked_array([chunk.view(kind) for chunk in keys[name].chunks], kind)
        keys = keys.set_column(keys.schema.get_field_index(name), name, bits)
    return keys


def _secret() -> bytes:
    """From the mint key, so that keys hold as long as ids do."""
    return hashlib.blake2b(b"keys of linkage", key=mint_key(), digest_size=32).digest()
