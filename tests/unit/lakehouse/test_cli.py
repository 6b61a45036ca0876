"""The `lake` command: loads only what it runs, answers in one sentence, ends with the right code."""

import os
import subprocess
import sys

import pytest

from lakehouse import cli

HEAVY = ("pandas", "pyspark", "pyarrow", "duckdb", "numpy", "typer", "pydantic", "sqlglot")


def lake(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lakehouse.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | variables, timeout=60)


def modules(*words: str) -> set[str]:
    """Top-level packages that a command has imported when it ends."""
    program = f"import sys; from lakehouse import cli; cli.call(*{words!r}); print('|'.join(sys.modules))"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    return {name.split(".")[0] for name in said.splitlines()[-1].split("|")}


def test_help_lists_every_command_with_its_line_and_imports_none_of_them():
    assert modules("--help").isdisjoint({*HEAVY, "ingestion", "portal", "quality", "ml"})
    lines = {line.split()[0]: line.split(None, 1)[1:] for line in cli.overview(cli.commands()).splitlines()[4:]}
    assert lines.keys() == cli.commands().keys() and all(lines.values())
    assert lines["tables"] == ["List the lake's tables with version, rows and size."]


@pytest.mark.parametrize("words", [("tables",), ("sql", "select 1", "--lake"), ("status",), ("contracts", "diff", "--help")])
def test_commands_that_look_start_neither_an_engine_nor_pandas(home, words):
    assert modules(*words).isdisjoint({"pandas", "pyspark", "py4j", "great_expectations", "dbt", "mlflow"})


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("fly",), 2, "lake: there is no command 'fly'; `lake --help` lists them.\n"),
        (
            ("tables", "iron"),
            1,
            "lake: No layer iron; there are bronze, silver, quarantine, dead_letter, gold, ops, reference.\n",
        ),
        (
            ("sql", "select 1"),
            1,
            "lake: There is no serving file yet; `lake run` makes it, `lake sql --lake` asks the tables.\n",
        ),
        (("contracts", "show", "nothing"), 1, "lake: No contract for nothing; there are "),
        (("restore", "no/such.tgz"), 1, "lake: no/such.tgz: No such file or directory.\n"),
        (("serve", "radio"), 1, "lake: No service radio; there are dashboards, portal.\n"),
    ],
)
def test_an_expected_error_is_one_sentence_and_a_code(home, words, code, said):
    done = lake(*words)
    assert done.returncode == code and done.stderr.startswith(said) and done.stderr.count("\n") == 1


def test_a_wrong_setting_is_said_and_not_swallowed(home):
    done = lake("tables", LAKE_PORTAL_PROT="1")
    assert done.returncode == 1 and done.stderr.startswith("lake: LAKE_PORTAL_PROT: no such setting; there are LAKE_HOME,")


def test_usage_errors_and_good_ends_keep_their_codes(home):
    assert lake("tables").returncode == 0
    assert lake("tables", "--colour").returncode == 2


def test_a_reader_that_leaves_early_is_no_error(home):
    pipe = subprocess.run(["sh", "-c", f"{sys.executable} -m lakehouse.cli --help | true"], capture_output=True, text=True)
    assert pipe.stderr == ""


def test_commands_can_be_called_within_the_process(home, capsys):
    assert cli.call("contracts", "json-schema", "environment__weather") == 0
    assert '"urn:lake:environment__weather:1.0.0"' in capsys.readouterr().out
    assert cli.call("tables", "--colour") == 2
    with pytest.raises(LookupError, match="No contract for nothing"):
        cli.call("contracts", "show", "nothing")


def test_an_exit_with_a_text_is_said(monkeypatch, capsys):
    class Point:
        def load(self):
            return lambda words, prog_name: sys.exit("the disk is full")

    monkeypatch.setattr(cli, "commands", lambda: {"x": Point()})
    assert cli.call("x") == 1 and capsys.readouterr().err == "lake: the disk is full\n"


@pytest.mark.parametrize(
    ("words", "first"),
    [((), "Usage: lake COMMAND"), (("help",), "Usage: lake COMMAND"), (("help", "tables"), "Usage: lake tables")],
)
def test_help_is_a_word_too(capsys, words, first):
    assert cli.call(*words) == 0
    assert capsys.readouterr().out.strip().startswith(first)


STOPPED_WITHIN = """
import os, signal, sys, time, typer
from lakehouse import cli
if sys.argv.pop(1) == "ignored":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell does with what a script runs in the background
inner, outer = typer.Typer(), typer.Typer()

@inner.command()
def work(number: int):
    try:
        os.kill(os.getpid(), number)
        time.sleep(20)
    finally:
        print("put away")

@outer.command()
def show(number: int):
    cli.call("work", str(number))
    print("went on")

class Point:
    def __init__(self, app): self.app = app
    def load(self): return self.app

cli.commands = lambda: {"work": Point(inner), "show": Point(outer)}
cli.main()
"""


@pytest.mark.parametrize(("number", "ctrl_c"), [(2, "heard"), (15, "heard"), (15, "ignored")])
def test_a_stop_ends_a_command_within_a_command_in_good_order(number, ctrl_c):
    command = [sys.executable, "-c", STOPPED_WITHIN, ctrl_c, "show", str(number)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (130, "put away\n")
    assert done.stderr == "lake: stopped. What is finished is kept; the same command goes on from there.\n"
