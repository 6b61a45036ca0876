"""Which known entities a delta can touch, told by keyed hashes, so that only their mentions need to be read in clear.

A known mention leaves one hash for each set of columns by which a rule or a block could find it. A new mention touches the
entities that left a hash of its own. Without the secret nothing can be read out of a hash, nor be made to fit one.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from transforms.entity_resolution.linkage.hashes import HashedMentions, Hashes
from transforms.entity_resolution.linkage.normalise import encode
from transforms.entity_resolution.linkage.profiles import NONE, weighed_columns
from transforms.entity_resolution.linkage.rules import LinkageRules

NOTHING = pa.scalar(0, pa.uint64())
SCHEMA = pa.schema([("entity_id", pa.string()), ("key", pa.uint64()), ("is_open", pa.bool_()), ("filled", pa.uint64())])


def leave_keys(mentions: pa.Table, entity_ids: pa.Array | pa.ChunkedArray, rules: LinkageRules, secret: bytes) -> pa.Table:
    """Mentions in clear with their entities -> entity_id, key, is_open, filled (hash of the value that closes a gap), each once.

    `is_open`: the mention has no valid key of its own, so that new ones are compared with it by probability.
    """
    hashed = HashedMentions(encode(mentions, rules), secret)
    is_open, entity = hashed.is_open(rules), pc.cast(_whole(entity_ids), pa.string()).dictionary_encode()
    parts = [_left(hashed.combined(equal), entity, is_open) for equal in {*_by_rules(rules), *_by_blocks(rules)}]
    parts += [_left(hashed.share(name), entity, is_open) for name in weighed_columns(rules)]
    for fill in rules.fill:
        told = hashed.main(fill.column)
        parts.append(_left(np.where(told > 0, hashed.filling(fill, fill.of), 0), entity, is_open, told))
    return pa.concat_tables(parts).select(SCHEMA.names).cast(SCHEMA)


def touched(new: pa.Table, keys: pa.Table, rules: LinkageRules, secret: bytes) -> pa.Array:
    """Ids of the entities of `keys` that the linkage of the new mentions must see, in order."""
    hashed = HashedMentions(encode(new, rules), secret)
    asked = [np.zeros(0, np.uint64)]
    for fill in rules.fill:
        key = hashed.filling(fill, fill.by)
        asked.append(key)
        hashed.close_gaps(fill, _fillings(key, keys))
    is_open = hashed.is_open(rules)
    by_block = [hashed.combined(equal) for equal in _by_blocks(rules)]
    asked += [hashed.combined(equal) for equal in _by_rules(rules)] + [key[is_open] for key in by_block]
    of_any, of_open = (_present(parts) for parts in (asked, [np.zeros(0, np.uint64), *by_block]))
    meets = pc.or_(pc.is_in(keys["key"], value_set=of_any), pc.and_(keys["is_open"], pc.is_in(keys["key"], value_set=of_open)))
    return _whole(pc.unique(keys["entity_id"].filter(meets))).sort()


def shares(
    mentions: pa.Table, keys: pa.Table, entities: int, rules: LinkageRules, secret: bytes
) -> dict[str, NDArray[np.float64]]:
    """Per mention the share of the known `entities` with its value (`tf_<column>`), where common values weigh less than rare."""
    weighed = weighed_columns(rules)
    named = {column: form for column, form in rules.columns.items() if any(name.startswith(column) for name in weighed)}
    hashed = HashedMentions(encode(mentions, rules.model_copy(update={"columns": named})), secret)
    return {f"tf_{name}": _share(hashed.share(name), keys, entities) for name in weighed}


def _share(key: Hashes, keys: pa.Table, entities: int) -> NDArray[np.float64]:
    """A value that no known entity has is as rare as one that one has."""
    met = keys.filter(pc.is_in(keys["key"], value_set=_present([key])))
    known = met.group_by("key").aggregate([("entity_id", "count_distinct")])
    place = pc.fill_null(pc.index_in(pa.array(key), value_set=_whole(known["key"])), NONE).to_numpy().astype(np.int64)
    count = np.append(known["entity_id_count_distinct"].to_numpy(), 1)[place]
    return np.where(key > 0, count / max(entities, 1), np.nan)


def _by_rules(rules: LinkageRules) -> list[tuple[str, ...]]:
    return [(key.key,) for key in rules.exact] + [rule.equal for rule in (*rules.rules, *rules.conflicts)]


def _by_blocks(rules: LinkageRules) -> list[tuple[str, ...]]:
    return [block.equal for block in rules.blocking]


def _left(key: Hashes, entity: pa.DictionaryArray, is_open: NDArray[np.bool_], told: Hashes | None = None) -> pa.Table:
    """The different hashes that each entity leaves; 0 is none."""
    rows = np.flatnonzero(key)
    filled = np.zeros(len(key), np.uint64) if told is None else told
    columns = {"number": entity.indices.take(pa.array(rows)), "key": key[rows], "is_open": is_open[rows], "filled": filled[rows]}
    different = pa.table(columns).group_by(list(columns)).aggregate([])
    return different.append_column("entity_id", pc.take(entity.dictionary, different["number"]))


def _fillings(key: Hashes, keys: pa.Table) -> Hashes:
    """What the known mentions with this hash tell; 0 where they tell nothing or more than one value."""
    known = keys.filter(pc.and_(pc.is_in(keys["key"], value_set=_present([key])), pc.not_equal(keys["filled"], NOTHING)))
    told = known.group_by("key").aggregate([("filled", "min"), ("filled", "max")])
    one = told.filter(pc.equal(told["filled_min"], told["filled_max"]))
    place = pc.fill_null(pc.index_in(pa.array(key), value_set=_whole(one["key"])), NONE).to_numpy().astype(np.int64)
    return np.append(one["filled_min"].to_numpy(), np.uint64(0))[place]


def _present(hashes: list[Hashes]) -> pa.Array:
    different = np.unique(np.concatenate(hashes))
    return pa.array(different[different > 0])


def _whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
