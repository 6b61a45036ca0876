"""Edge collectors: `lake collect` runs one, `lake ship` ships its sealed segments."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

import structlog
import typer

from edge_collectors.config import load

collect = typer.Typer(add_completion=False, help="Run a collector until it is stopped (SIGTERM, Ctrl-C).")
ship = typer.Typer(add_completion=False, help="Ship sealed segments of a collector's spool to the lake.")
Config = Annotated[Path, typer.Option(help="The collector's YAML file; samples/edge/ holds examples.")]


@collect.command()
def run_collector(config: Config) -> None:
    """Run a collector until it is stopped (SIGTERM, Ctrl-C). Its log is one JSON object per line on stderr."""
    from edge_collectors.collector import Collector

    _log_as_json()
    wanted = load(config)

    async def run() -> None:
        await Collector(wanted).run()

    _told(lambda: asyncio.run(run()))


@ship.command()
def run_shipper(
    config: Config,
    once: Annotated[bool, typer.Option(help="One pass; exit code 1 when the link is down.")] = False,
    again: Annotated[tuple[str, int] | None, typer.Option(help="SOURCE NUMBER: send a kept segment again.")] = None,
) -> None:
    """Ship sealed segments until stopped, for a collector whose configuration says `ship: apart`."""
    from edge_collectors.collector import shipper_of

    _log_as_json()
    shipper = shipper_of(load(config))
    if again:
        typer.echo(f"sent {shipper.ship_again(*again)}")
    elif once:
        if not shipper.ship_pending():
            raise RuntimeError(shipper.link.error)
    else:
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        shipper.run(stop)


def _told(action) -> None:
    """Errors of the environment as one sentence, also out of a task group."""
    try:
        action()
    except* OSError as errors:
        raise RuntimeError(_sentence(errors.exceptions[0])) from None


def _sentence(error: BaseException) -> str:
    file, what = getattr(error, "filename", None), getattr(error, "strerror", None) or error
    return f"{file}: {what}; mend the path in the collector's file." if file else f"{what}; is another process on the port?"


def _log_as_json() -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
