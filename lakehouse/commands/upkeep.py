"""Compact small files, delete those that no kept version needs, and what the stages keep for a time only."""

from importlib.metadata import entry_points
from typing import Annotated

import typer

from lakehouse import tables

app = typer.Typer(add_completion=False)
KEPT_HOURS = 168
DUTIES = "lake.upkeep"
"""Entry points of what else is due: functions that do it and yield a line for each thing done."""
Hours = Annotated[int, typer.Option(help="Keep files that versions of the last hours need.", min=KEPT_HOURS)]


@app.command()
def upkeep(hours: Hours = KEPT_HOURS) -> None:
    """Run weekly (deploy/systemd has the timer). Time travel reaches back as far as files are kept."""
    for name in tables.names():
        table = tables.open_table(name)
        before = len(table.file_uris())
        table.optimize.compact()
        table.create_checkpoint()
        table.cleanup_metadata()
        removed = table.vacuum(retention_hours=hours, dry_run=False)
        after = len(table.file_uris())
        typer.echo(f"{name:<50} {before:>5} -> {after:>5} files, {len(removed)} old files deleted")
    for duty in sorted(entry_points(group=DUTIES), key=lambda point: point.name):
        for line in duty.load()():
            typer.echo(line)
