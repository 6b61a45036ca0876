"""What can be wrong with a delivery: a row that is no record, or the whole file."""

from dataclasses import dataclass, field

import pyarrow as pa


class Refused(ValueError):
    """A delivery that cannot be landed as a whole; the message names the place, the rule and the mend."""


class NoRows(ValueError):
    """A delivery without a row: kept and answered, and neither landed nor refused."""


@dataclass(frozen=True)
class Unparsed:
    """A row that is no record: its number in the file (the first line is 1), its text and why."""

    row_no: int
    text: str
    reason: str


@dataclass(frozen=True)
class Extract:
    """Rows as received (`_row_no` and text columns), rows that are none, and remarks for the sender."""

    rows: pa.Table
    unparsed: list[Unparsed] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
