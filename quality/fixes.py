"""What a steward may change in a held row, typed and checked against the contract before it is recorded."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import reference, vault
from lakehouse.contracts import Dataset, Field, contracts
from lakehouse.contracts.derive import arrow_schema
from lakehouse.contracts.mapping import DELIVERY
from lakehouse.settings import settings
from quality import decisions
from quality.decisions import Decision
from quality.held_rows import CONFORMANCE, HeldRow, sentence
from quality.records.checks import broken_rules, judged

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
OF_ONE_ITEM = {"value", "pollutant_code"}
"""Columns that differ from item to item of a record."""
NO_ONE_KNOWS = ("station_registered", "code_known", "unit_fits")
"""Checks of rows that do not say what was measured, where, or in which unit: such a row cannot be let pass as it is."""


def fix(rows: Sequence[HeldRow], changes: dict[str, Any], reason: str) -> list[Decision]:
    """Record the same fix of each row, or of none.

    What names a person is checked as it was given and recorded as its token. Raises ValueError with one sentence for each
    rule that a fixed row would still break, or when several rows were to get what belongs to one.
    """
    if len(rows) > 1 and (own := sorted(OF_ONE_ITEM & changes.keys())):
        raise ValueError(f"--set {own[0]} belongs to one item of a record; fix its {len(rows)} held items one by one.")
    for row in rows:
        if still := broken_after(row, changes):
            raise ValueError(f"Not recorded, {row.hold_id} would still be held: {' '.join(still)}")
    return [
        decisions.decide(r.dataset, r.hold_id, "fix", reason, r.observed_at, changes=_tokenised(r.contract, changes))
        for r in rows
    ]


def _tokenised(dataset: Dataset, changes: dict[str, Any]) -> dict[str, Any]:
    """The changes as tables hold them: direct identifiers as tokens of the vault."""
    direct = {name: dataset.direct[name] for name in changes if name in dataset.direct}
    return changes | {
        name: vault.tokens(kind, pa.array([changes[name]], pa.string()))[0].as_py() for name, kind in direct.items()
    }


def waive(rows: Sequence[HeldRow], reason: str, until: datetime) -> list[Decision]:
    """Record a waiver of each row until an instant, or of none.

    Raises ValueError for a row that has no complete key or no known unit.
    """
    for row in rows:
        if why := why_no_waiver(row):
            mend = f"Fix it instead (lake quarantine fix {row.hold_id} --set ...)."
            raise ValueError(f"{row.hold_id} cannot be waived: {why} {mend}")
    return [decisions.decide(r.dataset, r.hold_id, "waive", reason, r.observed_at, expires_at=until) for r in rows]


def why_no_waiver(row: HeldRow) -> str | None:
    """Why the row cannot pass as it is; None when a steward may let it."""
    unknown = [sentence(row.contract, check) for check in row.failed if check in NO_ONE_KNOWS]
    lacking = [f.name for f in row.contract.fields if f.required and f.name in row.row and row.row[f.name] is None]
    return unknown[0] if unknown else f"{', '.join(lacking)} is not known." if lacking else None


def undo(dataset: str, hold_id: str, reason: str) -> Decision:
    """Take the last decision on a row back. Raises ValueError when none is left to take back."""
    of_row = [d for d in decisions.history(dataset) if d.hold_id == hold_id]
    if len([d for d in of_row if d.kind != "undo"]) <= len([d for d in of_row if d.kind == "undo"]):
        raise ValueError(f"No decision on {hold_id} is left to undo; `lake quarantine show {hold_id}` lists them.")
    return decisions.decide(dataset, hold_id, "undo", reason, of_row[0].observed_at)


def fixable(dataset: Dataset) -> dict[str, Field]:
    """Columns that a fix may set: those of the contract but the times and what says in which slice a row belongs."""
    own = _of_the_slice(dataset)
    return {f.name: f for f in dataset.fields if f.logical_type in _READERS and f.name not in own}


def _of_the_slice(dataset: Dataset) -> set[str]:
    """Columns that some source fills from the time of its records."""
    of_records = [s for s in contracts().feeding(dataset.id) if s.shape == "records" and s.time]
    if not of_records:
        return {f.name for f in dataset.fields if f.logical_type == "date"}
    return {n for s in of_records for n, f in s.fields.items() if f.reads in s.time.columns or f.column == DELIVERY}


def typed(dataset: Dataset, settings_: Iterable[str]) -> dict[str, Any]:
    """`column=value` texts -> values of the contract's types; nothing after `=` is null.

    Raises ValueError naming the column and what may be written.
    """
    columns, changes = fixable(dataset), {}
    for text in settings_:
        name, equals, value = text.partition("=")
        if not equals or name.strip() not in columns:
            raise ValueError(f"--set {name.strip()}: write column=value with one of {', '.join(columns)}.")
        changes[name.strip()] = _typed(columns[name.strip()], value.strip())
    return changes


def _typed(field: Field, text: str) -> Any:
    read, fits, words = _READERS[field.logical_type]
    if text and not fits(text):
        raise ValueError(f"--set {field.name}={text}: {field.name} is {words}.")
    return read(text) if text else None


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


_READERS: dict[str, tuple[Callable, Callable, str]] = {
    "number": (float, NUMBER.fullmatch, "a plain decimal number, such as 12.5"),
    "integer": (int, re.compile(r"[+-]?\d{1,18}").fullmatch, "a whole number"),
    "boolean": (lambda text: text == "true", ("true", "false").__contains__, "true or false"),
    "string": (str, lambda text: True, "text"),
    "date": (str, _is_day, "a day such as 2014-12-31"),
}
"""By logical type: how the text becomes a value (a day stays ISO 8601), whether it is one, and in words what it should be."""


def end_of(text: str) -> datetime:
    """`2026-12-31` -> the end of that day in the business zone; an ISO instant with its zone stays as it is."""
    try:
        if len(text) > len("2026-12-31"):
            instant = datetime.fromisoformat(text)
        else:
            instant = datetime.combine(date.fromisoformat(text), time(23, 59, 59), ZoneInfo(settings().business_zone))
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise ValueError(f"--until {text}: write a day such as 2026-12-31, or an instant with its zone.")
    return instant


def broken_after(row: HeldRow, changes: dict[str, Any]) -> list[str]:
    """One sentence for each reason for which the row, once changed, would still be held or be wrong."""
    dataset = row.contract
    unresolved = [c for c in row.checks if c["check"] in CONFORMANCE and c["field"] not in changes]
    open_ends = [f"{c['message']} Set {c['field']}." if c["field"] in fixable(dataset) else c["message"] for c in unresolved]
    fixed = {**row.row, **changes}
    errors = dataset.row_rules("error")
    rules = [rule.description for rule, _ in broken_rules(judged(_one(row, fixed), dataset, _opened), errors)]
    return [*open_ends, *rules, *_off_the_lists(dataset, changes), *_other_unit(fixed)]


def _one(row: HeldRow, fixed: dict[str, Any]) -> pa.Table:
    """The fixed row as a table; of readings the time is the row's own."""
    schema = arrow_schema(row.contract)
    values = {f.name: fixed.get(f.name) for f in row.contract.fields}
    values |= {f.name: row.observed_at for f in row.contract.fields if f.logical_type == "timestamp" and f.name not in fixed}
    return pa.table({name: _array(value, schema.field(name).type) for name, value in values.items()})


