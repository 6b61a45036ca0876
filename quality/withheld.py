"""Persons about whom the verification service says nothing, as if they were absent: who, why, until when, by whom."""

import getpass
from datetime import UTC, datetime

import pyarrow as pa

from lakehouse import tables
from lakehouse.settings import settings

TABLE = "ops.withheld_persons"
_TIME = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    [("person_id", pa.string()), ("reason", pa.string()), ("by", pa.string()), ("at", _TIME), ("until", _TIME)]
)  # fmt: skip


def withhold(person_id: str, reason: str, until: datetime) -> None:
    """Say nothing about the person until then. Raises ValueError without a reason or an end in the future."""
    if until <= settings().as_of_time():
        raise ValueError(f"{until:%Y-%m-%d} is past; say until when the person is withheld (--until 2030-12-31).")
    _write(person_id, reason, until)


def release(person_id: str, reason: str) -> None:
    """Answer for the person again. Raises LookupError where nobody withholds the person, ValueError without a reason."""
    if person_id not in in_force():
        raise LookupError(f"{person_id} is not withheld.")
    _write(person_id, reason, settings().as_of_time())


def in_force() -> dict[str, datetime]:
    """Person -> end, of those who are withheld at the lake's clock; the newest word on a person counts."""
    if not tables.exists(TABLE):
        return {}
    newest = {row["person_id"]: row["until"] for row in sorted(tables.read(TABLE).to_pylist(), key=lambda row: row["at"])}
    return {person: until for person, until in newest.items() if until > settings().as_of_time()}


def _write(person_id: str, reason: str, until: datetime) -> None:
    if not reason.strip():
        raise ValueError("Say why in words (--reason).")
    row = {"person_id": person_id, "reason": reason.strip(), "by": getpass.getuser(), "at": datetime.now(UTC), "until": until}
    tables.append(TABLE, pa.Table.from_pylist([row], SCHEMA))
