"""Delete all data (tables, landing, pages); the toolchain and the secrets stay."""

import shutil
from typing import Annotated

import typer

from lakehouse.services import services
from lakehouse.settings import settings

app = typer.Typer()


@app.callback(invoke_without_command=True)
def reset(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Stop the pages, then delete the data home."""
    home = settings().data_home
    if not home.exists():
        typer.echo(f"{home} is empty already.")
        return
    if not yes:
        typer.confirm(
            f"Delete everything in {home}? Stewards' decisions go too; `lake backup` keeps them.", abort=True
        )
    for service in services().values():
        service.stop()
    shutil.rmtree(home)
    typer.echo(f"{home} deleted.")
