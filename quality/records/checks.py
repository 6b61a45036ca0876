"""Row rules of a contract on records: judged on what direct identifiers say, told without saying it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import vault
from lakehouse.contracts import Dataset, Rule
from lakehouse.contracts.derive.row_checks import columns_of
from quality.records.conform import problems_of
from quality.row_rules import breaks

Broken = list[tuple[Rule, np.ndarray]]


@dataclass(frozen=True)
class Judged:
    """Columns that rules read, direct identifiers in clear, and in which rows such an identifier was erased."""

    values: dict[str, pa.ChunkedArray | pa.Array]
    erased: dict[str, np.ndarray]

    def take(self, positions: np.ndarray) -> "Judged":
        values = {name: column.take(pa.array(positions)) for name, column in self.values.items()}
        return Judged(values, {name: here[positions] for name, here in self.erased.items()})


def judged(rows: pa.Table, dataset: Dataset, clear: Callable[[pa.ChunkedArray], pa.Array] = vault.clear) -> Judged:
    """What the dataset's row rules read of the rows, which hold tokens of direct identifiers; `clear` gives their values."""
    read = sorted({name for rule in dataset.row_rules() for name in columns_of(rule.predicate)})
    direct = [name for name in read if name in dataset.direct]
    values = {name: rows[name] for name in read} | {name: clear(rows[name]) for name in direct}
    erased = {name: np.asarray(pc.and_(pc.is_valid(rows[name]), pc.is_null(values[name]))) for name in direct}
    return Judged(values, erased)


def broken_rules(rows: Judged, rules: Iterable[Rule]) -> Broken:
    """Of the rules those that some row breaks, each with the rows that break it.

    What was erased from the vault cannot be judged any more: a rule that reads it counts as kept.
    """
    found = []
    for rule in rules:
        here = breaks(rule, rows.values)
        for name in columns_of(rule.predicate):
            here = here & ~rows.erased[name] if name in rows.erased else here
        found.append((rule, here))
    return [(rule, here) for rule, here in found if here.any()]


def failed(problem: str | None, rules: Iterable[Rule]) -> list[dict[str, str]]:
    """What holds a row: its problems, then the broken rules on columns that did resolve."""
    own = problems_of(problem)
    unresolved = {field for field, _, _ in own}
    told = [{"field": field, "check": check, "message": message} for field, check, message in own]
    return told + [
        {"field": rule.field or "row", "check": rule.name, "message": rule.description}
        for rule in rules if not unresolved & {rule.field, *columns_of(rule.predicate)}
    ]  # fmt: skip
