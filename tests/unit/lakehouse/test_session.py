"""Ctrl-C while Spark works: its jobs are ended over another connection, and no library's traceback is told."""

import logging
import signal
import threading
from types import SimpleNamespace

import pytest

from lakehouse import session


@pytest.fixture
def at_work(monkeypatch):
    """A session whose Ctrl-C is ours; notes the thread from which its jobs are ended."""
    asked: list[threading.Thread] = []
    for name in session.PY4J_LOGGERS:
        monkeypatch.setattr(logging.getLogger(name), "filters", [])
    before = signal.getsignal(signal.SIGINT)
    context = SimpleNamespace(cancelAllJobs=lambda: asked.append(threading.current_thread()))
    session._stop_jobs_at_ctrl_c(SimpleNamespace(sparkContext=context))
    yield asked
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_ends_the_jobs_from_a_thread_of_its_own(at_work):
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert len(at_work) == 1 and at_work[0] is not threading.main_thread()


def test_ctrl_c_is_ctrl_c_also_when_the_engine_is_gone(at_work):
    session._stop_jobs_at_ctrl_c(SimpleNamespace())  # has no context to ask
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert at_work == []


def of_module(path: str, logger: str) -> int:
    """How many records are told of one that the logger gets from that module."""
    told = logging.getLogger(logger)
    return int(bool(told.filter(logging.makeLogRecord({"pathname": path, "msg": "connection lost"}))))


@pytest.mark.parametrize("logger", ["", "py4j.clientserver"])
def test_py4j_is_heard_until_the_stop_and_others_also_after_it(at_work, logger):
    assert of_module("/env/py4j/java_gateway.py", logger) == 1
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert of_module("/env/py4j/java_gateway.py", logger) == 0
    assert of_module("/lake/transforms/run.py", logger) == 1
