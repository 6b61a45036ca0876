"""The bootstrap script: each step once, after an interruption on from there, one clear sentence when it cannot go on."""

import os
import signal

import pytest

from lakehouse.settings import settings
from tests.support.lake_checkout import Checkout

MAIN = "install --no-deps --require-hashes -r requirements/main.txt"
EDITABLE = "install --no-deps --no-build-isolation -e CHECKOUT"
OPENMP, JARS, ARCHIVE = (f"python -m lakehouse.toolchain {step}" for step in ("openmp", "jars", "archive"))
SUPERSET = "install --no-deps --require-hashes -r requirements/superset.txt"
DEV = "install --no-deps --require-hashes -r requirements/dev.txt"


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path, settings().checkout / "lake")


def command(*words: str) -> str:
    return " ".join(("python -m lakehouse.cli", *words))


def test_the_first_call_prepares_in_order_and_hands_the_words_on(checkout):
    code, said = checkout.lake("run", "--until", "silver")
    assert code == 0, said
    assert checkout.logged() == [MAIN, EDITABLE, OPENMP, JARS, ARCHIVE, command("run", "--until", "silver")]
    assert "[1/4] Python libraries" in said and "[4/4] class archive" in said


def test_the_next_call_prepares_nothing_and_says_nothing(checkout):
    checkout.lake("run")
    checkout.logged()
    assert checkout.lake("run") == (0, "")
    assert checkout.logged() == [command("run")]


@pytest.mark.parametrize("words", [("doctor",), ("demo", "--help"), ("quarantine", "fix", "--help")])
def test_doctor_and_help_on_a_command_need_no_java(checkout, words):
    checkout.lake(*words)
    assert checkout.logged() == [MAIN, EDITABLE, OPENMP, command(*words)]


@pytest.mark.parametrize("words", [("--help",), ("help",), ()])
def test_who_asks_what_there_is_downloads_nothing(checkout, words):
    code, said = checkout.lake(*words)
    assert code == 0 and "demo" in said and "Nothing is prepared yet" in said
    assert checkout.logged() == []
    checkout.lake("doctor")
    checkout.logged()
    assert checkout.lake(*words) == (0, "")
    assert checkout.logged() == [command(*words)]


def test_pages_need_superset(checkout):
    checkout.lake("demo", "--exit")
    assert checkout.logged() == [MAIN, EDITABLE, OPENMP, JARS, ARCHIVE, SUPERSET, command("demo", "--exit")]


CHECKS = ("ruff", "tach", "sqlfluff", "basedpyright")


@pytest.fixture
def ready_for_tests(checkout):
    """Everything prepared, and stand-ins for the checkers, which log their names."""
    checkout.lake("setup")
    for name in CHECKS:
        checkout.stand_in(checkout.home / "toolchain" / "main" / "bin" / name, f'#!/bin/sh\necho {name} >> "$LOG"\n')
    checkout.logged()
    return checkout


def test_the_tests_get_their_tools_and_run_after_the_checkers(ready_for_tests):
    ready_for_tests.lake("test", "-k", "one thing")
    assert ready_for_tests.logged() == [DEV, *CHECKS, "python -m pytest -k one thing"]


def test_a_checker_that_complains_ends_the_tests(ready_for_tests):
    checker = ready_for_tests.home / "toolchain" / "main" / "bin" / "tach"
    ready_for_tests.stand_in(checker, "#!/bin/sh\necho 'quality imports portal'; exit 3\n")
    code, said = ready_for_tests.lake("test")
    assert code == 3 and "quality imports portal" in said
    assert "python -m pytest" not in ready_for_tests.logged()


@pytest.mark.parametrize(("ci", "user", "installs"), [("true", "0", True), ("true", "1000", False), ("", "0", False)])
def test_host_tools_are_installed_only_for_root_on_a_build_machine(ready_for_tests, ci, user, installs):
    (ready_for_tests.fakes / "missing-packages").write_text("chromium mosquitto\n")
    ready_for_tests.stand_in(ready_for_tests.path / "apt-get", '#!/bin/sh\necho "apt-get $*" >> "$LOG"\n')
    (ready_for_tests.path / "id").unlink()
    ready_for_tests.stand_in(ready_for_tests.path / "id", f"#!/bin/sh\necho {user}\n")
    ready_for_tests.more = {"CI": ci}
    ready_for_tests.lake("test")
    asked = [line for line in ready_for_tests.logged() if line.startswith("apt-get install")]
    assert [line.endswith("chromium mosquitto") for line in asked] == [True] * installs


def test_a_machine_that_cannot_install_goes_on_without(ready_for_tests):
    (ready_for_tests.fakes / "missing-packages").write_text("chromium\n")
    ready_for_tests.stand_in(ready_for_tests.path / "apt-get", "#!/bin/sh\nexit 100\n")
    (ready_for_tests.path / "id").unlink()
    ready_for_tests.stand_in(ready_for_tests.path / "id", "#!/bin/sh\necho 0\n")
    ready_for_tests.more = {"CI": "true"}
    code, said = ready_for_tests.lake("test")
    assert code == 0 and "could not be installed: chromium" in said
    assert "python -m pytest" in ready_for_tests.logged()


