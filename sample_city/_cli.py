"""The synthetic county: departments' extracts and the truth behind them; the lake scored against that truth."""

import time
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help=__doc__, no_args_is_help=True)


@app.callback()
def sample_city() -> None:
    """The synthetic county."""


@app.command()
def build(
    out: Annotated[Path, typer.Option(help="Empty or new folder for extracts/ and truth/; not inside the lake's home.")],
    scale: Annotated[float, typer.Option(help="1 is the county of 408,300 persons; hundredths up to 10.")] = 0.01,
    seed: Annotated[int, typer.Option(help="Another seed gives other people with the same totals.")] = 330122,
    preset: Annotated[
        str, typer.Option(help="seed2014 (calibrated, 2014-12-31) or now2026 (rolled forward to 2026-03-16).")
    ] = "seed2014",
    days: Annotated[int, typer.Option(help="Days up to the reference day that departments report.")] = 30,
    defects: Annotated[str, typer.Option(help="none, default or heavy.")] = "default",
) -> None:
    """Write the departments' extracts and the truth. The same call gives the same bytes."""
    from sample_city.build import plan, run

    started = time.monotonic()
    rows = run(plan(scale, seed, preset, days, defects, out), typer.echo)
    for source, count in rows.items():
        typer.echo(f"{source:<28} {count:>10,} rows")
    typer.echo(f"{sum(rows.values()):,} rows in {time.monotonic() - started:.1f} s; all of it is synthetic. Written: {out}")


@app.command()
def score(
    truth: Annotated[Path, typer.Option(help="The folder `truth` of the city whose extracts were delivered to this lake.")],
    cards: Annotated[Path | None, typer.Option(help="Folder for pages about the thresholds of linkage, linkage_*.md.")] = None,
) -> None:
    """Measure the registers against the truth, keep the figures, and judge them as the gate will.

    Ends with code 1 when the linkage is worse than agreed or than at the last accepted scoring.
    """
    from quality.linkage import gate
    from sample_city.scoring.score import score as measure
    from sample_city.scoring.told import show

    found = measure(truth, typer.echo)
    show(found)
    for table, text in found.cards.items() if cards else ():
        (cards / f"linkage_{table}.md").write_text(text, "utf-8")
    verdict = gate.outcome()
    if verdict is not None:
        typer.echo(verdict.message)
        raise typer.Exit(0 if verdict.passed else 1)
