"""The linkage of one kind of entity: exact, then by rule, then by probability; what contradicts stays apart."""

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from transforms.entity_resolution.linkage import blocking, clustering, probabilistic
from transforms.entity_resolution.linkage.exact import bare_links, exact_groups, in_order
from transforms.entity_resolution.linkage.normalise import encode
from transforms.entity_resolution.linkage.profiles import NONE, Profiles, connection, filled, frequencies, reduce
from transforms.entity_resolution.linkage.rules import LinkageRules

Shares = dict[str, NDArray[np.float64]]
"""`tf_<column>` -> share of mentions or entities with the value that each mention has."""
NO_DECISIONS = pa.schema([("left_id", pa.string()), ("right_id", pa.string()), ("is_same", pa.bool_())]).empty_table()
EXACT, RULE, PROBABILISTIC = "exact", "rule", "probabilistic"


@dataclass(frozen=True)
class Linkage:
    """What a linkage found.

    `pairs`: left_id, right_id, method, match_probability, rule_version, is_linked, is_review (likely, but in two clusters);
    mention ids; a mention of equal evidence or of an exact group stands once, beside the first one of its group. `clusters`:
    mention_id, cluster (int64), method and match_probability of the weakest link by which it belongs there. `conflicts`: kind,
    left_id, right_id. `model`: Splink's settings with what was estimated, without any value of a record.
    """

    pairs: pa.Table
    clusters: pa.Table
    conflicts: pa.Table
    model: probabilistic.Model


def link(
    mentions: pa.Table,
    rules: LinkageRules,
    known: pa.Table | None = None,
    decided: pa.Table | None = None,
    model: probabilistic.Model | None = None,
    common: Shares | None = None,
) -> Linkage:
    """Link mentions (`mention_id` and comparison columns, in clear).

    `known`: mention_id, entity_id of former runs; such mentions are not compared among themselves, and it is enough to give
    those of the entities that new ones touch (`neighbourhood.touched`), with what former runs know beyond them: `model`, and
    `common`, how common values are (`neighbourhood.shares`). `decided`: left_id, right_id, is_same: a steward's decisions.
    Raises LinkageError where a rule would make too many pairs.
    """
    columns = filled(encode(mentions, rules), rules)
    shares = common or frequencies(columns, rules)
    with connection() as engine:
        profiles = reduce(engine, _whole(mentions["mention_id"]), columns, rules)
        entities = None if known is None else _entities(profiles, known)
        groups = exact_groups(profiles, rules, entities)
        _show(engine, profiles, groups, rules, entities, {name: share[profiles.first] for name, share in shares.items()})
        by_rule = [_links(blocking.rule_pairs(engine, rule, rules.pair_limit, "is_new"), RULE) for rule in rules.rules]
        model, scored = _scored(engine, rules, model)
        links = _in_order([_decided(profiles, decided), *by_rule, _links(scored, PROBABILISTIC)])
        found = _followed(mentions, profiles, groups, links, rules)
        conflicts = _conflicts(engine, found.cluster, profiles, rules)
    return Linkage(_pairs(profiles, groups, found, rules), _clusters(profiles, groups, found), conflicts, model)


@dataclass(frozen=True)
class _Found:
    """`links` in the order in which they were looked at, whether each was followed, and the cluster of each profile."""

    links: pa.Table
    is_followed: NDArray[np.bool_]
    cluster: NDArray[np.int64]
    has_key: NDArray[np.bool_]


def _entities(profiles: Profiles, known: pa.Table) -> NDArray[np.int64]:
    """Number of the entity of each profile, by its first known mention; -1 where all are new."""
    entity = _whole(known["entity_id"]).dictionary_encode().indices.to_numpy().astype(np.int64)
    place = pc.index_in(profiles.mention_ids, value_set=_whole(known["mention_id"]))
    of_mention = np.append(entity, NONE)[pc.fill_null(place, NONE).to_numpy().astype(np.int64)]
    held = np.flatnonzero(of_mention >= 0)[::-1]
    found = np.full(len(profiles), NONE)
    found[profiles.of_mention[held]] = of_mention[held]
    return found


def _whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _has_key(profiles: Profiles, rules: LinkageRules) -> NDArray[np.bool_]:
    """Profiles with a valid value in a column of which an entity has just one."""
    keys = [profiles.numbers(key.key) != NONE for key in rules.exact]
    return np.any(keys, axis=0) if keys else np.zeros(len(profiles), bool)


