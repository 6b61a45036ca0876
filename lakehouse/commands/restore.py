"""Restore an archive of `lake backup` into an empty data home."""

import tarfile
from pathlib import Path
from typing import Annotated

import typer

from lakehouse import tables
from lakehouse.settings import settings

app = typer.Typer()


@app.callback(invoke_without_command=True)
def restore(
    archive: Path,
    drill: Annotated[bool, typer.Option(help="Only check that every table of the archive opens.")] = False,
) -> None:
    """Unpack data and secrets, then open every table.

    Raises FileExistsError when the data home is not empty, ValueError for an archive that is none of ours.
    """
    lake = settings()
    if drill:
        _drill(archive)
        return
    if lake.data_home.exists() and any(lake.data_home.iterdir()):
        raise ValueError(
            f"{lake.data_home} is not empty; `lake reset` first, or set LAKE_DATA_HOME to a new folder."
        )
    unpack(archive, lake.data_home, lake.secrets)
    for name in tables.names():
        typer.echo(f"{name:<50} version {tables.version(name)}")


def _drill(archive: Path) -> None:
    import tempfile

    from deltalake import DeltaTable

    with tempfile.TemporaryDirectory() as scratch:
        unpack(archive, Path(scratch) / "data", Path(scratch) / "secrets")
        logs = sorted((Path(scratch) / "data" / "tables").glob("*/*/_delta_log"))
        for log in logs:
            DeltaTable(log.parent).to_pyarrow_dataset().count_rows()
        typer.echo(f"{archive}: {len(logs)} tables open and count.")


def unpack(archive: Path, data: Path, secrets: Path) -> None:
    """Members `data/...` and `secrets/...` go to their homes; anything else is refused."""
    homes = {"data": data, "secrets": secrets}
    with tarfile.open(archive) as packed:
        members = packed.getmembers()
        if strange := [m.name for m in members if m.name.split("/")[0] not in homes]:
            raise ValueError(f"{archive} holds {strange[0]}, so it is no backup of a lake.")
        for member in members:
            label, _, inside = member.name.partition("/")
            homes[label].mkdir(parents=True, exist_ok=True, mode=0o700 if label == "secrets" else 0o755)
            packed.extract(member.replace(name=inside), homes[label], filter="data")
