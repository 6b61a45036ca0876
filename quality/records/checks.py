"""Row rules of a contract on records: judged on what direct identifiers say, told without saying it."""

from collections.abc import Callable, Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import vault
from lakehouse.contracts import Dataset, Rule
from lakehouse.contracts.derive.row_checks import columns_of
from quality.records.conform import problems_of
from quality.row_rules import breaks

Opened = Callable[[pa.ChunkedArray], pa.Array]
Broken = list[tuple[Rule, np.ndarray]]


def broken_rules(rows: pa.Table, dataset: Dataset, rules: Iterable[Rule], clear: Opened = vault.clear) -> Broken:
    """Of the rules those that some row breaks, each with the rows that break it.

    `clear` gives the values of the direct identifiers in the rows, which hold tokens. What was erased from the vault
    cannot be judged any more: a rule that reads it counts as kept.
    """
    wanted = [(rule, columns_of(rule.predicate)) for rule in rules]
    read = {name for _, names in wanted for name in names}
    values = {name: rows[name] for name in read if name not in dataset.direct}
    values |= {name: clear(rows[name]) for name in sorted(read & dataset.direct.keys())}
    erased = {
        name: np.asarray(pc.and_(pc.is_valid(rows[name]), pc.is_null(values[name]))) for name in read & dataset.direct.keys()
    }
    found = []
    for rule, names in wanted:
        here = breaks(rule, values)
        for name in names:
            here = here & ~erased[name] if name in erased else here
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
