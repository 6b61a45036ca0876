"""Rows that are held in quarantine: count them by check, find one by its hold id, say why it is held."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lakehouse import tables
from lakehouse.contracts import Dataset, contracts
from quality import decisions
from quality.decisions import Decision

SHORTEST_PREFIX = 8
CONFORMANCE = {
    "item_refused": "The collector could not take the item for a reading.",
    "station_registered": "The device or station is on no station list.",
    "code_known": "The code of the item is in no source mapping.",
    "value_is_number": "The value as sent is not a number.",
    "value_is_whole_number": "The value as sent is no whole number.",
    "value_is_true_or_false": "The value as sent is neither true nor false.",
    "value_is_date": "The value as sent is no date of the calendar, written as agreed or as year-month-day.",
    "value_is_time": "The value as sent is no time, written as agreed or as year-month-day and hour:minute.",
    "value_in_list": "The value as sent is no code of the sender's list.",
    "unit_fits": "The unit as sent does not fit what is measured.",
    "not_from_the_future": "The time of observation lies after the receipt.",
}
"""What holds a row before the contract's rules can judge it: check -> the sentence for the steward."""


@dataclass(frozen=True)
class HeldRow:
    """One held row: its id, where it came from, the checks it failed (field, check, message), its columns as read."""

    dataset: str
    hold_id: str
    source: str
    delivery_id: str | None
    observed_at: datetime
    checks: tuple[dict[str, str], ...]
    row: dict[str, Any]

    @property
    def contract(self) -> Dataset:
        return contracts()[self.dataset]

    @property
    def failed(self) -> tuple[str, ...]:
        return tuple(check["check"] for check in self.checks)


@dataclass(frozen=True)
class CheckCount:
    """How many held rows of a dataset fail one check, and the check's business sentence."""

    dataset: str
    check: str
    rows: int
    sentence: str


def datasets() -> list[str]:
    """Ids of the datasets that have a quarantine table and a contract."""
    return [d for d in (name.split(".")[1] for name in tables.names("quarantine")) if d in contracts().datasets]


def counts(dataset: str = "", source: str = "") -> list[CheckCount]:
    """Held rows per dataset and check, most first. A row that fails two checks counts under both."""
    query = (
        "select c['check'] as name, count(*) as held from (select unnest(checks) as c from quarantine.{}"
        " where $source in ('', _source_code)) group by 1 order by held desc, name"
    )
    return [
        CheckCount(name, check, held, sentence(contracts()[name], check))
        for name in _wanted(dataset)
        for check, held in _query(name, query, source=source)
    ]


def totals() -> dict[str, int]:
    """Held rows by dataset, most first; datasets without any are left out."""
    found = {name: _query(name, "select count(*) from quarantine.{}")[0][0] for name in datasets()}
    return {name: n for name, n in sorted(found.items(), key=lambda item: (-item[1], item[0])) if n}


def letters(dataset: str = "") -> dict[str, int]:
    """Dead-letter table -> records in it; those of which a steward decides nothing, because they do not parse."""
    names = [name for name in tables.names("dead_letter") if dataset in ("", name.split(".")[1])]
    with tables.duck(*names) as connection:
        return {n: connection.execute(f"select count(*) from {n}").fetchone()[0] for n in names} if names else {}


def held(dataset: str = "", check: str = "", source: str = "", limit: int | None = None) -> list[HeldRow]:
    """Held rows by time of observation; empty filters take all."""
    query = (
        "select * from quarantine.{} where $source in ('', _source_code) and ($check = '' or"
        " list_contains(list_transform(checks, lambda c: c['check']), $check)) order by observed_at, _hold_id limit $limit"
    )
    most = limit if limit is not None else 2**31
    return [row for name in _wanted(dataset) for row in _rows(name, query, source=source, check=check, limit=most)][:limit]


def find(hold_id: str) -> HeldRow:
    """The held row whose id begins so.

    Raises ValueError for fewer than 8 characters or more than one row, LookupError when no held row begins so.
    """
    found = search(hold_id)
    if not found:
        raise LookupError(f"No held row {hold_id}; `lake quarantine list` shows those that are held.")
    if len(found) > 1:
        some = ", ".join(row.hold_id for row in found[:3])
        raise ValueError(f"{hold_id} begins the ids of {len(found)} held rows ({some}); write more of it.")
    return found[0]