def _show(
    engine: duckdb.DuckDBPyConnection,
    profiles: Profiles,
    groups: NDArray[np.int64],
    rules: LinkageRules,
    entities: NDArray[np.int64] | None,
    shares: Shares,
) -> None:
    """Make the table `profiles`: comparison columns, grp, is_new, is_open (compared by probability), shares."""
    is_new = np.ones(len(profiles), bool) if entities is None else entities == NONE
    marks = {"grp": groups, "is_new": is_new, "is_open": ~_has_key(profiles, rules)}
    marks |= {name: pa.array(share, mask=np.isnan(share)) for name, share in shares.items()}
    table = profiles.table
    for name, values in marks.items():
        table = table.append_column(name, values if isinstance(values, pa.Array) else pa.array(values))
    engine.register("shown", table)
    engine.execute("create table profiles as select * from shown")
    engine.unregister("shown")


def _scored(
    engine: duckdb.DuckDBPyConnection, rules: LinkageRules, model: probabilistic.Model | None
) -> tuple[probabilistic.Model, pa.Table]:
    """What was learned, and scored pairs. Where all profiles have keys there is nothing to score, and nothing to learn for it."""
    blocking.candidates(engine, rules.blocking)
    if engine.sql("select count(*) from candidates").fetchall() == [(0,)]:
        return model or {}, probabilistic.NO_PAIRS
    model = model or probabilistic.train(engine, rules, bool(rules.exact))
    return model, probabilistic.score(engine, model, rules.thresholds.keep)


def _links(pairs: pa.Table, method: str) -> pa.Table:
    return pairs.append_column("method", pa.repeat(pa.scalar(method), pairs.num_rows))


def _decided(profiles: Profiles, decided: pa.Table | None) -> pa.Table:
    """A steward's decisions as links: probability 1 joins, 0 holds apart."""
    decided = NO_DECISIONS if decided is None else decided
    place = {side: pc.index_in(decided[f"{side}_id"], value_set=profiles.mention_ids) for side in ("left", "right")}
    there = pc.and_(pc.is_valid(place["left"]), pc.is_valid(place["right"]))
    of = {side: pa.array(profiles.of_mention[pc.filter(rows, there).to_numpy()]) for side, rows in place.items()}
    return _links(pa.table(of | {"probability": pc.cast(pc.filter(decided["is_same"], there), pa.float64())}), clustering.STEWARD)


def _in_order(links: list[pa.Table]) -> pa.Table:
    """Steward's decisions first, then by probability; of equal ones by profile."""
    table = pa.concat_tables(links)
    first = pc.cast(pc.not_equal(table["method"], clustering.STEWARD), pa.int8())
    order = [
        (c, "descending" if c == "probability" else "ascending") for c in ("first", "probability", "left", "right", "method")
    ]
    return table.append_column("first", first).sort_by(order).drop_columns(["first"])


def _followed(mentions: pa.Table, profiles: Profiles, groups: NDArray[np.int64], links: pa.Table, rules: LinkageRules) -> _Found:
    """Join groups along the links that are sure enough, then what tells a number only to the one cluster that carries it."""
    probability = links["probability"].to_numpy()
    is_apart = pc.and_(pc.equal(links["method"], clustering.STEWARD), pc.equal(links["probability"], 0)).to_numpy()
    sure = np.flatnonzero((probability >= rules.thresholds.link) & ~is_apart)
    joined = groups[np.concatenate([links[side].to_numpy()[sure] for side in ("left", "right")])]
    is_touched = np.isin(groups, joined)
    extracts = _extracts(mentions, is_touched[profiles.of_mention], rules)
    forest = clustering.plant(profiles, groups, extracts, is_touched, rules)
    one, other = (groups[links[side].to_numpy()[is_apart]].tolist() for side in ("left", "right"))
    for pair in zip(one, other, strict=True):
        forest.hold_apart(*pair)
    is_followed = np.zeros(links.num_rows, bool)
    is_followed[sure] = clustering.grow(forest, links.take(pa.array(sure)), groups)
    bare = _links(bare_links(profiles, rules, clustering.clusters(forest, groups)), EXACT).select(links.column_names)
    is_followed = np.append(is_followed, clustering.grow(forest, bare, groups))
    links = pa.concat_tables([links, bare])
    return _Found(links, is_followed, clustering.clusters(forest, groups), _has_key(profiles, rules))


