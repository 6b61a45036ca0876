"""Lint, show, generate and compare data contracts."""

import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.command()
def lint() -> None:
    """Check every contract: ODCS v3.1, the closed list of custom properties, the language of row rules."""
    from lakehouse.contracts.lint import findings
    from lakehouse.contracts.load import contracts

    found = findings()
    for sentence in found:
        typer.echo(sentence)
    if found:
        raise typer.Exit(1)
    known = contracts()
    typer.echo(f"{len(known.datasets)} contracts and {len(known.sources)} source mappings: nothing to mend.")


@app.command()
def show(dataset: str, language: Annotated[str, typer.Option(help="zh or en")] = "en") -> None:
    """What a dataset is: grain, columns with labels and units, rules, sources."""
    from lakehouse.contracts import contracts
    from lakehouse.contracts.derive import labels

    found = contracts()[dataset]
    typer.echo(f"{found.table}  version {found.version}  ({found.name_zh} / {found.name_en})")
    typer.echo(f"{found.description}\nGrain: {found.grain}\n")
    named = labels(found, language)
    for field in found.fields:
        marks = f"{'*' if field.primary_key else ' '}{'!' if field.required else ' '}"
        about = f"{named[field.name]}: {field.description}"
        typer.echo(f"{marks} {field.name:<20} {field.logical_type:<10} {about}")
    typer.echo("\n* key, ! required\n")
    for rule in found.rules:
        typer.echo(f"{rule.severity:<8} {rule.name:<36} {rule.description}")
    for source in contracts().feeding(dataset):
        typer.echo(f"source   {source.source:<36} {source.description}")


@app.command()
def generate() -> None:
    """Write what other tools must find on disk: a JSON Schema per silver dataset (contracts/generated)."""
    from lakehouse.contracts.generated import write

    for path in write():
        typer.echo(str(path))


@app.command()
def diff(before: Path, after: Path) -> None:
    """Compare two versions of a contract file: additive, or breaking (needs a new major version)."""
    from lakehouse.contracts.compare import compare
    from lakehouse.contracts.load import load_dataset, shared_fields

    old, new = (load_dataset(p, shared_fields()) for p in (before, after))
    changes = compare(old, new)
    for change in changes:
        typer.echo(f"{'breaking' if change.is_breaking else 'additive':<9} {change.sentence}")
    if any(c.is_breaking for c in changes) and old.version.split(".")[0] == new.version.split(".")[0]:
        raise ValueError(f"Breaking changes need a new major version; {old.version} became {new.version}.")


@app.command(name="json-schema")
def json_schema_of(dataset: str) -> None:
    """Print the JSON Schema of one row."""
    from lakehouse.contracts import contracts
    from lakehouse.contracts.derive import json_schema

    typer.echo(json.dumps(json_schema(contracts()[dataset]), indent=1, ensure_ascii=False))
