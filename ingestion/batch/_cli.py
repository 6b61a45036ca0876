"""Deliver files to the lake, fetch them from an address, read and verify receipts."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from ingestion.batch.answers import answer, rehearsal
from ingestion.batch.statement import Statement, stated
from lakehouse import progress, tables
from lakehouse.contracts import contracts
from lakehouse.settings import settings

deliver = typer.Typer(add_completion=False, help="Deliver files of one source; each is answered by a signed receipt.")
fetch = typer.Typer(add_completion=False, help="Fetch a file or the pages of an API from an HTTP address and deliver what came.")
receipts = typer.Typer(add_completion=False, help="List, show and verify receipts.", no_args_is_help=True)

SourceName = Annotated[str, typer.Argument(help="Name of the mapping, e.g. environment__air_quality__prsa.")]
Revision = Annotated[
    int | None, typer.Option(help="Declared by the sender; the rows of a higher one count, whatever came last.", min=0)
]
Period = Annotated[
    datetime | None, typer.Option(help="The day of whose end the rows speak; default: what a note beside the file says.")
]
Folder = Annotated[Path | None, typer.Option(help="Deliver all files below it that have a note (FILE.note.json), by their day.")]
Brief = Annotated[bool, typer.Option("--brief", help="With --folder: answers without a remark are counted, not told.")]
Key = Annotated[str, typer.Option("--key", help="Trusted public key; default: this lake's.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would come of it; nothing is kept or landed.")]
OnlySource = Annotated[str, typer.Option(help="Only this source.")]


@deliver.command()
def deliver_files(
    source: SourceName = "",
    files: Annotated[list[Path] | None, typer.Argument(help="The files.")] = None,
    period: Period = None,
    revision: Revision = None,
    folder: Folder = None,
    brief: Brief = False,
    dry_run: DryRun = False,
) -> None:
    """Keep, land and answer each file. The same content twice is recognised; a correction declares a higher --revision.

    The rules of the contract are checked when silver is built (`lake run`); what breaks one is held with row number and reason.
    """
    if (folder is None) == (not source) or (source and not files) or (folder and (period or revision is not None)):
        raise ValueError("Say SOURCE FILE..., or --folder DIR alone; the notes in the folder say what each file is.")
    do = rehearsal if dry_run else answer
    if folder:
        _deliver_tree(folder, do, brief)
        return
    _known(source)
    for file in files or []:
        if not file.is_file():
            raise FileNotFoundError(f"{file}: there is no such file.")
        typer.echo(do(file, source, said(file, source, period, revision)))


def said(file: Path, source: str, period: datetime | None, revision: int | None) -> Statement:
    """What the note beside the file says, with what was said by hand instead."""
    return stated(file, source).corrected(period.date().isoformat() if period else None, revision)


def _deliver_tree(folder: Path, do, brief: bool) -> None:
    from ingestion.batch.tree import is_plain, noted, summary

    if not folder.is_dir():
        raise NotADirectoryError(f"{folder}: there is no such folder.")
    ready, told = noted(folder)
    for sentence in told:
        typer.echo(sentence, err=True)
    answers = []
    with progress.step("deliveries"):
        for one in ready:
            progress.doing(one.file.name)
            answers.append(do(one.file, one.source, one.statement))
            if not (brief and is_plain(answers[-1])):
                typer.echo(answers[-1])
    typer.echo(f"{len(ready)} files with a note: {', '.join(summary(answers))}; notes that cannot be used {len(told)}.")


@fetch.command()
def fetch_file(source: SourceName, address: str, period: Period = None, revision: Revision = None) -> None:
    """Download the address, all its pages if it has some, and the note beside it (ADDRESS.note.json); deliver what came.

    What breaks off is tried again; pages that came are kept until all are there, so that the next call goes on.
    """
    from ingestion.connectors.fetched import fetched

    _known(source)
    with fetched(address, contracts().sources[source]) as file:
        typer.echo(answer(file, source, said(file, source, period, revision)))


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
