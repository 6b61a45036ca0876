"""Tables that are behind what they are made of: silver behind bronze and decisions, gold behind silver, pages behind gold."""

import json
from collections.abc import Iterable, Iterator

import duckdb
import pyarrow.parquet as pq

from lakehouse import outcomes, tables
from lakehouse.contracts import Dataset, contracts
from lakehouse.settings import settings
from quality import decisions

UPKEEP = ("OPTIMIZE", "VACUUM START", "VACUUM END")
"""Commits that change no row."""
GOLD_STEPS = ("gold", "gold_forecasts")


def sentences(datasets: Iterable[Dataset]) -> Iterator[str]:
    """One sentence for each table that a run would bring forward; `datasets` are the silver ones to look at."""
    wanted = list(datasets)
    for dataset in wanted:
        yield from _silver(dataset)
    yield from _gold({d.table for one in wanted for d in (one, contracts().datasets.get(f"{one.id}_hourly")) if d})


def _silver(dataset: Dataset) -> Iterator[str]:
    built_from = (outcomes.last_inputs("silver", dataset.id) or {}).get("bronze", {})
    for name in sorted({s.bronze_table for s in contracts().feeding(dataset.id) if tables.exists(s.bronze_table)}):
        seen, now = built_from.get(name), tables.version(name)
        late = tables.files_added(name, seen, now) if seen != now else []
        if late and seen is not None and _was_rewritten(name, seen):
            yield (
                f"{dataset.table} was built from version {seen} of {name}; erased rows were rewritten in bronze, now at version"
                f" {now}: `lake run` brings silver."
            )
        elif late:
            rows = sum(pq.read_metadata(file).num_rows for file in late)
            was = f"was built from version {seen} of" if seen is not None else "has nothing yet of"
            yield f"{dataset.table} {was} {name}, now at version {now}: {rows} records wait; `lake run` brings them."
    if built_from and (undone := _decisions_not_built(dataset)):
        yield f"{dataset.table} was built without {undone} decisions of stewards; `lake quarantine replay` brings them."


def _was_rewritten(name: str, since: int) -> bool:
    """Whether a later commit replaced the whole table, as an erasure alone does with bronze."""
    newer = tables.open_table(name).history(max(tables.version(name) - since, 1))
    return any(c["version"] > since and c.get("operationParameters", {}).get("mode") == "Overwrite" for c in newer)


def _decisions_not_built(dataset: Dataset) -> int:
    """Decisions made, taken back or run out since silver was built."""
    now = {h: d.decided_at.isoformat() for h, d in decisions.in_force(dataset.id).items()}
    return len({hold_id for hold_id, _ in set(now.items()) ^ set(decisions.built_with(dataset.id).items())})


def _gold(silver: set[str]) -> Iterator[str]:
    for step in GOLD_STEPS:
        inputs = outcomes.last_inputs(step, step) or {}
        for name in sorted(silver & inputs.keys()):
            if _has_changed(name, inputs[name]):
                was = f"was built from version {inputs[name]} of {name}, now at version {tables.version(name)}"
                yield f"Gold {was}; `lake run` brings the difference."


def of_serving_file() -> Iterator[str]:
    """The same for the file that pages and dashboards read."""
    file = settings().serving / "serving.duckdb"
    if not file.exists():
        return
    with duckdb.connect(str(file.resolve()), read_only=True) as connection:
        holds = json.loads(connection.execute("select holds from meta.serving").fetchone()[0])["gold"]
    for name, state in sorted(holds.items()):
        if name.startswith("gold.") and tables.exists(name) and _has_changed(name, state["version"]):
            was = f"hold version {state['version']} of {name}, now at version {tables.version(name)}"
            yield f"Pages and dashboards {was}; `lake run` serves it when the gates pass."


def _has_changed(name: str, since: int) -> bool:
    """Whether a commit after that version changed rows; commits that upkeep has removed are taken for such."""
    table = tables.open_table(name)
    newer = table.version() - since
    commits = table.history(newer) if newer > 0 else []
    return len(commits) != newer or any(c.get("operation") not in UPKEEP for c in commits)
