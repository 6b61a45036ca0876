"""Ask SQL of the serving file (gold, ops, labels), or of all Delta tables with --lake; result to screen, CSV or Parquet."""

from pathlib import Path
from typing import Annotated

import typer

from lakehouse.settings import settings

app = typer.Typer()


@app.callback(invoke_without_command=True)
def sql(
    query: str,
    lake: Annotated[
        bool, typer.Option("--lake", help="Over all Delta tables instead of the serving file.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Write the result to a .csv or .parquet file.")] = None,
) -> None:
    """DuckDB's SQL, read-only; starts no JVM."""
    import duckdb

    connection = connect(lake)
    try:
        result = connection.sql(query)
        if result is None:
            raise ValueError("That statement gives no rows; this command reads, it does not write.")
        write(result, out) if out else typer.echo(str(result), nl=False)
    except duckdb.Error as error:
        raise ValueError(str(error)) from error


def connect(lake: bool):
    """Read-only connection to the serving file, or to views over all Delta tables."""
    import duckdb

    if lake:
        from lakehouse import tables

        return tables.duck()
    file = settings().serving / "serving.duckdb"
    if not file.exists():
        raise LookupError(
            "There is no serving file yet; `lake run` makes it, and `lake sql --lake` asks the tables themselves."
        )
    connection = duckdb.connect(str(file), read_only=True)
    connection.execute("set TimeZone = 'UTC'")
    return connection


def write(result, out: Path) -> None:
    """Write a result by the file's ending."""
    writers = {".csv": result.write_csv, ".parquet": result.write_parquet}
    if out.suffix not in writers:
        raise ValueError(f"{out}: write to a file ending in {' or '.join(writers)}.")
    writers[out.suffix](str(out))
    typer.echo(f"{out}: {out.stat().st_size} bytes")
