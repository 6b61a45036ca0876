"""What can be wrong with a delivery: a row that is no record, or the whole file."""

from dataclasses import dataclass


class Refused(ValueError):
    """A delivery that cannot be landed as a whole; the message names the place, the rule and the mend."""


@dataclass(frozen=True)
class Unparsed:
    """A row that is no record: its number in the file (the first line is 1), its text and why."""

    row_no: int
    text: str
    reason: str
