"""Run the pipeline once: what is new goes from landing to gold, checks, forecast and the serving file."""

from typing import Annotated

import typer

from lakehouse import pipeline

app = typer.Typer(add_completion=False)


@app.command()
def run(
    stages: Annotated[list[str] | None, typer.Argument(help="Only these stages; none = all.")] = None,
) -> None:
    """Plan each stage, write the plan down, run it. A stage with nothing new costs no engine start."""
    pipeline.run(tuple(stages or ()), typer.echo)
