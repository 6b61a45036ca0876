"""Show the settings, check the machine, and say how to mend what is missing."""

import os
import sys
import tomllib

import typer
from rich.console import Console
from rich.table import Table

from lakehouse import machine
from lakehouse.settings import Settings, settings

app = typer.Typer(add_completion=False)
MARKS = {"ok": "[green]ok[/]", "warning": "[yellow]warning[/]", "missing": "[bold red]missing[/]"}
SECRET_WORDS = ("password", "token", "secret_key", "credential")


@app.command()
def doctor() -> None:
    """Show the settings, check the machine, say how to mend what is missing. Fails if it is required."""
    console = Console()
    found = machine.findings()
    console.print(settings_table(settings()))
    console.print(findings_table(found))
    for finding in found:
        if finding.mend:
            console.print(f"{finding.subject}: {finding.mend}", soft_wrap=True, markup=False, highlight=False)
    missing = [finding.subject for finding in found if finding.state == "missing"]
    if missing:
        console.print(f"Required and missing: {', '.join(missing)}.", soft_wrap=True)
        raise typer.Exit(1)
    console.print("Everything that is required is there.")


def settings_table(loaded: Settings) -> Table:
    """One row per setting: its variable, its value (never a secret's), where the value comes from."""
    table = Table("setting", "value", "from", title="Settings", title_justify="left")
    for name in type(loaded).model_fields:
        table.add_row(f"LAKE_{name.upper()}", shown_value(name, getattr(loaded, name)), origin(name, loaded))
    return table


def shown_value(name: str, value: object) -> str:
    """The value in words; the value of a secret is never shown."""
    if any(word in name for word in SECRET_WORDS):
        return "(set, not shown)" if value else "(not set)"
    return "-" if value in (None, "") else str(value)


def origin(name: str, loaded: Settings) -> str:
    """Where a setting got its value: `environment`, `lake.toml` or `default`."""
    if f"LAKE_{name.upper()}" in (key.upper() for key in os.environ):
        return "environment"
    file = loaded.checkout / "lake.toml"
    return "lake.toml" if file.is_file() and name in tomllib.loads(file.read_text()) else "default"


def findings_table(found: list[machine.Finding]) -> Table:
    """One row per check: subject, state, what was found."""
    table = Table("check", "state", "found", title=f"This machine ({sys.platform})", title_justify="left")
    for finding in found:
        table.add_row(finding.subject, MARKS[finding.state], finding.found)
    return table


if __name__ == "__main__":
    app()
