"""Build, list, show, verify and withdraw releases of open data."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from lakehouse import progress
from lakehouse.settings import settings

app = typer.Typer(add_completion=False, help=__doc__, no_args_is_help=True)
Theme = Annotated[str, typer.Argument(help="Theme of the datasets, such as environment.")]
Version = Annotated[str, typer.Argument(help="Version of the release, such as 2017.02-r1.")]


@app.command()
def build(
    theme: Theme,
    out: Annotated[Path | None, typer.Option(help="Write there instead of publishing; nothing is recorded.")] = None,
) -> None:
    """Build the theme's release from gold, through the disclosure gate."""
    from publishing import release

    with progress.step(f"release of {theme}"):
        built = release.build(theme, out, tell=typer.echo)
    said = {
        "published": "published",
        "unchanged": "no row, dictionary or licence changed; still in force",
        "already released": "these inputs are released already",
        "withdrawn": "these inputs were released and withdrawn; change them first",
        "written": "written, not published",
    }
    typer.echo(f"{theme} {built.version}: {said[built.state]}: {built.folder}")


@app.command("list")
def list_releases(theme: Theme = "environment") -> None:
    """All versions of a theme with their state."""
    from publishing import release

    table = Table("version", "state", "issued", "code", "who", "reason")
    for entry in release.current(theme):
        table.add_row(
            entry.version,
            entry.state,
            f"{entry.issued_at:%Y-%m-%d %H:%M} UTC",
            entry.code_version,
            entry.who,
            entry.reason or "",
        )
    Console().print(table)


@app.command()
def show(theme: Theme, version: Version) -> None:
    """Datasets, files and checksums of one version, and what changed in it."""
    from publishing import manifest

    folder = settings().releases / theme / version
    if not (folder / manifest.NAME).is_file():
        raise LookupError(f"No release {version} of {theme} in {folder.parent}; `lake release list {theme}` names them.")
    body = manifest.read_manifest(folder)
    typer.echo(f"{theme} {version}, issued {body['issued']}, code {body['code_version']}")
    for dataset in body["datasets"]:
        typer.echo(
            f"\n{dataset['id']}: {dataset['rows']:,} rows, table version {dataset['table_version']}, "
            f"contract {dataset['contract_version']}, {dataset['licence']['id']}"
        )
        for file in (f for f in body["files"] if f["dataset"] == dataset["id"]):
            typer.echo(f"  {file['path']:<44} {file['bytes']:>12,} bytes  {file['sha256']}")
    typer.echo("\n" + (folder / "CHANGES.en.md").read_text("utf-8"))


@app.command()
def verify(
    theme: Theme = "environment",
    version: Annotated[str | None, typer.Option(help="Only this version.")] = None,
) -> None:
    """Recompute every checksum and compare with manifest and ledger; exit code 1 when something differs."""
    from publishing import release

    found = release.verify(theme, version)
    for name, faults in found.items():
        typer.echo(f"{theme} {name}: {'sound' if not faults else ' '.join(faults)}")
    if any(found.values()):
        raise typer.Exit(1)


@app.command()
def withdraw(theme: Theme, version: Version, reason: Annotated[str, typer.Option(help="Shown on the public page.")]) -> None:
    """Withdraw a version: its addresses answer 410 Gone with the reason; the files stay on disk."""
    from publishing import release

    event = release.withdraw(theme, version, reason)
    typer.echo(f"{theme} {version}: withdrawn by {event.who}: {event.reason}")
