"""Write data and secrets into one archive that `lake restore` reads."""

import tarfile
from pathlib import Path

import typer

from lakehouse.settings import settings

app = typer.Typer()
LEFT_OUT = {"scratch", "run"}


@app.callback(invoke_without_command=True)
def backup(archive: Path) -> None:
    """Save everything but scratch files. Delta tables are append-only files, so the copy of a running lake is consistent per table: a log is
    saved before the files that it names.

    The archive holds the signing keys; keep it as safe as the secrets folder.
    """
    part = archive.with_name(f".{archive.name}.part")
    part.touch(mode=0o600)
    with tarfile.open(part, "w:gz", compresslevel=1) as out:
        for label, folder in (("data", settings().data_home), ("secrets", settings().secrets)):
            if folder.exists():
                _add(out, folder, label)
    part.replace(archive)
    typer.echo(f"{archive}: {archive.stat().st_size / 1e6:.1f} MB")


def _add(out: tarfile.TarFile, folder: Path, label: str) -> None:
    """Logs before data files: every file that a saved log names is then saved after it."""
    files = [p for p in sorted(folder.rglob("*")) if not set(p.relative_to(folder).parts[:1]) & LEFT_OUT]
    for path in sorted(files, key=lambda p: "_delta_log" not in p.parts):
        if path.is_symlink() or path.is_file():
            out.add(path, f"{label}/{path.relative_to(folder)}", recursive=False)
