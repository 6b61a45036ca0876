"""What a long step is doing, on standard error: a live line on a terminal, a plain line every ten seconds elsewhere."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

EVERY_SECONDS = 10.0
Words = str | Callable[[], str]


class Step:
    """One step: its title, since when it runs, and what it is doing (words, or a question that any thread may ask)."""

    def __init__(self, title: str):
        self.title, self.began = title, time.monotonic()
        self.words: Words = ""

    def line(self) -> str:
        seconds = time.monotonic() - self.began
        return f"{': '.join(filter(None, (self.title, self._doing())))} ({int(seconds)} s)"

    def _doing(self) -> str:
        try:
            return self.words if isinstance(self.words, str) else self.words()
        except Exception:  # who is asked may be ending, as an engine after Ctrl-C; the step itself tells what went wrong
            return ""


_steps: list[Step] = []  # outermost first; a process has one terminal, so it has one of these


@contextmanager
def step(title: str) -> Iterator[None]:
    """Show that a step runs until it ends. A step within it takes its place on the line meanwhile."""
    display = nullcontext() if _steps else _display()
    _steps.append(Step(title))
    try:
        with display:
            yield
    finally:
        _steps.pop()


def doing(words: Words) -> None:
    """Say what the present step is working on; without a step nobody listens."""
    if _steps:
        _steps[-1].words = words


def _display() -> AbstractContextManager[None]:
    return _live_line() if sys.stderr.isatty() and os.environ.get("TERM") != "dumb" else _plain_lines()


@contextmanager
def _plain_lines() -> Iterator[None]:
    ended = threading.Event()
    teller = threading.Thread(target=_tell_until, args=(ended,), daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()


def _tell_until(ended: threading.Event) -> None:
    while not ended.wait(EVERY_SECONDS):
        print(f"  ... {_steps[-1].line()}", file=sys.stderr, flush=True)


@contextmanager
def _live_line() -> Iterator[None]:
    from rich.console import Console
    from rich.live import Live
    from rich.spinner import Spinner
    from rich.text import Text

    spinner = Spinner("dots")

    def drawn() -> Spinner:
        spinner.update(text=Text(_steps[-1].line(), no_wrap=True, overflow="ellipsis"))
        return spinner

    # what is printed meanwhile goes above the line, but never from a pipe of its own to the terminal
    console = Console(stderr=True)
    with Live(console=console, get_renderable=drawn, transient=True, redirect_stdout=sys.stdout.isatty()):
        yield
