"""A long step gives a sign of life that names what it works on, on a terminal and in a log."""

import contextlib
import os
import pty
import subprocess
import sys
import threading
import time

import pytest

from lakehouse import progress


def wait_for(condition, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


class Log:
    """All that was said on standard error so far."""

    def __init__(self, capsys):
        self.capsys, self.said = capsys, ""

    def getvalue(self) -> str:
        self.said += self.capsys.readouterr().err
        return self.said


@pytest.fixture
def log(monkeypatch, capsys) -> Log:
    """What a process without a terminal says; it is told often."""
    monkeypatch.setattr(progress, "EVERY_SECONDS", 0.02)
    return Log(capsys)


def test_a_log_gets_a_plain_line_that_names_the_work_now_and_then(log):
    with progress.step("silver"):
        progress.doing("3 of 14 months")
        wait_for(lambda: log.getvalue().count("3 of 14 months") > 1)
        progress.doing("4 of 14 months")
        wait_for(lambda: "4 of 14 months" in log.getvalue())
    told = log.getvalue()
    assert told.splitlines()[0] in ("  ... silver (0 s)", "  ... silver: 3 of 14 months (0 s)")
    time.sleep(0.1)
    assert log.getvalue() == told and threading.active_count() == 1


def test_a_step_that_ends_soon_says_nothing(log, monkeypatch):
    monkeypatch.setattr(progress, "EVERY_SECONDS", 10.0)
    with progress.step("bronze"):
        progress.doing("one file")
    assert log.getvalue() == ""


def test_an_inner_step_takes_the_line_and_gives_it_back(log):
    with progress.step("dashboards"):
        progress.doing("assets")
        with pytest.raises(ValueError), progress.step("portal"):
            wait_for(lambda: "... portal (" in log.getvalue())
            raise ValueError
        given_back = len(log.getvalue())
        wait_for(lambda: "dashboards: assets" in log.getvalue()[given_back:])


def test_words_may_be_a_question_and_one_that_fails_ends_nothing(log):
    done = iter(["1 of 2", "2 of 2"])
    with progress.step("silver"):
        progress.doing(lambda: next(done))
        wait_for(lambda: "silver: 2 of 2 (" in log.getvalue())
        wait_for(lambda: log.getvalue().endswith("... silver (0 s)\n"))


def test_nobody_listens_outside_a_step(log):
    progress.doing("alone")
    with progress.step("next"):
        wait_for(lambda: "... next (" in log.getvalue())


ON_A_TERMINAL = """
import time
from lakehouse import progress
with progress.step("gold"):
    progress.doing("fct_air_quality_hourly (3 of 20)")
    time.sleep(0.6)
    print("a line of the step itself")
"""


def test_a_terminal_shows_one_line_that_goes_when_the_step_ends():
    shown = said_on_a_terminal(ON_A_TERMINAL)
    assert "gold: fct_air_quality_hourly (3 of 20) (0 s)" in shown and "a line of the step itself\r\n" in shown
    assert shown.rstrip().endswith("\x1b[2K") and "\x1b[?25h" in shown  # the line is erased, the cursor is back


def said_on_a_terminal(program: str) -> str:
    """What a program shows on a terminal of its own."""
    master, slave = pty.openpty()
    own = os.environ | {"TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen([sys.executable, "-c", program], stdin=slave, stdout=slave, stderr=slave, env=own):
        os.close(slave)
        shown = b""
        with os.fdopen(master, "rb", buffering=0) as screen, contextlib.suppress(OSError):  # the end of a terminal is an error
            while part := screen.read(65536):
                shown += part
    return shown.decode()