def test_a_changed_lock_repeats_its_own_step(checkout):
    checkout.lake("setup")
    checkout.logged()
    (checkout.requirements / "superset.txt").write_text("superset.txt 2\n")
    checkout.lake("setup")
    assert checkout.logged() == [SUPERSET]
    (checkout.root / "pyproject.toml").write_text("[project]\n")
    checkout.lake("setup")
    assert checkout.logged() == [EDITABLE, OPENMP]


def test_a_new_package_is_found(checkout):
    checkout.lake("run")
    checkout.logged()
    (checkout.root / "sample_city").mkdir()
    (checkout.root / "sample_city" / "__init__.py").touch()
    checkout.lake("run")
    assert checkout.logged() == [EDITABLE, OPENMP, command("run")]


def test_another_checkout_takes_the_toolchain_over(checkout, tmp_path):
    checkout.lake("run")
    other = Checkout(tmp_path / "other", settings().checkout / "lake")
    other.home = checkout.home
    other.lake("run")
    assert other.logged() == [EDITABLE, OPENMP, command("run")]


def test_a_vanished_interpreter_is_replaced(checkout):
    checkout.lake("run")
    checkout.logged()
    (checkout.home / "toolchain" / "main" / "bin" / "python").unlink()
    code, said = checkout.lake("run")
    assert (code, checkout.logged()[0]) == (0, MAIN), said


@pytest.mark.parametrize(
    ("slow", "step", "kept"),
    [
        ("slow", "[1/4]", set()),
        ("slow-jars", "[3/4]", {"main", "checkout"}),
        ("slow-archive", "[4/4]", {"main", "checkout", "jars"}),
    ],
)
def test_ctrl_c_keeps_finished_steps_and_the_next_call_goes_on(checkout, slow, step, kept):
    (checkout.fakes / slow).touch()
    code, said = checkout.signal_at(step, signal.SIGINT, "run")
    assert code == 130 and "interrupted. Finished steps are kept" in said
    assert checkout.stamps() == kept and not (checkout.home / "toolchain" / "preparing").exists()
    (checkout.fakes / slow).unlink()
    assert checkout.lake("run")[0] == 0
    assert checkout.stamps() == {"main", "checkout", "jars", "archive"}


def test_a_killed_preparation_blocks_nobody(checkout):
    (checkout.fakes / "slow-jars").touch()
    checkout.signal_at("[3/4]", signal.SIGKILL, "run")
    (checkout.fakes / "slow-jars").unlink()
    assert (checkout.home / "toolchain" / "preparing").exists()
    assert checkout.lake("run")[0] == 0


def test_a_second_call_waits_for_the_first(checkout):
    (checkout.fakes / "slow-jars").touch()
    first = checkout.start("run")
    checkout.read_until(first, "[3/4]")
    second = checkout.start("run")
    checkout.read_until(second, "is preparing")
    (checkout.fakes / "slow-jars").unlink()
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    out, err = second.communicate(timeout=60)
    assert second.returncode == 0, out + err
    assert checkout.logged().count(JARS) == 1


def test_a_failed_step_shows_the_reason_and_leaves_no_stamp(checkout):
    (checkout.fakes / "broken").touch()
    code, said = checkout.lake("run")
    assert code == 1 and "no route to host" in said and "this step failed" in said
    assert checkout.stamps() == set()


def test_without_a_fitting_python_one_sentence_says_what_to_install(checkout):
    (checkout.path / "python3.11").unlink()
    code, said = checkout.lake("run")
    assert code == 1 and "no Python 3.11 or 3.12" in said and "apt-get install python3 python3-venv" in said


def test_a_home_that_cannot_be_made_is_named(checkout):
    checkout.home.write_text("a file")
    code, said = checkout.lake("run")
    assert code == 1 and f"cannot write to {checkout.home}; set LAKE_HOME" in said


def test_the_script_can_be_linked_to(checkout, tmp_path):
    link = tmp_path / "somewhere" / "lake"
    link.parent.mkdir()
    link.symlink_to("../checkout/lake")
    checkout.lake("run", script=link)
    assert EDITABLE in checkout.logged()


def test_when_all_is_prepared_the_script_costs_little(checkout):
    """Processor time, which a busy machine does not lengthen as it does the clock's."""
    checkout.lake("run")
    began = spent_by_children()
    for _ in range(10):
        checkout.lake("run")
    assert (spent_by_children() - began) / 10 < 0.15  # seconds; a tenth of that where nothing else runs


def spent_by_children() -> float:
    spent = os.times()
    return spent.children_user + spent.children_system
