"""Erase a person from the lake; put right a lake that was restored from an older backup."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from erasure import person as found
from erasure import proof, run
from erasure.person import Erasure
from ingestion.batch import receipt
from lakehouse import tables, vault

app = typer.Typer(add_completion=False, help=__doc__, no_args_is_help=True)


@app.command()
def person(
    person_id: Annotated[str, typer.Argument(help="Id of the person (P...).")],
    reason: Annotated[str, typer.Option(help="Why, in words.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be erased; nothing changes.")] = False,
) -> None:
    """Destroy what names the person, everywhere; the row stays, counted and nameless. Prints the signed proof."""
    if not reason.strip():
        raise ValueError("Say why in words (--reason).")
    erasure = run.begin(person_id)
    if dry_run:
        for line in _told(found.find(erasure)):
            typer.echo(line)
        return
    document = proof.proof(run.run(erasure, reason, typer.echo))
    typer.echo(json.dumps(document, indent=1, sort_keys=True))
    typer.echo(f"Kept as {proof.write(document)}; `lake erase verify` checks it. `lake run` brings the gold tables up to date.")


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The proof.")],
    public_key: Annotated[str, typer.Option("--key", help="Trusted public key; default: this lake's.")] = "",
) -> None:
    """Whether a proof is unchanged and signed by the trusted key; needs no lake."""
    document = receipt.read(file)
    if not receipt.verify(document, public_key or receipt.public_key()):
        raise ValueError(f"{file}: the signature does not fit; the proof was changed, or another key signed it.")
    at = document["searched_at"][:19]
    typer.echo(f"{file.name}: valid; {document['files_searched']} files searched at {at}, none names the person.")


@app.command()
def again() -> None:
    """Erase once more who was erased: a restored backup holds rows of before."""
    for line in repeated():
        typer.echo(line)


def repeated() -> Iterator[str]:
    """Carry out all erasures once more; a line for each that found something."""
    for request, plan in vault.erasures().items():
        erasure, told = Erasure(**plan), []
        if tables.exists(found.XREF):
            run.again(erasure, told.append)
        yield f"erasure {request}: {', '.join(told) or 'nothing had come back'}"


def _told(erasure: Erasure) -> Iterator[str]:
    yield f"{len(erasure.mentions)} mentions, {len(erasure.tokens)} tokens, of them shared with others {len(erasure.shared)}"
    for dataset, roles in sorted(erasure.records.items()):
        yield f"  {dataset}: " + ", ".join(f"{role} in {len(records)} records" for role, records in sorted(roles.items()))
