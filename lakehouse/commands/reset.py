"""Delete all data (tables, landing, pages); the toolchain and the secrets stay."""

import errno
import os
import shutil
from typing import Annotated, Any

import typer

from lakehouse.services import services
from lakehouse.settings import settings

app = typer.Typer(add_completion=False)


@app.command()
def reset(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Stop the pages, then delete the data home.

    Raises ValueError when the checkout, the toolchain or the secrets lie inside it.
    """
    lake = settings()
    for kept in (lake.checkout, lake.toolchain, lake.secrets):
        if kept.is_relative_to(lake.data_home):
            raise ValueError(f"{kept} lies in the data home {lake.data_home}; set LAKE_DATA_HOME to a folder of its own.")
    if not lake.data_home.exists():
        typer.echo(f"{lake.data_home} is empty already.")
        return
    if not yes:
        question = f"Delete everything in {lake.data_home}? Stewards' decisions go too; `lake backup` keeps them."
        typer.confirm(question, abort=True)
    for service in services().values():
        service.stop()
    shutil.rmtree(lake.data_home, onerror=_leave_volumes)
    typer.echo(f"{lake.data_home} deleted.")


def _leave_volumes(function: Any, _path: str, failure: tuple) -> None:
    """A folder that is a volume of its own is emptied; it and the folders above it stay."""
    if function is not os.rmdir or failure[1].errno not in (errno.EBUSY, errno.ENOTEMPTY):
        raise failure[1]
