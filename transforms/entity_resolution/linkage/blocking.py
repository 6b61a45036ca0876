"""Candidate pairs of profiles. Every rule counts its pairs before it makes any, and a missing key never blocks."""

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from transforms.entity_resolution.linkage.rules import Block, ConflictRule, LinkageError, PairRule

NO_CONFLICTS = pa.schema([("kind", pa.string()), ("left", pa.int64()), ("right", pa.int64())]).empty_table()


def count_pairs(engine: duckdb.DuckDBPyConnection, equal: Sequence[str], of: str) -> int:
    """Pairs that agree in `equal`, of which at least one has the mark `of` (a boolean column of `profiles`)."""
    keys, present = ", ".join(equal), " and ".join(f"{key} is not null" for key in equal)
    counted = f"select count(*) as n, count(*) filter (where {of}) as chosen from profiles where {present} group by {keys}"
    found = engine.sql(f"select coalesce(sum(chosen * (n - chosen) + chosen * (chosen - 1) // 2), 0) from ({counted})")
    return int(found.fetchall()[0][0])


def guard(engine: duckdb.DuckDBPyConnection, name: str, equal: Sequence[str], limit: int, of: str) -> None:
    """Raises LinkageError for an unknown column, for empty texts in a key, and for more pairs than the limit."""
    known = {row[0] for row in engine.sql("describe profiles").fetchall()}
    if missing := [key for key in equal if key not in known]:
        raise LinkageError(f"Rule {name} asks for column {missing[0]}, which no form of the rules' columns makes; mend its name.")
    counts = ", ".join(f"count(*) filter (where cast({key} as varchar) = '')" for key in equal)
    empty = zip(equal, engine.sql(f"select {counts} from profiles").fetchall()[0], strict=True)
    if held := next(((key, count) for key, count in empty if count), None):
        raise LinkageError(f"Rule {name} would block {held[1]:,} profiles on an empty {held[0]}; leave such values out as null.")
    if (pairs := count_pairs(engine, equal, of)) > limit:
        raise LinkageError(f"Rule {name} makes {pairs:,} pairs, the limit is {limit:,}; add a column to it or raise its limit.")


def rule_pairs(engine: duckdb.DuckDBPyConnection, rule: PairRule, limit: int, of: str) -> pa.Table:
    """left, right, probability of the pairs of one rule, in different groups."""
    guard(engine, rule.name, rule.equal, limit, of)
    return engine.sql(
        f"select l.profile as left, r.profile as right, cast({rule.probability} as double) as probability "
        f"from profiles l join profiles r on {_agree(rule.equal)} "
        f"where l.profile < r.profile and l.grp <> r.grp and (l.{of} or r.{of}) and ({rule.where})"
    ).to_arrow_table()


def conflict_pairs(engine: duckdb.DuckDBPyConnection, rule: ConflictRule, limit: int, of: str) -> pa.Table:
    """kind, left, right: for each two clusters the first pair of profiles that the rule finds."""
    guard(engine, rule.kind, rule.equal, limit, of)
    return engine.sql(
        f"select '{rule.kind}' as kind, l.profile as left, r.profile as right "
        f"from profiles l join profiles r on {_agree(rule.equal)} "
        f"where l.cluster < r.cluster and (l.{of} or r.{of}) and ({rule.where}) "
        "qualify row_number() over (partition by l.cluster, r.cluster order by l.profile, r.profile) = 1 order by 2, 3"
    ).to_arrow_table()


def candidates(engine: duckdb.DuckDBPyConnection, blocks: Sequence[Block]) -> None:
    """Make the table `candidates` (join_key_l, join_key_r, match_key), each pair once, `match_key` its first rule.

    Pairs of an open profile and any other in another group, of which one is new.
    """
    engine.execute("create table candidates (join_key_l bigint, join_key_r bigint, match_key varchar)")
    for block in blocks:
        guard(engine, block.name, block.equal, block.pair_limit, "is_open")
    for number, block in enumerate(blocks):
        engine.execute(
            f"insert into candidates select least(l.profile, r.profile), greatest(l.profile, r.profile), '{number}' "
            f"from (select * from profiles where is_open) l join profiles r on {_agree(block.equal)} "
            "where l.grp <> r.grp and (l.is_new or r.is_new)"
        )
    engine.execute(
        "create or replace table candidates as "
        "select join_key_l, join_key_r, min(match_key) as match_key from candidates group by all"
    )


def _agree(columns: Sequence[str]) -> str:
    return " and ".join(f"l.{column} = r.{column}" for column in columns)
