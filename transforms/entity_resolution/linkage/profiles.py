"""Mentions with equal evidence reduced to one profile; all further work is done on profiles."""

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from transforms.entity_resolution.linkage.normalise import Encoded, encode
from transforms.entity_resolution.linkage.rules import Fill, LinkageRules

NONE = -1
ONE_CHARACTER = """create macro one_character(a, b) as length(a) = length(b) and length(a) > 2 and length(a) - 1 = len(
    list_filter(range(1, length(a)::bigint + 1), lambda i: substring(a, i, 1) = substring(b, i, 1)))"""
"""SQL for rules and comparisons: texts of one length, three characters at least, that differ in one place."""


@dataclass(frozen=True)
class Profiles:
    """Profiles numbered in the order of their first mention id.

    `mention_ids`, `of_mention`: id and profile of each mention. `first`: row of the first mention of each profile.
    `codes`: per main column of a form the number of its value (-1: none). `table`: all comparison columns, one row a profile.
    """

    mention_ids: pa.Array
    of_mention: NDArray[np.int64]
    first: NDArray[np.int64]
    codes: dict[str, NDArray[np.int64]]
    table: pa.Table

    def __len__(self) -> int:
        return len(self.first)

    def numbers(self, column: str) -> NDArray[np.int64]:
        """Numbers of the different values of a column of `table`; -1 where it is null."""
        if column in self.codes:
            return self.codes[column]
        values = self.table[column]
        different = pc.drop_null(pc.unique(values))
        return pc.fill_null(pc.index_in(values, value_set=different), NONE).to_numpy().astype(np.int64)


def connection() -> duckdb.DuckDBPyConnection:
    """An engine in memory that never writes to disk: it holds identifiers in clear."""
    engine = duckdb.connect(config={"temp_directory": "", "preserve_insertion_order": "false"})
    engine.execute(ONE_CHARACTER)
    return engine


def reduce(mentions: pa.Table, rules: LinkageRules) -> Profiles:
    """Profiles of mentions; a mention without any of the rules' evidence is a profile of its own.

    Raises KeyError without a column `mention_id`.
    """
    columns = encode(mentions, rules)
    for fill in rules.fill:
        columns[fill.column] = _filled(columns, fill)
    ids = _whole(mentions["mention_id"])
    codes = {next(iter(column.values)): column.numbers for column in columns.values()}
    alone = np.where(_has_evidence(columns, rules), NONE, np.arange(len(ids)))
    of_mention, first = _grouped(ids, codes | {"alone": alone})
    table = pa.table({key: values for column in columns.values() for key, values in column.at(first).items()})
    table = table.append_column("profile", pa.array(np.arange(len(first))))
    return Profiles(ids, of_mention, first, {name: code[first] for name, code in codes.items()}, table)


def _grouped(ids: pa.Array, codes: dict[str, NDArray]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Profile of each row, and the first row of each profile, by mention id."""
    rank = np.empty(len(ids), np.int64)
    rank[pc.sort_indices(ids).to_numpy()] = np.arange(len(ids))
    with connection() as engine:
        engine.register("mentions", pa.table({"rank": rank} | {f"c{i}": code for i, code in enumerate(codes.values())}))
        keys = ", ".join(f"c{i}" for i in range(len(codes)))
        lowest = engine.sql(f"select rank, min(rank) over (partition by {keys}) as first from mentions").to_arrow_table()
    first_of = np.empty(len(ids), np.int64)
    first_of[lowest["rank"].to_numpy()] = lowest["first"].to_numpy()
    firsts, profile_of_rank = np.unique(first_of, return_inverse=True)
    row_of_rank = np.argsort(rank)
    return profile_of_rank[rank], row_of_rank[firsts]


def _has_evidence(columns: dict[str, Encoded], rules: LinkageRules) -> NDArray[np.bool_]:
    sets = [np.all([columns[c].numbers >= 0 for c in names], axis=0) for names in rules.evidence]
    return np.any(sets, axis=0)


def _filled(columns: dict[str, Encoded], fill: Fill) -> Encoded:
    """The column with gaps taken from the mentions that `by` leads to, where they agree among themselves."""
    target, of, by = columns[fill.column], columns[fill.of], columns[fill.by]
    told = (of.numbers >= 0) & (target.numbers >= 0)
    known = np.unique(np.column_stack([of.numbers[told], target.numbers[told]]), axis=0)
    value, place, count = np.unique(known[:, 0], return_index=True, return_counts=True)
    found = np.full(len(next(iter(of.values.values()))) + 1, NONE)
    found[value[count == 1]] = known[place[count == 1], 1]
    same = pc.fill_null(pc.index_in(_main(by), value_set=_main(of)), NONE).to_numpy().astype(np.int64)
    through = np.append(same, NONE)[by.numbers]
    return Encoded(np.where(target.numbers >= 0, target.numbers, found[through]), target.values)


def _main(column: Encoded) -> pa.Array:
    return next(iter(column.values.values()))


def _whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
