"""Ask SQL of the serving file (gold, ops, labels) or of all Delta tables; to screen, CSV or Parquet."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lakehouse.settings import settings

if TYPE_CHECKING:
    import duckdb

app = typer.Typer(add_completion=False)
READING = {"SELECT", "EXPLAIN", "MULTI"}  # MULTI: a pivot


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="One statement that reads.")] = "",
    lake: Annotated[bool, typer.Option("--lake", help="Ask all Delta tables, not the serving file.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write the result to a .csv or .parquet file.")] = None,
    examples: Annotated[bool, typer.Option("--examples", help="Show a question for each gold table.")] = False,
) -> None:
    """DuckDB's SQL, one statement that reads; starts no JVM."""
    import duckdb

    if examples:
        typer.echo("\n\n".join(questions()))
        return

    try:
        statements = duckdb.extract_statements(query)
        if [s.type.name in READING for s in statements] != [True]:
            raise ValueError("Write one statement that reads; this command changes nothing.")
        result = (over_tables(query) if lake else over_serving_file()).sql(query)
        write(result, out) if out else typer.echo(str(result), nl=False)
    except duckdb.Error as error:
        mend = " `lake tables` lists what there is, `lake run` makes what is missing." if "Table with name" in str(error) else ""
        raise ValueError(" ".join(str(error).split()) + mend) from error


def questions() -> list[str]:
    """What each gold table is and a question that it answers, ready to be asked."""
    found = over_serving_file().sql("select table_name, grain, example_sql from meta.datasets order by table_name").fetchall()
    return [f'# {table}: one row is {grain}\nlake sql "{question}"' for table, grain, question in found if question]


def over_tables(query: str) -> "duckdb.DuckDBPyConnection":
    """A connection with the Delta tables that the query names (where it names none, with all)."""
    import duckdb

    from lakehouse import tables

    there = set(tables.names())
    return tables.duck(*(duckdb.connect().get_table_names(query, qualified=True) & there))


def over_serving_file() -> "duckdb.DuckDBPyConnection":
    """A connection to the serving file that cannot write."""
    import duckdb

    file = settings().serving / "serving.duckdb"
    if not file.exists():
        raise LookupError("There is no serving file yet; `lake run` makes it, `lake sql --lake` asks the tables.")
    connection = duckdb.connect(str(file), read_only=True)
    connection.execute("set TimeZone = 'UTC'")
    return connection


def write(result: "duckdb.DuckDBPyRelation", out: Path) -> None:
    """Write a result by the file's ending."""
    writers = {".csv": result.write_csv, ".parquet": result.write_parquet}
    if out.suffix not in writers:
        raise ValueError(f"{out}: write to a file ending in {' or '.join(writers)}.")
    writers[out.suffix](str(out))
    typer.echo(f"{out}: {out.stat().st_size} bytes")
