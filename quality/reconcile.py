"""Prove that every record is accounted for, from the device to the serving file.

The figures are counted from the tables themselves, whatever the runs said. Exit code 1 when something does not add up.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Annotated

import typer

from lakehouse import tables
from lakehouse.contracts import Dataset, Source, contracts
from quality import gate_outcomes
from quality.accounts import behind, deliveries, layers, records, streams
from quality.accounts.ledger import Account, total
from quality.accounts.streams import Stream
from quality.gate_outcomes import GateOutcome

app = typer.Typer(add_completion=False, help=__doc__)
ALL = "all"


@dataclass
class Reconciliation:
    """Accounts by delivery and stream, sequence numbers by stream, every check as an outcome, what a run would bring on."""

    accounts: list[Account] = field(default_factory=list)
    streams: list[Stream] = field(default_factory=list)
    outcomes: list[GateOutcome] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)

    @property
    def mismatches(self) -> list[str]:
        return [one.message for one in self.outcomes if not one.passed]


def reconcile(dataset: str = "") -> Reconciliation:
    """Count everything (or one silver dataset). Raises LookupError for a dataset that no source feeds."""
    fed = {s.feeds for s in contracts().sources.values()}
    if dataset and dataset not in fed:
        raise LookupError(f"{dataset} is fed by no source; reconcile one of {', '.join(sorted(fed))}.")
    done = Reconciliation()
    wanted = [contracts()[d] for d in sorted(fed) if dataset in ("", d)]
    for one in wanted:
        books = records.of_dataset(one)
        done.accounts += books.accounts
        done.outcomes += [_books(one, books)] if books.accounts else []
    senders = _landed_by({d.id for d in wanted})
    receipts = deliveries.check(s for s in senders if s.kind != "edge")
    answers = [_stream(s, done) if s.kind == "edge" else _deliveries(s, *receipts[s.source]) for s in senders]
    done.outcomes += [one for one in answers if one]
    passages = [p for one in wanted for p in layers.of_dataset(one)] + ([] if dataset else list(layers.of_serving_file()))
    done.outcomes += [_passage(p) for p in passages]
    done.behind += [*behind.sentences(wanted), *([] if dataset else behind.of_serving_file())]
    return done


def _landed_by(dataset_ids: set[str]) -> list[Source]:
    """The sources under whose name the bronze tables of the datasets are landed, each once."""
    found = {one.source: one for s in contracts().sources.values() if s.feeds in dataset_ids for one in [records.landed_by(s)]}
    return [found[name] for name in sorted(found)]


def _books(dataset: Dataset, books: records.Books) -> GateOutcome:
    whole = total(books.accounts, dataset.id)
    message = "Every record received is accepted, duplicate, quarantined or a dead letter."
    return _outcome(dataset.id, dataset.table, "records_accounted_for", books.mismatches, str(whole), "0 unexplained", message)


def _stream(source: Source, done: Reconciliation) -> GateOutcome | None:
    found, faults = streams.check(source)
    done.streams += found
    told = "; ".join(f"{s.stream} {s.first_seq} to {s.last_seq}: {s.bronze} + {s.dead_letter}" for s in found)
    words = "Each sequence number of a stream is in bronze or a dead letter, once."
    check = (source.feeds, source.bronze_table, "sequence_whole", faults, told, "no gap, no double", words)
    return _outcome(*check) if found or faults else None


def _deliveries(source: Source, found: int, faults: list[str]) -> GateOutcome | None:
    words = "Bronze and dead letters hold what the receipts say."
    told = f"{found} deliveries"
    check = (source.feeds, source.bronze_table, "receipts_hold", faults, told, "as receipted", words)
    return _outcome(*check) if found or faults else None


def _passage(p: layers.Passage) -> GateOutcome:
    return _outcome(
        p.dataset, p.table, p.check, list(p.faults), f"{p.after} of {p.before} rows", f"{p.before} rows", p.description
    )


def _outcome(dataset: str, table: str, check: str, faults: list[str], observed: str, expected: str, message: str) -> GateOutcome:
    return GateOutcome(dataset, table, check, "count", "error", not faults, observed, expected, " ".join(faults) or message)


@app.callback(invoke_without_command=True)
def command(
    dataset: Annotated[str, typer.Option(help="Only this silver dataset.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Print received = accepted + duplicate + quarantined + dead letter per delivery and stream, and every mismatch."""
    if not tables.names("bronze"):
        raise LookupError("Nothing has been received yet; `lake run` or `lake demo` brings the first data.")
    done = reconcile(dataset)
    gate_outcomes.write(done.outcomes)
    typer.echo(_json(done) if as_json else "\n".join(_lines(done)))
    if done.mismatches:
        raise typer.Exit(1)


def _json(done: Reconciliation) -> str:
    accounts = [asdict(a) | {"duplicate": a.duplicate, "difference": a.difference} for a in done.accounts]
    numbers = [asdict(s) | {"difference": s.difference} for s in done.streams]
    told = {"checks": [asdict(o) for o in done.outcomes], "mismatches": done.mismatches, "behind": done.behind}
    body = {"accounts": accounts, "streams": numbers, **told}
    return json.dumps(body, indent=1, ensure_ascii=False)


def _lines(done: Reconciliation) -> Iterator[str]:
    yield "Counted are records: rows of files, messages of devices. One may hold several readings; silver has a row for each."
    heads = ("received", "accepted", "exact", "superseded", "quarantined", "dead", "waiting", "diff")
    for dataset in dict.fromkeys(a.dataset for a in done.accounts):
        own = [a for a in done.accounts if a.dataset == dataset]
        yield f"{dataset:<72}" + "".join(f"{h:>12}" for h in heads)
        for a in [*own, *([total(own, dataset)] if len(own) > 1 else [])]:
            figures = (a.received, a.accepted, a.exact, a.superseded, a.quarantined, a.dead_letter, a.waiting, a.difference)
            yield f"  {f'{a.source} {a.unit}'.strip():<70}" + "".join(f"{n:>12,}" for n in figures)
    for s in done.streams:
        numbers = f"{s.stream}: {s.first_seq} to {s.last_seq} in {s.segments} segments"
        yield f"{numbers} = {s.bronze} bronze + {s.dead_letter} dead letters + {s.difference} without a record"
    for one in done.outcomes:
        if one.check not in ("records_accounted_for", "sequence_whole"):
            yield f"{one.table:<45} {one.check:<26} {one.observed}"
    yield from (f"BEHIND {sentence}" for sentence in done.behind)
    yield from (f"MISMATCH {sentence}" for sentence in done.mismatches)
    waits = " What is behind waits for a run, nothing of it is lost." if done.behind else ""
    yield f"{len(done.mismatches)} mismatches." if done.mismatches else f"Everything adds up.{waits}"
