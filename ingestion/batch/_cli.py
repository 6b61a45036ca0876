"""Deliver files to the lake, fetch them from an address, read and verify receipts."""

import getpass
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from ingestion.batch.delivery import Delivery, announced, content, receive, with_content
from ingestion.batch.faults import NoRows, Refused
from lakehouse import tables
from lakehouse.contracts import contracts
from lakehouse.settings import settings

deliver = typer.Typer(add_completion=False, help="Deliver files of one source; each is answered by a signed receipt.")
fetch = typer.Typer(add_completion=False, help="Fetch a file from an HTTP address and deliver it.")
receipts = typer.Typer(add_completion=False, help="List, show and verify receipts.", no_args_is_help=True)

SourceName = Annotated[str, typer.Argument(help="Name of the mapping, e.g. environment__air_quality__prsa.")]
Revision = Annotated[int, typer.Option(help="Declared by the sender; the rows of a higher one count, whatever came last.", min=0)]
Key = Annotated[str, typer.Option("--key", help="Trusted public key; default: this lake's.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would come of it; nothing is kept or landed.")]
SHOWN = 3
"""So many rows that are no records are named in the answer."""
OnlySource = Annotated[str, typer.Option(help="Only this source.")]


@deliver.command()
def deliver_files(source: SourceName, files: list[Path], revision: Revision = 0, dry_run: DryRun = False) -> None:
    """Keep, land and answer each file. The same content twice is recognised; a correction declares a higher --revision.

    The rules of the contract are checked when silver is built (`lake run`); what breaks one is held with row number and reason.
    """
    _known(source)
    for file in files:
        if not file.is_file():
            raise FileNotFoundError(f"{file}: there is no such file.")
        typer.echo((rehearsal if dry_run else answer)(file, source, revision))


def rehearsal(file: Path, source: str, revision: int = 0) -> str:
    """What delivering the file would answer; writes nothing."""
    from ingestion.batch.land import opened

    delivery = announced(file, source, getpass.getuser(), revision)
    known = with_content(source, delivery.content_id)
    if known and known[-1].revision >= revision:
        return f"{file.name}: {_known_already(known[-1], revision)}"
    try:
        bronze, dead, report = opened(content(file), contracts().sources[source], delivery)
    except Refused as reason:
        return f"{file.name}: would be refused. {reason}"
    except NoRows as reason:
        return f"{file.name}: holds no rows. {reason}"
    counts = f"would land {bronze.num_rows} of {bronze.num_rows + dead.num_rows} records, dead letters {dead.num_rows}"
    told = [f"{file.name}: {counts}; nothing was kept", *(row.reason for row in report.examples), *report.notes]
    return "\n  ".join(told)


def answer(file: Path, source: str, revision: int = 0) -> str:
    """Deliver one file; what became of it: a sentence, then the remarks of the quality report, one a line."""
    from ingestion.batch import receipt
    from ingestion.batch.land import land

    delivery, is_new = receive(file, source, sender=getpass.getuser(), revision=revision)
    if not is_new and receipt.is_landed(delivery):
        return f"{file.name}: {_known_already(delivery, revision)}"
    result = land(delivery)
    if result["state"] != "landed":
        state = "holds no rows" if result["state"] == "empty" else "refused"
        return f"{file.name}: {state} and kept as {delivery.delivery_id}. {result['reason']}"
    return "\n  ".join([f"{file.name}: {_counts(result)}; receipt {delivery.delivery_id}", *_remarks(delivery, result["report"])])


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
    """What the sender should know: the same content before, rows that are no records, notes."""
    before = [d for d in with_content(delivery.source, delivery.content_id) if d.revision < delivery.revision]
    if before:
        yield (
            f"The same content as delivery {before[-1].delivery_id} (revision {before[-1].revision}), now as revision"
            f" {delivery.revision}: its rows count before those of lower revisions; the books show them as exact duplicates."
        )
    shown = report["examples"][:SHOWN]
    yield from (example["reason"] for example in shown)
    if more := report["dead_letter"] - len(shown):
        yield f"{more} more rows are no records; `lake receipts show {delivery.delivery_id}` names the first ten."
    yield from report["notes"]


@fetch.command()
def fetch_file(source: SourceName, address: str, revision: Revision = 0) -> None:
    """Download the address and deliver what came."""
    from ingestion.connectors.http import download

    _known(source)
    folder = settings().landing / "fetched"
    folder.mkdir(parents=True, exist_ok=True)
    file = download(address, folder)
    try:
        typer.echo(answer(file, source, revision))
    finally:
        file.unlink()


@receipts.command("list")
def list_receipts(source: OnlySource = "") -> None:
    """All deliveries, newest last."""
    from ingestion.batch.receipt import TABLE

    if not tables.exists(TABLE):
        raise LookupError("There are no receipts yet; `lake deliver SOURCE FILE` makes the first.")
    typer.echo(f"{'received at (UTC)':<19} {'delivery':<32} {'state':<8} {'records':>8} source and file")
    columns = "received_at[:19], delivery_id, state, received, source, file_name"
    found = tables.duck(TABLE).sql(f"select {columns} from {TABLE} order by received_at, attempt")
    for at, delivery_id, state, received, of, file_name in found.fetchall():
        if source in ("", of):
            typer.echo(f"{at} {delivery_id:<32} {state:<8} {received:>8} {of} {file_name}")


@receipts.command()
def show(delivery_id: str) -> None:
    """The whole receipt as JSON."""
    found = sorted((settings().landing / "deliveries").glob(f"*/{delivery_id}/receipt.json"))
    if not found:
        raise LookupError(f"No receipt {delivery_id}; `lake receipts list` shows those that exist.")
    typer.echo(found[0].read_text("utf-8"))


@receipts.command()
def key() -> None:
    """The public key that senders verify receipts with."""
    from ingestion.batch.receipt import public_key

    typer.echo(public_key())


@receipts.command()
def verify(file: Path, public_key: Key = "") -> None:
    """Whether a receipt file is unchanged and signed by the trusted key; needs no lake and no network."""
    from ingestion.batch import receipt

    body = receipt.read(file)
    if not receipt.verify(body, public_key or receipt.public_key()):
        raise ValueError(f"{file}: the signature does not fit; the receipt was changed, or another key signed it.")
    typer.echo(f"{file.name}: valid; {body['file_name']} of {body['received_at'][:19]}, state {body['state']}.")


def _known(source: str) -> None:
    taking = sorted(name for name, s in contracts().sources.items() if s.takes_files)
    if source not in taking:
        raise LookupError(f"No source {source} that takes files; there are {', '.join(taking)}.")
