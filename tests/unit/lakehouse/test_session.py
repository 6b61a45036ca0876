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
    monkeypatch.setattr(logging.getLogger(), "filters", [])
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


@pytest.mark.parametrize(("error", "told"), [(KeyboardInterrupt(), 0), (ConnectionError("refused"), 1)])
def test_only_the_interruption_itself_is_kept_from_the_log(at_work, caplog, error, told):
    try:
        raise error
    except BaseException:
        logging.exception("while sending a command")
    assert len(caplog.records) == told
