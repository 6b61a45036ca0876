"""List the lake's tables with version, rows and size."""

from typing import Annotated

import typer

from lakehouse import tables as lake
from lakehouse.checksums import checksum

app = typer.Typer(add_completion=False)


@app.command()
def tables(
    layer: Annotated[str, typer.Argument(help="Only this layer.")] = "",
    checksums: Annotated[bool, typer.Option("--checksums", help="What the rows say in one figure, to compare lakes.")] = False,
) -> None:
    """Read from the Delta logs alone, checksums from the rows; starts no JVM."""
    if layer and layer not in lake.LAYERS:
        raise ValueError(f"No layer {layer}; there are {', '.join(lake.LAYERS)}.")
    for name in lake.names(layer or None):
        if checksums:
            typer.echo(f"{name:<52} {checksum(name)}")
            continue
        rows, size, version = figures(name)
        typer.echo(f"{name:<52} v{version:<4} {rows:>12,} rows {size / 1e6:>9.1f} MB")


def figures(name: str) -> tuple[int, int, int]:
    """Rows, bytes and version of a table from its log."""
    table = lake.open_table(name)
    files = table.get_add_actions(flatten=True)
    rows, sizes = (files.column(c).to_pylist() for c in ("num_records", "size_bytes"))
    return sum(n or 0 for n in rows), sum(sizes), table.version()
