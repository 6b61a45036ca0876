"""What a sender is told of a file: what became of it, or what would."""

import getpass
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingestion.batch import raw_file, receipt
from ingestion.batch.delivery import Delivery, announced, with_content
from ingestion.batch.envelope import with_envelope
from ingestion.batch.faults import NoRows, Refused
from ingestion.batch.land import land, opened, rival_notes
from ingestion.batch.receive import receive
from ingestion.batch.statement import Statement
from lakehouse.contracts import contracts
from quality.records.rehearsal import sentences

SHOWN = 3
"""So many rows that are no records are named in the answer."""
UNSAID = Statement()


def answer(file: Path, source: str, stated: Statement = UNSAID, sender: str = "") -> str:
    """Deliver one file; what became of it: a sentence, then the remarks of the quality report, one a line."""
    delivery, is_new = receive(file, source, sender or getpass.getuser(), stated)
    if not is_new and receipt.is_landed(delivery):
        return f"{file.name}: {_known_already(delivery, stated.revision)}"
    result = land(delivery)
    if result["state"] != "landed":
        state = "holds no rows" if result["state"] == "empty" else "refused"
        told = f"{file.name}: {state} and kept as {delivery.delivery_id}. {result['reason']}"
        return "\n  ".join([told, *result["report"]["notes"]])
    return "\n  ".join([f"{file.name}: {_counts(result)}; receipt {delivery.delivery_id}", *_remarks(delivery, result["report"])])


def rehearsal(file: Path, source: str, stated: Statement = UNSAID, sender: str = "") -> str:
    """What delivering the file would answer; writes nothing."""
    delivery = announced(file, source, sender or getpass.getuser(), stated)
    known = with_content(delivery)
    if known and known[-1].revision >= stated.revision and receipt.is_landed(known[-1]):
        return f"{file.name}: {_known_already(known[-1], stated.revision)}"
    before = [*(receipt.refused_before(known[-1]) if known else []), *receipt.landed_before(delivery)]
    mapping = contracts().sources[source]
    try:
        found = opened(raw_file.content(file), mapping, delivery)
    except Refused as reason:
        return "\n  ".join([f"{file.name}: would be refused. {reason}", *before])
    except NoRows as reason:
        return f"{file.name}: holds no rows. {reason}"
    rows, dead = found.rows.num_rows, len(found.unparsed)
    counts = f"would land {rows} of {rows + dead} records, dead letters {dead}"
    told = [f"{file.name}: {counts}; nothing was kept", *before, *(row.reason for row in found.unparsed[:10]), *found.notes]
    bronze = with_envelope(found.rows, mapping, delivery)
    if mapping.shape == "records":  # not tokenised, so that the vault learns nothing of a rehearsal
        return "\n  ".join([*told, *sentences(bronze, mapping, contracts()[mapping.feeds])])
    return "\n  ".join([*told, *rival_notes(bronze, mapping, delivery)])


def _known_already(delivery: Delivery, revision: int) -> str:
    known = f"the same content as delivery {delivery.delivery_id} of {delivery.received_at[:19]}"
    if revision == delivery.revision:
        return f"{known}; nothing was landed again."
    more = f"a correction needs --revision {delivery.revision + 1} or more"
    return f"{known}, which declared revision {delivery.revision}, now {revision}; nothing was landed again, {more}."


def _counts(result: dict[str, Any]) -> str:
    report = result["report"]
    return f"received {result['received']}, landed {report['landed']}, dead letters {report['dead_letter']}"


def _remarks(delivery: Delivery, report: dict[str, Any]) -> Iterator[str]:
    """What the sender should know: rows that are no records, notes."""
    shown = report["examples"][:SHOWN]
    yield from (example["reason"] for example in shown)
    if more := report["dead_letter"] - len(shown):
        yield f"{more} more rows are no records; `lake receipts show {delivery.delivery_id}` names the first ten."
    yield from report["notes"]
