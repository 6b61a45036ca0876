"""Measure the claims of speed, each beside its peers in the same run."""

from typing import Annotated

import typer

app = typer.Typer(add_completion=False, help=__doc__, no_args_is_help=True)
Repeats = Annotated[int, typer.Option(min=1, help="Warm runs after the cold one; the median counts.")]


@app.command()
def etl(rows: Annotated[int, typer.Option(min=100_000, help="Readings to generate.")] = 20_000_000, repeats: Repeats = 2) -> None:
    """Readings to silver, quarantine and hourly aggregate: kernel path, SQL path, DuckDB, plain Spark."""
    from benchmarks import etl as ways

    leave(ways.run(rows, repeats))


@app.command()
def checks(rows: Annotated[int, typer.Option(min=100_000, help="Rows to check.")] = 5_000_000, repeats: Repeats = 3) -> None:
    """Broken rules counted: the contract's rules in one pass, Great Expectations, DuckDB."""
    from benchmarks import checks as ways

    leave(ways.run(rows, repeats))


@app.command()
def start(repeats: Repeats = 3) -> None:
    """Start of a process to its first answer: commands without an engine, Spark with and without class archive."""
    from benchmarks import start as ways

    leave(ways.run(repeats))


@app.command()
def spatial(
    points: Annotated[int, typer.Option(min=10_000, help="Points to place.")] = 2_000_000,
    readings: Annotated[int, typer.Option(min=10_000, help="Readings of fixed sensors.")] = 20_000_000,
    repeats: Repeats = 3,
) -> None:
    """Points per polygon: placement kernel, Sedona's join, GeoPandas, SedonaDB; readings by location."""
    from benchmarks import spatial as ways

    leave(ways.run(points, readings, repeats))


@app.command()
def linkage(
    persons: Annotated[int, typer.Option(min=1_000, help="Persons, each in two registers.")] = 500_000, repeats: Repeats = 1
) -> None:
    """Records of persons joined: exact, by rule, by probability; a delta of 1 %; plain Splink."""
    from benchmarks import linkage as ways

    leave(ways.run(persons, repeats))


@app.command()
def registers(
    scale: Annotated[list[float] | None, typer.Option(help="1 is the county of 408,300 persons; several may be given.")] = None,
) -> None:
    """The sample city from departments' files to dashboards, stage by stage; with several scales the growth between them."""
    from benchmarks import registers as ways

    leave(ways.run(scale or [0.1]))


@app.command()
def delta(scale: Annotated[float, typer.Option(help="1 is the county of 408,300 persons.")] = 0.1) -> None:
    """The registers after a day's records, one in a hundred, beside a run on everything: time, ids, clusters."""
    from benchmarks import register_delta as ways

    leave(ways.run(scale))


@app.command()
def verification(
    persons: Annotated[int, typer.Option(min=20_000, help="Persons in the index.")] = 400_000,
    seconds: Annotated[int, typer.Option(min=5, help="Length of the load.")] = 60,
    pairs: Annotated[int, typer.Option(min=100, help="Pairs of an absent and a withheld subject.")] = 2_000,
) -> None:
    """The verification service under 50 requests a second of 60 callers; whether absent and withheld differ in time."""
    from benchmarks import verification as ways

    leave(ways.run(persons, seconds, pairs))


def leave(all_met: bool) -> None:
    """Exit code 1 when a target is missed."""
    raise typer.Exit(0 if all_met else 1)
