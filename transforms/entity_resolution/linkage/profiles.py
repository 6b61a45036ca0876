"""Mentions with equal evidence reduced to one profile; all further work is done on profiles."""

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from transforms.entity_resolution.linkage.normalise import Encoded
from transforms.entity_resolution.linkage.rules import Fill, LinkageRules

NONE = -1
ONE_CHARACTER = """create macro one_character(a, b) as length(a) = length(b) and length(a) > 2 and length(a) - 1 = len(
    list_filter(range(1, length(a)::bigint + 1), lambda i: substring(a, i, 1) = substring(b, i, 1)))"""
"""SQL for rules and comparisons: texts of one length, three characters at least, that differ in one place."""


@dataclass(frozen=True)
class Profiles:
    """Profiles numbered in the order of their first mention id.

    `mention_ids`, `of_mention`: id and profile of each mention. `first`: row of the first mention of each profile.
    `columns`: the comparison columns, one row a profile; `table`: the same as texts.
    """

    mention_ids: pa.Array
    of_mention: NDArray[np.int64]
    first: NDArray[np.int64]
    columns: dict[str, Encoded]
    table: pa.Table

    def __len__(self) -> int:
        return len(self.first)

    def numbers(self, column: str) -> NDArray[np.int64]:
        """Numbers of the different values of a column of `table`; -1 where it is null."""
        return holder(self.columns, column).numbered(column)


def holder(columns: dict[str, Encoded], column: str) -> Encoded:
    """The comparison column whose form makes a column."""
    return next(encoded for encoded in columns.values() if column in encoded.values)


def connection() -> duckdb.DuckDBPyConnection:
    """An engine in memory that never writes to disk: it holds identifiers in clear."""
    engine = duckdb.connect(config={"temp_directory": "", "preserve_insertion_order": "false"})
    engine.execute(ONE_CHARACTER)
    return engine


def reduce(
    engine: duckdb.DuckDBPyConnection, mention_ids: pa.Array, columns: dict[str, Encoded], rules: LinkageRules
) -> Profiles:
    """Profiles of mentions; a mention without any of the rules' evidence is a profile of its own."""
    alone = np.where(_has_evidence(columns, rules), NONE, np.arange(len(mention_ids)))
    of_mention, first = _grouped(_order(engine, mention_ids), [*(column.numbers for column in columns.values()), alone])
    table = pa.table({key: values for column in columns.values() for key, values in column.at(first).items()})
    table = table.append_column("profile", pa.array(np.arange(len(first))))
    return Profiles(mention_ids, of_mention, first, {name: column.of(first) for name, column in columns.items()}, table)


def weighed_columns(rules: LinkageRules) -> list[str]:
    """Columns of which a common value weighs less than a rare one."""
    levels = [level for comparison in rules.comparisons for level in comparison["comparison_levels"]]
    return sorted({level["tf_adjustment_column"] for level in levels if "tf_adjustment_column" in level})


def frequencies(columns: dict[str, Encoded], rules: LinkageRules) -> dict[str, NDArray[np.float64]]:
    """Per mention the share of mentions with its value (`tf_<column>`); Splink would count profiles."""
    found = {}
    for name in weighed_columns(rules):
        numbers = holder(columns, name).numbered(name)
        share = np.bincount(numbers[numbers >= 0]) / max(int((numbers >= 0).sum()), 1)
        found[f"tf_{name}"] = np.append(share, np.nan)[numbers]
    return found


def _order(engine: duckdb.DuckDBPyConnection, mention_ids: pa.Array) -> NDArray[np.int64]:
    """Place of each mention in an order that depends on the ids alone: by their hash, which is quicker than by the texts."""
    engine.register("mentions", pa.table({"id": mention_ids}))
    hashes = engine.sql("select hash(id) as hash from mentions").to_arrow_table()["hash"].to_numpy()
    engine.unregister("mentions")
    place = np.empty(len(hashes), np.int64)
    place[np.argsort(hashes, kind="stable")] = np.arange(len(hashes))
    return place


def _grouped(order: NDArray[np.int64], codes: list[NDArray[np.int64]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Group of rows with equal codes, numbered by the first of their rows in the order, and that row."""
    group = np.zeros(len(order), np.int64)
    for code in codes:
        group = (
            pa.array(group * (int(code.max(initial=0)) + 2) + code + 1).dictionary_encode().indices.to_numpy().astype(np.int64)
        )
    lowest = np.full(int(group.max(initial=-1)) + 1, len(order))
    np.minimum.at(lowest, group, order)
    rank = np.empty(len(lowest), np.int64)
    by_place = np.argsort(lowest)
    rank[by_place] = np.arange(len(lowest))
    row_of_place = np.empty(len(order), np.int64)
    row_of_place[order] = np.arange(len(order))
    return rank[group], row_of_place[lowest[by_place]]


def _has_evidence(columns: dict[str, Encoded], rules: LinkageRules) -> NDArray[np.bool_]:
    sets = [np.all([columns[c].numbers >= 0 for c in names], axis=0) for names in rules.evidence]
    return np.any(sets, axis=0)


def filled(columns: dict[str, Encoded], rules: LinkageRules) -> dict[str, Encoded]:
    """The columns, with gaps closed as the rules' `fill` says."""
    return columns | {fill.column: _filled(columns, fill) for fill in rules.fill}


def _filled(columns: dict[str, Encoded], fill: Fill) -> Encoded:
    """The column with gaps taken from the mentions that `by` leads to, where they agree among themselves."""
    target, of, by = columns[fill.column], columns[fill.of], columns[fill.by]
    same = pc.fill_null(pc.index_in(by.values[by.main], value_set=of.values[of.main]), NONE).to_numpy().astype(np.int64)
    asked = np.where(target.numbers < 0, np.append(same, NONE)[by.numbers], NONE)
    is_asked = np.zeros(len(of.values[of.main]) + 1, bool)
    is_asked[asked[asked >= 0]] = True
    told = is_asked[of.numbers] & (target.numbers >= 0)
    known = np.unique(np.column_stack([of.numbers[told], target.numbers[told]]), axis=0)
    value, place, count = np.unique(known[:, 0], return_index=True, return_counts=True)
    found = np.full(len(is_asked), NONE)
    found[value[count == 1]] = known[place[count == 1], 1]
    return Encoded(np.where(target.numbers >= 0, target.numbers, found[asked]), target.values)