def _array(value: Any, kind: pa.DataType) -> pa.Array:
    return pa.array([value], pa.string()).cast(kind) if isinstance(value, str) else pa.array([value], kind)


def _opened(values: pa.ChunkedArray) -> pa.Array:
    """What the tokens among the values stand for; what a steward gave is as it is."""
    is_token = pc.match_substring_regex(values.combine_chunks(), f"^({'|'.join(vault.KINDS)})_[a-z2-7]{{26}}$")
    return pc.if_else(is_token, vault.clear(values), values.combine_chunks())


def _off_the_lists(dataset: Dataset, changes: dict[str, Any]) -> list[str]:
    """Values that the code list behind their column does not know."""
    listed = [
        (dataset.field(name), value) for name, value in changes.items() if dataset.field(name).reference and value is not None
    ]
    return [
        f"{value} is not in the list of {field.reference}, column {field.name}." for field, value in listed
        if value not in {r.get(field.name) for r in reference.rows(str(field.reference))}
    ]  # fmt: skip


def _other_unit(fixed: dict[str, Any]) -> list[str]:
    """Readings carry the unit of their pollutant; a fix cannot state another one."""
    units = reference.lookup("pollutants", "pollutant_code", "unit_code") if "pollutant_code" in fixed else {}
    unit = units.get(fixed.get("pollutant_code") or "")
    if unit is None or fixed.get("unit_code") in (unit, None):
        return []
    return [f"{fixed['pollutant_code']} is kept in {unit}; convert the value and set unit_code={unit}."]
