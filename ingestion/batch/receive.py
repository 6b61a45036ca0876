"""A file at the door: recognised, or kept raw and noted down."""

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
        if not receipt.is_landed(known[-1]) and not raw_file.is_there(known[-1]):
            raw_file.keep(file, known[-1], is_sealed)
        return known[-1], False
    raw_file.keep(file, delivery, is_sealed)
    note_down(delivery)
    return delivery, True
