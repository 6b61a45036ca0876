"""Deliver files to the lake, fetch them from an address, read and verify receipts."""

import getpass
import json
from pathlib import Path
from typing import Annotated

import typer

from ingestion.batch import receipt as receipts_
from ingestion.batch.delivery import receive
from ingestion.batch.land import land
from ingestion.connectors.http import download
from lakehouse import tables
from lakehouse.contracts import contracts
from lakehouse.settings import settings

deliver = typer.Typer(help="Deliver files of one source; each is answered by a signed receipt.")
fetch = typer.Typer(help="Fetch a file from an HTTP address and deliver it.")
receipts = typer.Typer(help="List, show and verify receipts.", no_args_is_help=True)

SourceName = Annotated[str, typer.Argument(help="Name of the source mapping, e.g. environment__air_quality__prsa.")]
Revision = Annotated[int, typer.Option(help="Declared by the sender; a higher revision corrects a lower one.")]


@deliver.command()
def deliver_files(source: SourceName, files: list[Path], revision: Revision = 0) -> None:
    """Keep, land and answer each file. The same content twice is recognised."""
    _known(source)
    for file in files:
        if not file.is_file():
            raise FileNotFoundError(f"{file}: there is no such file.")
        typer.echo(answer(file, source, revision))


def answer(file: Path, source: str, revision: int = 0) -> str:
    """Deliver one file; one sentence on what became of it."""
    delivery, is_new = receive(file, source, sender=getpass.getuser(), revision=revision)
    if not is_new and delivery.receipt_file.exists():
        return (
            f"{file.name}: the same delivery as {delivery.delivery_id} of {delivery.received_at[:19]}; nothing was landed again."
        )
    result = land(delivery)
    if result["state"] == "refused":
        return f"{file.name}: refused and kept as {delivery.delivery_id}. {result['reason']}"
    report = result["report"]
    return (
        f"{file.name}: received {result['received']}, landed {report['landed']}, dead letters {report['dead_letter']};"
        f" receipt {delivery.delivery_id}"
    )


@fetch.command()
def fetch_file(source: SourceName, address: str, revision: Revision = 0) -> None:
    """Download the address and deliver what came."""
    _known(source)
    inbox = settings().landing / "fetched"
    inbox.mkdir(parents=True, exist_ok=True)
    typer.echo(answer(download(address, inbox), source, revision))


@receipts.command("list")
def list_receipts(source: Annotated[str, typer.Option(help="Only this source.")] = "") -> None:
    """All deliveries, newest last."""
    if not tables.exists(receipts_.TABLE):
        raise LookupError("There are no receipts yet; `lake deliver SOURCE FILE` makes the first.")
    for row in sorted(tables.read(receipts_.TABLE).to_pylist(), key=lambda r: r["received_at"]):
        if source in ("", row["source"]):
            typer.echo(
                f"{row['received_at'][:19]} {row['delivery_id']} {row['state']:<8} {row['received']:>8}"
                f" {row['source']} {row['file_name']}"
            )


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
    typer.echo(receipts_.public_key())


@receipts.command()
def verify(
    file: Path,
    public_key: Annotated[str, typer.Option("--key", help="Trusted public key; default: this lake's.")] = "",
) -> None:
    """Whether a receipt file is unchanged and signed by the trusted key; needs no lake and no network."""
    body = json.loads(file.read_text("utf-8"))
    if not receipts_.verify(body, public_key or receipts_.public_key()):
        raise ValueError(f"{file}: the signature does not fit; the receipt was changed, or another installation signed it.")
    typer.echo(f"{file.name}: valid; {body['file_name']} of {body['received_at'][:19]}, state {body['state']}.")


def _known(source: str) -> None:
    batch = {name for name, s in contracts().sources.items() if s.kind == "batch" and s.time}
    if source not in batch:
        raise LookupError(f"No source {source} that takes files; there are {', '.join(sorted(batch))}.")
