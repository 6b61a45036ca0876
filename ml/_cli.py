"""Train, backtest and describe the forecasting models."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, help=__doc__, no_args_is_help=True)
MODELS = ("pm25_forecast",)


def known(model: str) -> str:
    if model not in MODELS:
        raise typer.BadParameter(f"no model {model}; there is {', '.join(MODELS)}.")
    return model


Model = Annotated[str, typer.Argument(help="Name of the model: pm25_forecast.", callback=known)]


@app.command()
def train(model: Model) -> None:
    """Train now, whatever the age of the model at hand; register it if it beats both baselines."""
    from ml.pm25_forecast import run

    run.train(work(), typer.echo)
    show(run.card.read())


@app.command()
def backtest(model: Model) -> None:
    """Measure model and baselines by monthly folds; nothing is registered, no card is written."""
    from ml.pm25_forecast import card, evaluate, run
    from ml.pm25_forecast.panel import read_panel

    planned = work()
    _, measured, facts = run.backtest(read_panel(tuple(planned["stations"])), planned["inputs"], typer.echo)
    show(card.build(measured, facts, evaluate.shortfalls(measured), None))


@app.command("card")
def show_card(
    model: Model,
    markdown: Annotated[Path | None, typer.Option(help="Write the card as a Markdown page to this file.")] = None,
) -> None:
    """Print the model's card, or write it as a page."""
    from ml.pm25_forecast import card

    made = card.read()
    if made is None:
        raise LookupError(f"{model} has no card yet: `lake model train {model}` or `lake run` makes it.")
    if markdown:
        markdown.write_text(card.markdown(made), "utf-8")
        typer.echo(f"written: {markdown}")
    else:
        typer.echo(card.markdown(made))


def work() -> dict:
    """The whole of the tables at hand as a plan. Raises LookupError if there is nothing to learn from."""
    from lakehouse import tables
    from ml.pm25_forecast import panel

    names = panel.inputs()
    if not (stations := panel.eligible_stations()):
        raise LookupError("No station has 90 days of PM2.5 hours in gold yet: deliver more readings, then `lake run`.")
    return {"stations": list(stations), "inputs": {n: tables.version(n) for n in names}}


def show(card: dict) -> None:
    """The figures of a card as tables."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for title in ("comparison", "mae_by_station", "coverage_by_season_pct"):
        table = Table(*(c.replace("_", " ") for c in card[title][0]), title=title.replace("_", " "))
        for row in card[title]:
            table.add_row(*("" if v is None else str(v) for v in row.values()))
        console.print(table)
    console.print(card["registration"])
