"""Write data and secrets into one archive that `lake restore` reads."""

import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import typer

from lakehouse import tables, vault
from lakehouse.settings import settings

app = typer.Typer(add_completion=False)
LEFT_OUT = {"scratch", "run"}


@app.command()
def backup(archive: Path) -> None:
    """Save everything but scratch files; the lake may run meanwhile.

    What was received is saved first, then the tables' logs from the record of operation back to bronze, then
    the rest: so every file that a saved log names is saved, and no saved outcome speaks of rows that are
    missing. At worst a restored lake does some work again. Keep the archive as safe as the keys in it.
    """
    part = archive.with_name(f".{archive.name}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    with tarfile.open(part, "w:gz", compresslevel=1) as out:
        for name, path in members(settings().data_home, settings().secrets):
            if path.resolve() not in (archive.resolve(), part.resolve()):
                out.add(path, name, recursive=False)
    part.replace(archive)
    typer.echo(f"{archive}: {archive.stat().st_size / 1e6:.1f} MB")


def members(data: Path, secrets: Path) -> Iterator[tuple[str, Path]]:
    """Name in the archive and path of every file, in the order in which it is safe to read them.

    Each folder is listed only when its turn comes.
    """
    saved: set[Path] = set()
    logs = [data / "tables" / layer for layer in reversed(tables.LAYERS)]
    for folder, only_logs in [(data / "landing", False), *((log, True) for log in logs), (data, False)]:
        for path in sorted(folder.rglob("*")):
            is_due = not only_logs or "_delta_log" in path.parts
            if is_due and path not in saved and _wanted(path, data):
                saved.add(path)
                yield f"data/{path.relative_to(data)}", path
    yield from _secrets(secrets)


def _secrets(secrets: Path) -> Iterator[tuple[str, Path]]:
    """The keys, and last the vault as one whole copy: so it holds every token that a saved row holds."""
    for path in sorted(secrets.rglob("*")):
        if path.is_file() and not path.name.startswith(vault.FILE):
            yield f"secrets/{path.relative_to(secrets)}", path
    if (secrets / vault.FILE).exists():
        with tempfile.TemporaryDirectory(dir=secrets, prefix=".backup-") as folder:
            vault.snapshot(copy := Path(folder) / vault.FILE)
            yield f"secrets/{vault.FILE}", copy


def _wanted(path: Path, data: Path) -> bool:
    """No folders and nothing of running processes; `_last_checkpoint` may name a file made after the list."""
    is_ours = path.relative_to(data).parts[0] not in LEFT_OUT and path.name != "_last_checkpoint"
    return is_ours and (path.is_symlink() or path.is_file())