def _extracts(mentions: pa.Table, is_touched: NDArray[np.bool_], rules: LinkageRules) -> NDArray[np.int64]:
    """Number of the list that each mention stands in; -1 where no link touches its group."""
    together = rules.cannot_link.together
    number = np.full(mentions.num_rows, NONE)
    if together is None:
        return number
    rows = np.flatnonzero(is_touched)
    told = (pc.cast(mentions[column].take(pa.array(rows)), pa.string()) for column in together.extract)
    named = _whole(pc.binary_join_element_wise(*told, "|"))
    number[rows] = pc.fill_null(named.dictionary_encode().indices, NONE).to_numpy()
    return number


def _conflicts(
    engine: duckdb.DuckDBPyConnection, cluster: NDArray[np.int64], profiles: Profiles, rules: LinkageRules
) -> pa.Table:
    """kind, left_id, right_id: one pair of mentions for each two clusters that a conflict rule finds."""
    engine.register("clustered", pa.table({"profile": np.arange(len(profiles)), "cluster": cluster}))
    engine.execute("create or replace table profiles as select p.*, c.cluster from profiles p join clustered c using (profile)")
    found = [blocking.conflict_pairs(engine, rule, rules.pair_limit, "is_new") for rule in rules.conflicts]
    pairs = pa.concat_tables(found) if found else blocking.NO_CONFLICTS
    return pa.table(
        {"kind": pairs["kind"]} | {f"{side}_id": _first_ids(profiles, pairs[side].to_numpy()) for side in ("left", "right")}
    )


def _first_ids(profiles: Profiles, of: NDArray[np.int64]) -> pa.Array:
    return profiles.mention_ids.take(pa.array(profiles.first[of]))


def _pairs(profiles: Profiles, groups: NDArray[np.int64], found: _Found, rules: LinkageRules) -> pa.Table:
    probability = found.links["probability"].to_numpy()
    left, right = (found.links[side].to_numpy() for side in ("left", "right"))
    is_apart = found.cluster[left] != found.cluster[right]
    scored = {
        "left_id": _first_ids(profiles, left),
        "right_id": _first_ids(profiles, right),
        "method": found.links["method"],
        "match_probability": probability,
        "is_linked": found.is_followed,
        "is_review": is_apart & (probability >= rules.thresholds.review),
    }
    _, first_profile = np.unique(groups, return_index=True)
    head = profiles.first[first_profile[groups[profiles.of_mention]]]
    rest = np.flatnonzero(head != np.arange(len(head)))
    equal = {
        "left_id": profiles.mention_ids.take(pa.array(head[rest])),
        "right_id": profiles.mention_ids.take(pa.array(rest)),
        "method": pa.repeat(pa.scalar(EXACT), len(rest)),
        "match_probability": np.ones(len(rest)),
        "is_linked": np.ones(len(rest), bool),
        "is_review": np.zeros(len(rest), bool),
    }
    table = pa.concat_tables([pa.table(equal), pa.table(scored)])
    return table.append_column("rule_version", pa.repeat(pa.scalar(rules.rule_version), table.num_rows))


def _clusters(profiles: Profiles, groups: NDArray[np.int64], found: _Found) -> pa.Table:
    """Each mention with its cluster; a group without a key of its own belongs there by the best link that was followed."""
    followed = found.links.filter(pa.array(found.is_followed))
    both = np.concatenate([groups[followed[side].to_numpy()] for side in ("left", "right")])
    group, place = np.unique(both, return_index=True)
    number = np.full(int(groups.max(initial=-1)) + 1, NONE)
    number[group] = place % max(followed.num_rows, 1)
    number[groups[found.has_key]] = NONE
    number = number[groups][profiles.of_mention]
    by = pa.array(number, mask=number == NONE)
    return pa.table(
        {
            "mention_id": profiles.mention_ids,
            "cluster": in_order(found.cluster)[profiles.of_mention],
            "method": pc.fill_null(pc.take(followed["method"], by), EXACT),
            "match_probability": pc.fill_null(pc.take(followed["probability"], by), 1.0),
        }
    )
