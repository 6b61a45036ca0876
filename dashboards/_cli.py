"""Dashboards: build the assets, set Superset up, start and stop its server."""

import typer

from dashboards import server, setup

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.command()
def build() -> None:
    """Write the asset files for what the serving file holds now."""
    made = setup.build_assets()
    typer.echo(f"{len(made.files)} files in {setup.assets_folder()}")
    for chart, reason in made.left_out.items():
        typer.echo(f"left out: {chart}: {reason}")


@app.command()
def bootstrap(force: bool = typer.Option(False, help="Also when nothing changed since the last time.")) -> None:
    """Set Superset up: its database, accounts, assets, roles; ask every chart for its data."""
    done = setup.bootstrap(force)
    if done is None:
        typer.echo("nothing new")
        return
    steps = ", ".join(f"{name} {seconds} s" for name, seconds in done["seconds"].items())
    typer.echo(f"{len(done['rows'])} charts give rows ({steps})")


@app.command()
def serve() -> None:
    """Set Superset up if needed, start the server in the background and wait until it answers."""
    typer.echo(server.start())


@app.command()
def stop() -> None:
    """Stop the server."""
    typer.echo("stopped" if server.stop() else "did not run")


@app.command()
def check() -> None:
    """Ask every chart for its data; fails naming each chart that has none."""
    for chart, rows in setup.check().items():
        typer.echo(f"{rows:>7} rows  {chart}")
