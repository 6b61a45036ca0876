"""A command stopped while Spark works for it says one sentence and no stack trace, whoever is signalled."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lakehouse.settings import settings

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.spark]
WITHIN = 120  # seconds
AT_WORK = """
import sys, threading, time
import typer
from lakehouse import cli
from lakehouse.session import spark_session
app = typer.Typer()

@app.command()
def work():
    spark = spark_session()
    tracker = spark.sparkContext.statusTracker()
    def tell():
        while not tracker.getActiveStageIds():
            time.sleep(0.05)
        print("at work", flush=True)
    threading.Thread(target=tell, daemon=True).start()
    spark.range(10**12).selectExpr("id", "id % 7 as station").write.format("delta").save(sys.argv[-1])

class Point:
    def load(self): return lambda words, prog_name: app([], prog_name="work")

cli.commands = lambda: {"work": Point()}
cli.main()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_while_spark_works_is_one_sentence(home: Path, number: signal.Signals) -> None:
    process = _at_work(home)
    os.killpg(process.pid, number)
    _says_one_sentence(process)


def test_a_stop_that_the_jvm_has_followed_before_is_the_same_sentence(home: Path) -> None:
    process = _at_work(home)
    process.send_signal(signal.SIGSTOP)
    os.killpg(process.pid, signal.SIGTERM)
    while _living_children(process.pid):
        time.sleep(0.05)
    process.send_signal(signal.SIGCONT)
    _says_one_sentence(process)


def _living_children(pid: int) -> list[str]:
    states = subprocess.run(["ps", "-o", "ppid=,state=", "-A"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return [line for line in states.splitlines() if line.split()[0] == str(pid) and line.split()[1] != "Z"]


def _at_work(home: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", AT_WORK, "work", str(home / "table")]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, start_new_session=True, stdout=pipe, stderr=pipe, text=True)
    assert process.stdout is not None and process.stdout.readline() == "at work\n"
    return process


def _says_one_sentence(process: "subprocess.Popen[str]") -> None:
    said = process.communicate(timeout=WITHIN)[1].splitlines()  # ends when the JVM, too, has closed its end
    told = [line for line in said if "incubator modules" not in line]  # a Java 17 of the system announces them
    assert told == ["lake: stopped. What is finished is kept; the same command goes on from there."]
    assert process.returncode == 130
    assert (settings().logs / "spark.log").exists()
