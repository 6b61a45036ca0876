"""A file at the door: recognised, or kept raw and noted down."""

from dataclasses import replace
from pathlib import Path

from ingestion.batch import raw_file, receipt
from ingestion.batch.delivery import Delivery, announced, note_down, with_content
from ingestion.batch.personal import may_name_persons
from ingestion.batch.statement import Statement
from lakehouse.contracts import contracts


def receive(file: Path, source: str, sender: str, stated: Statement) -> tuple[Delivery, bool]:
    """Keep the file under landing/deliveries; returns the delivery and whether it is new.

    The same content for the same source and period is the same delivery, whatever its name and however often it comes, unless
    it declares a higher revision than before: its rows then count as that revision, too. Raises RuntimeError when the file
    changed while it was read, ValueError when it is too large to be sealed.
    """
    is_sealed = may_name_persons(contracts().sources[source])
    delivery = announced(file, source, sender, stated)
    known = with_content(delivery)
    if known and known[-1].revision >= delivery.revision:
        return _again(file, known[-1], delivery, is_sealed), False
    raw_file.keep(file, delivery, is_sealed)
    note_down(delivery)
    return delivery, True


def _again(file: Path, known: Delivery, come: Delivery, is_sealed: bool) -> Delivery:
    """The delivery that was known; where it did not land, with what is stated of it now, if something is."""
    if receipt.is_landed(known):
        return known
    if not raw_file.is_there(known):
        raw_file.keep(file, known, is_sealed)
    now: dict[str, object] = {"stated_rows": come.stated_rows, "stated_sha256": come.stated_sha256}
    if receipt.attempts(known):  # answered before, so this is another attempt, with a time of its own
        now["received_at"] = come.received_at
    renewed = replace(known, **{name: value for name, value in now.items() if value is not None})
    note_down(renewed)
    return renewed