def of_record(hold_id: str) -> list[HeldRow]:
    """All held items of the one record whose id begins so.

    Raises ValueError when more than one record begins so, LookupError when none does.
    """
    found = search(hold_id.partition("#")[0])
    if not found:
        raise LookupError(f"No held record {hold_id}; `lake quarantine list` shows the rows that are held.")
    if len({(row.dataset, row.hold_id.partition("#")[0]) for row in found}) > 1:
        raise ValueError(f"{hold_id} begins the ids of several records or datasets; write more of it.")
    return found


def search(hold_id: str) -> list[HeldRow]:
    """All held rows whose id is, or begins with, `hold_id`."""
    _long_enough(hold_id)
    query = "select * from quarantine.{} where starts_with(_hold_id, $hold_id) order by _hold_id limit 1000"
    found = [row for name in datasets() for row in _rows(name, query, hold_id=hold_id)]
    return [row for row in found if row.hold_id == hold_id] or found


def decided(hold_id: str) -> tuple[str, list[Decision]]:
    """Dataset and decisions, oldest first, of a row whose id begins so; ("", []) when nothing was decided on it.

    Raises ValueError for fewer than 8 characters, or when decisions on more than one row begin so.
    """
    _long_enough(hold_id)
    found = [d for dataset in datasets() for d in decisions.history(dataset) if d.hold_id.startswith(hold_id)]
    ids = sorted({d.hold_id for d in found})
    if len(ids) > 1:
        raise ValueError(f"{hold_id} begins the ids of {len(ids)} decided rows ({', '.join(ids[:3])}); write more of it.")
    return (found[0].dataset, found) if found else ("", [])


def in_silver(dataset: str, hold_id: str) -> bool:
    """Whether silver holds the row's item now."""
    name = contracts()[dataset].table
    if not tables.exists(name):
        return False
    record_id, _, item_no = hold_id.partition("#")
    with tables.duck(name) as connection:
        query = f"select count(*) from {name} where _record_id = $1 and _item_no = $2"
        return connection.execute(query, [record_id, int(item_no)]).fetchone()[0] > 0


def _long_enough(hold_id: str) -> None:
    if len(hold_id) < SHORTEST_PREFIX:
        raise ValueError(f"{hold_id!r} is too short for a hold id; write at least {SHORTEST_PREFIX} characters of it.")


def sentence(dataset: Dataset, check: str) -> str:
    """The business sentence of a check of the dataset."""
    rules = {rule.name: rule.description for rule in dataset.rules}
    return rules.get(check) or CONFORMANCE.get(check, check)


def _wanted(dataset: str) -> list[str]:
    if dataset and dataset not in datasets():
        raise LookupError(f"No rows of {dataset} are held; held rows exist for {', '.join(datasets()) or 'no dataset'}.")
    return [dataset] if dataset else datasets()


def _query(dataset: str, query: str, **values: object) -> list[tuple]:
    with tables.duck(f"quarantine.{dataset}") as connection:
        return connection.execute(query.format(dataset), values).fetchall()


def _rows(dataset: str, query: str, **values: object) -> Iterator[HeldRow]:
    with tables.duck(f"quarantine.{dataset}") as connection:
        found = connection.execute(query.format(dataset), values)
        names = [column[0] for column in found.description]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]  # times as Arrow would cost pandas' import
    for row in rows:
        yield HeldRow(
            dataset, row["_hold_id"], row["_source_code"], row["_delivery_id"], row["observed_at"],
            tuple(row["checks"]), _columns(contracts()[dataset], json.loads(row["row"])),
        )  # fmt: skip


def _columns(dataset: Dataset, row: dict[str, Any]) -> dict[str, Any]:
    """All columns of the contract (the table leaves out those without a value), of readings but the times, and `_as_sent`."""
    of_records = contracts().is_of_records(dataset.id)
    shown = [f.name for f in dataset.fields if of_records or f.logical_type not in ("timestamp", "date")]
    return {name: row.get(name) for name in (*shown, "_as_sent")}
