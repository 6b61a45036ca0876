"""The gates between the tables and those who read them: books, expectations, measured linkage, scorecards.

What fails stops the run.
"""

import hashlib
from datetime import UTC, date, datetime, time

import pyarrow.compute as pc

from lakehouse import outcomes, tables
from lakehouse.contracts import Dataset, contracts
from lakehouse.pipeline import Plan
from lakehouse.settings import settings
from quality import arrivals, decisions, gate_outcomes, promises, scorecards
from quality.gate_outcomes import GateOutcome
from quality.linkage import gate as linkage_gate
from quality.linkage.scores import SCORES
from quality.reconcile import reconcile

BOOKS = ("bronze", "dead_letter", "quarantine")
LEDGERS = ("ops.delivery_receipts", "ops.stream_ledger")


def plan() -> Plan:
    """Datasets of which table, contract or freshness is not as at the last passed gate; empty = none and books as then."""
    return _resolve("gates", [d for d in contracts().datasets.values() if not _is_forecast(d)], with_books=True)


def plan_forecasts() -> Plan:
    """The same for the tables that the stages after the first gates make."""
    return _resolve("gates_forecasts", [d for d in contracts().datasets.values() if _is_forecast(d)], with_books=False)


def _is_forecast(dataset: Dataset) -> bool:
    return dataset.engine == "ml" or "forecast" in dataset.tags


def _resolve(step: str, watched: list[Dataset], with_books: bool) -> Plan:
    present = [d for d in watched if tables.exists(d.table)]
    if not present:
        return {}
    states = {d.table: [tables.version(d.table), _digest(d), _is_fresh(d)] for d in present}
    inputs = {"tables": states, "books": _books() if with_books else {}}
    last = outcomes.last_inputs(step, step) or {"tables": {}, "books": None}
    changed = [d.id for d in present if last["tables"].get(d.table) != states[d.table]]
    if not changed and last["books"] == inputs["books"]:
        return {}
    return {
        "step": step,
        "inputs": inputs,
        "datasets": changed,
        "books": with_books,
        "as_of": settings().as_of_time().isoformat(),
    }


def _digest(dataset: Dataset) -> str:
    return hashlib.sha256(repr(dataset).encode()).hexdigest()[:16]


def _books() -> dict[str, int | None]:
    """Versions of the tables from which the books are counted, and of the measured error of the registers."""
    names = [n for layer in BOOKS for n in tables.names(layer)] + [n for n in (*LEDGERS, SCORES) if tables.exists(n)]
    return {name: tables.version(name) for name in names}


def _is_fresh(dataset: Dataset) -> bool | None:
    """Whether the newest row is as young as promised at the lake's clock; None = nothing is promised."""
    limit, key = promises.oldest_newest_row(dataset), promises.time_key(dataset)
    if limit is None or key is None:
        return None
    newest = _newest(dataset, key.name)
    return newest is not None and (settings().as_of_time() - newest).total_seconds() <= limit * 3600


def _newest(dataset: Dataset, column: str) -> datetime | None:
    """Newest instant of the column, read from the last partition that holds rows."""
    rows = tables.dataset(tables.open_table(dataset.table))
    wanted = None
    if dataset.partition:
        starts = tables.open_table(dataset.table).partitions()
        wanted = pc.field(dataset.partition) == max(date.fromisoformat(p[dataset.partition]) for p in starts) if starts else None
    value = pc.max(rows.to_table(columns=[column], filter=wanted)[column]).as_py()
    return datetime.combine(value, time(), UTC) if isinstance(value, date) and not isinstance(value, datetime) else value


def run(work: Plan) -> None:
    """Check what the plan names and keep every result.

    Raises RuntimeError with one sentence for each failed check of severity error; warnings are only kept.
    """
    with outcomes.step(work["step"], work["step"], work["inputs"]) as outcome:
        found = [*(reconcile().outcomes if work["books"] else []), *_expectations(work), *_beside_the_books(work)]
        gate_outcomes.write(found)
        scorecards.write()
        outcome.rows_in, outcome.accepted = len(found), sum(one.passed for one in found)
        outcome.detail = {"failed": [f"{one.table} {one.check}" for one in found if not one.passed]}
        if stopping := [one.message for one in found if one.stops]:
            raise RuntimeError(f"The gates stop the run, {len(stopping)} checks failed. {' '.join(stopping)}")


def _beside_the_books(work: Plan) -> list[GateOutcome]:
    """Deliveries that are missing, and the measured error of the registers, as far as there are deliveries and scorings."""
    found = (arrivals.outcome(), linkage_gate.outcome()) if work["books"] else ()
    return [one for one in found if one]


def _expectations(work: Plan) -> list[GateOutcome]:
    if not work["datasets"]:
        return []
    from quality.expectations.run import validate

    as_of, known = datetime.fromisoformat(work["as_of"]), contracts()
    versions = {name: state[0] for name, state in work["inputs"]["tables"].items()}
    waived = sum(d.kind == "waive" for s in known.of_layer("silver") for d in decisions.in_force(s.id).values())
    return validate([(known[name], versions[known[name].table]) for name in work["datasets"]], as_of, waived)
