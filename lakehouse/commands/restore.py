"""Restore an archive of `lake backup` into an empty data home, or prove that it could be (--drill)."""

import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated

import typer

from lakehouse import vault
from lakehouse.settings import settings

app = typer.Typer(add_completion=False)
HOMES = ("data", "secrets")
DUTIES = "lake.restored"
"""Entry points of what a restored lake needs: functions that do it and yield a line for each thing done."""


@app.command()
def restore(
    archive: Path,
    drill: Annotated[bool, typer.Option(help="Only check that every table of the archive opens.")] = False,
) -> None:
    """Unpack into scratch space, open and count every table, then put it in place.

    Raises ValueError when the data home holds files, when the keys here are others than the archive's, or
    when the file is no whole backup of a lake.
    """
    data, secrets = settings().data_home, settings().secrets
    if not drill and any(not path.is_dir() for path in data.rglob("*")):
        raise ValueError(f"{data} is not empty; `lake reset` first, or set LAKE_DATA_HOME to a new folder.")
    with scratch_folder(None if drill else data / "scratch") as unpacked:
        unpack(archive, unpacked)
        for name, rows in count(unpacked / "data" / "tables").items():
            typer.echo(f"{name:<50} {rows:>12,} rows")
        if not drill:
            put_secrets(unpacked / "secrets", secrets)
            put_data(unpacked / "data", data)
    for duty in () if drill else entry_points(group=DUTIES):
        for line in duty.load()():
            typer.echo(line)
    typer.echo(f"{archive}: {'every table opens' if drill else f'restored to {data}'}.")


@contextmanager
def scratch_folder(parent: Path | None) -> Iterator[Path]:
    """A folder that is gone in the end; for a restore in the data home itself, which has the room."""
    if parent:
        parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix="restore-") as folder:
        yield Path(folder)


def unpack(archive: Path, folder: Path) -> None:
    """Members `data/...` and `secrets/...` go into the folder; an archive with anything else is refused."""
    try:
        with tarfile.open(archive) as packed:
            names = packed.getnames()
            strange = [n for n in names if n.split("/")[0] not in HOMES or "/" not in n]
            if strange or not names:
                raise ValueError(f"{archive} holds {strange[0] if names else 'nothing'}, so it is no backup of a lake.")
            packed.extractall(folder, filter="data")
    except (tarfile.TarError, EOFError, zlib.error) as error:
        why = str(error).splitlines()[0].rstrip(":")
        raise ValueError(f"{archive} is no whole archive ({why}); take another backup.") from error
    for home in HOMES:
        (folder / home).mkdir(exist_ok=True)


def count(tables: Path) -> dict[str, int]:
    """Rows of every unpacked table, read from its files."""
    from deltalake import DeltaTable

    logs = sorted(tables.glob("*/*/_delta_log"))
    found = {f"{log.parent.parent.name}.{log.parent.name}": DeltaTable(log.parent) for log in logs}
    return {name: table.to_pyarrow_dataset().count_rows() for name, table in found.items()}


def put_data(unpacked: Path, data: Path) -> None:
    """Files go to their places one by one: folders of the data home may be volumes of their own."""
    for path in sorted(p for p in unpacked.rglob("*") if p.is_symlink() or p.is_file()):
        target = data / path.relative_to(unpacked)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, target)


def put_secrets(unpacked: Path, secrets: Path) -> None:
    """Keys go to the secrets folder; one that is there and differs would be lost, so that is refused. Vaults are merged."""
    files = sorted(p for p in unpacked.rglob("*") if p.is_file() and p.name != vault.FILE)
    targets = {file: secrets / file.relative_to(unpacked) for file in files}
    for file, target in targets.items():
        if target.exists() and target.read_bytes() != file.read_bytes():
            raise ValueError(f"{target} is another key than the archive's; move it away, or set LAKE_SECRETS_HOME.")
    secrets.mkdir(parents=True, exist_ok=True, mode=0o700)
    for file, target in targets.items():
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copy2(file, target)
    if (saved := unpacked / vault.FILE).exists():
        vault.merge(saved)
