"""What a delivery's rows would break, told before anything of it is kept: by rule, with row numbers of the file."""

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from lakehouse.contracts import Dataset, Source
from quality.records.checks import broken_rules, failed, judged
from quality.records.conform import conformed

SHOWN = 10
"""So many row numbers of a rule are named."""


@dataclass
class Broken:
    """The rows (numbers of the file) that one check holds, and what it says of the first."""

    message: str
    rows: list[int] = field(default_factory=list)

    def told(self, what: str, check: str) -> str:
        numbers = ", ".join(map(str, self.rows[:SHOWN]))
        more = f" and {len(self.rows) - SHOWN} more" if len(self.rows) > SHOWN else ""
        rows = "1 row" if len(self.rows) == 1 else f"{len(self.rows)} rows"
        return f"{rows} {what} {check}: {self.message} In the file: row {numbers}{more}."


def sentences(rows: pa.Table, source: Source, dataset: Dataset) -> list[str]:
    """One sentence per rule of the contract that rows break, those that hold a row first, each with the most rows first.

    `rows` are bronze columns with their envelope, direct identifiers still in clear.
    """
    typed = conformed(rows, source, dataset)
    clear = judged(typed, dataset, clear=lambda values: values)
    errors = broken_rules(clear, dataset.row_rules("error"))
    holding: dict[str, Broken] = {}
    is_held = np.asarray(typed["_problem"].is_valid())
    for _, here in errors:
        is_held = is_held | here
    for at in np.flatnonzero(is_held).tolist():
        for check in failed(typed["_problem"][at].as_py(), [rule for rule, here in errors if here[at]]):
            name = f"{check['check']} on {check['field']}"
            holding.setdefault(name, Broken(check["message"])).rows.append(rows["_row_no"][at].as_py())
    return [*_told(holding, "would be held by"), *_told(_warned(typed, rows, clear, dataset), "would be marked by")]


def _warned(typed: pa.Table, rows: pa.Table, clear, dataset: Dataset) -> dict[str, Broken]:
    found = {r.name: Broken(r.description, _numbers(rows, here)) for r, here in broken_rules(clear, dataset.row_rules("warning"))}
    left_out: dict[str, list[int]] = defaultdict(list)
    for at in np.flatnonzero(typed["_left_out"].is_valid()).tolist():
        for name in typed["_left_out"][at].as_py().split(","):
            left_out[name].append(rows["_row_no"][at].as_py())
    return found | {name: Broken("The text does not read, so the column stays empty.", own) for name, own in left_out.items()}


def _numbers(rows: pa.Table, here: np.ndarray) -> list[int]:
    return rows["_row_no"].take(pa.array(np.flatnonzero(here))).to_pylist()


def _told(found: dict[str, Broken], what: str) -> list[str]:
    order = sorted(found.items(), key=lambda one: (-len(one[1].rows), one[0]))
    return [broken.told(what, check) for check, broken in order]
