"""Stop the pages that `lake serve` started."""

import typer

from lakehouse.services import services

app = typer.Typer(add_completion=False)


@app.command()
def stop() -> None:
    """End each service by its own process id and wait until it is gone."""
    for name, service in services().items():
        typer.echo(f"{name:<12} {'stopped' if service.stop() else 'did not run'}")
