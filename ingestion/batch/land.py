"""One delivery -> bronze and dead letters, exactly once, answered by a signed receipt."""

from dataclasses import dataclass

import pyarrow as pa

from ingestion.batch import day_numbers, personal, raw_file, receipt, record_rivals, rivals
from ingestion.batch.delivery import Delivery
from ingestion.batch.envelope import dead_letters, split_by_time, with_envelope
from ingestion.batch.extract import extract, missing_counts
from ingestion.batch.faults import NoRows, Refused, Unparsed
from lakehouse import outcomes, tables
from lakehouse.contracts import Source, contracts
from quality import volumes


@dataclass(frozen=True)
class Opened:
    """A file's records with their event time, its rows that are none, its remarks and its words for missing by column."""

    rows: pa.Table
    unparsed: list[Unparsed]
    notes: list[str]
    missing: dict[str, int]


def land(delivery: Delivery) -> receipt.Receipt:
    """Land the delivery; safe to repeat at any point. A file that is refused or has no rows is kept, its receipt says why.

    Raises LookupError when no mapping names the source any more, or the raw file has expired.
    """
    if (source := contracts().sources.get(delivery.source)) is None:
        raise LookupError(f"{delivery.folder}: there is no source {delivery.source}; restore its mapping.")
    with outcomes.step("bronze", source.source, {"delivery": delivery.delivery_id}) as outcome:
        before = receipt.refused_before(delivery)
        try:
            found = opened(raw_file.read(delivery), source, delivery)
        except Refused as reason:
            outcome.detail["refused"] = str(reason)
            return receipt.write(delivery, receipt.unlanded("refused", str(reason), before))
        except NoRows as reason:
            outcome.detail["empty"], outcome.rows_in, outcome.rows_out = str(reason), 0, 0
            return receipt.write(delivery, receipt.unlanded("empty", str(reason), before))
        told = personal.tokenised(found.rows, found.unparsed, source)
        bronze, unparsed = with_envelope(told.rows, source, delivery), told.unparsed
        notes = [*before, *receipt.landed_before(delivery), *found.notes, *told.remarks, *rival_notes(bronze, source, delivery)]
        _commit(bronze, dead_letters(unparsed, source, delivery), source, delivery)
        if not personal.names_persons(source) and not any(told.numbers.values()):
            raw_file.unseal(delivery)
        outcome.rows_in = bronze.num_rows + len(unparsed)
        outcome.rows_out, outcome.dead_letter = bronze.num_rows, len(unparsed)
        report = receipt.Report(bronze.num_rows, len(unparsed), found.missing, unparsed[:10], notes)
        return receipt.write(delivery, receipt.landed(report))


def opened(body: bytes, source: Source, delivery: Delivery) -> Opened:
    """What a file's bytes hold; writes nothing. Raises Refused and NoRows."""
    _check_content(delivery)
    try:
        found = extract(body, source, delivery.file_name)
    except NoRows as reason:
        _check_rows(0, delivery)
        told = "The file holds no rows, as its note says; nothing more is to be done."
        said = told if delivery.stated_rows == 0 else str(reason)
        raise NoRows(" ".join([said, *_volume(0, source, delivery)])) from None
    count = found.rows.num_rows + len(found.unparsed)
    _check_rows(count, delivery)
    rows, unparsed = split_by_time(found, source, delivery)
    notes = [*found.notes, *day_numbers.remarks(found.rows, source), *_volume(count, source, delivery)]
    return Opened(rows, unparsed, notes, missing_counts(found.rows, source.format))


def rival_notes(bronze: pa.Table, source: Source, delivery: Delivery) -> list[str]:
    """Remarks on rows that speak of what other deliveries speak of, too."""
    return (record_rivals if source.shape == "records" else rivals).notes(bronze, source, delivery)


def _volume(count: int, source: Source, delivery: Delivery) -> list[str]:
    return volumes.remarks(source, delivery.delivery_id, delivery.period, delivery.revision, count)


def _check_content(delivery: Delivery) -> None:
    stated = delivery.stated_sha256
    if stated and stated[:32] != delivery.content_id:
        raise Refused(
            f"{delivery.file_name}: its SHA-256 begins with {delivery.content_id[:12]}, the stated one with {stated[:12]}:"
            " cut off or changed on the way; send the file again with its own."
        )


def _check_rows(found: int, delivery: Delivery) -> None:
    stated = delivery.stated_rows
    if stated is not None and stated != found:
        raise Refused(
            f"{delivery.file_name}: holds {found} rows, {stated} were stated: cut off, or stated of another file; send the file"
            " again with its own number."
        )


def _commit(bronze: pa.Table, dead: pa.Table, source: Source, delivery: Delivery) -> None:
    transaction = (delivery.delivery_id, 1)
    if bronze.num_rows:
        tables.append(source.bronze_table, bronze, transaction)
    if dead.num_rows:
        tables.append(f"dead_letter.{source.feeds}", dead, transaction)
