"""Start the pages (portal, dashboards) in the background and print their addresses."""

from typing import Annotated

import typer

from lakehouse.services import services, started

app = typer.Typer(add_completion=False)

ACCOUNTS = "`./lake accounts list` names the accounts with their first passwords; each person takes one of their own."


@app.command()
def serve(
    names: Annotated[list[str] | None, typer.Argument(help="Only these services; none = all.")] = None,
) -> None:
    """Start what does not run yet and wait until it answers."""
    known = services()
    if unknown := set(names or ()) - set(known):
        raise ValueError(f"No service {', '.join(sorted(unknown))}; there are {', '.join(known)}.")
    for name in names or known:
        typer.echo(started(name, known[name]))
    typer.echo(ACCOUNTS)
