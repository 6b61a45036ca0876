"""The class archive is offered only when it fits the present Java and jars, and never by halves."""

import subprocess
from pathlib import Path

import pytest

from lakehouse.settings import settings
from lakehouse.toolchain import class_archive, java


@pytest.fixture
def toolchain(tmp_path, monkeypatch):
    monkeypatch.setenv("LAKE_HOME", str(tmp_path))
    monkeypatch.delenv(class_archive.RECORD_TO, raising=False)
    settings.cache_clear()
    (tmp_path / "toolchain").mkdir()
    monkeypatch.setattr(class_archive, "chosen_java", lambda: java.Java(tmp_path / "jdk", "17.0.15"))
    monkeypatch.setattr(class_archive, "_make_base_archive", lambda: None)
    yield tmp_path / "toolchain"
    settings.cache_clear()


def session_that(returncode: int, content: bytes | None):
    def run(command, env, **_):
        if content is not None:
            Path(env[class_archive.RECORD_TO]).write_bytes(content)
        return subprocess.CompletedProcess(command, returncode, "", "java.lang.OutOfMemoryError")

    return run


def test_no_archive_no_option(toolchain):
    assert class_archive.class_archive_options() == []


def test_the_archive_is_offered_until_java_changes(toolchain, monkeypatch):
    monkeypatch.setattr(class_archive.subprocess, "run", session_that(0, b"classes"))
    class_archive.build_class_archive(say=lambda _: None)
    (option,) = class_archive.class_archive_options()
    assert option.startswith(f"-XX:SharedArchiveFile={toolchain}/spark-") and option.endswith(".jsa")
    monkeypatch.setattr(class_archive, "chosen_java", lambda: java.Java(toolchain, "21.0.8"))
    assert class_archive.class_archive_options() == []


def test_a_new_archive_replaces_the_old_one(toolchain, monkeypatch):
    (toolchain / "spark-0123456789ab.jsa").write_bytes(b"of another Java")
    monkeypatch.setattr(class_archive.subprocess, "run", session_that(0, b"classes"))
    class_archive.build_class_archive(say=lambda _: None)
    assert [file.read_bytes() for file in toolchain.glob("*.jsa")] == [b"classes"]


@pytest.mark.parametrize(("returncode", "content"), [(1, b"half"), (0, None)])
def test_a_failed_session_leaves_no_archive_and_says_why(toolchain, monkeypatch, returncode, content):
    monkeypatch.setattr(class_archive.subprocess, "run", session_that(returncode, content))
    with pytest.raises(RuntimeError, match=r"OutOfMemoryError\n.*session failed: run `lake doctor`"):
        class_archive.build_class_archive(say=lambda _: None)
    assert class_archive.class_archive_options() == []


def test_the_recording_session_gets_the_recording_option(toolchain, monkeypatch):
    monkeypatch.setenv(class_archive.RECORD_TO, "/somewhere/new.jsa")
    assert class_archive.class_archive_options()[0] == "-XX:ArchiveClassesAtExit=/somewhere/new.jsa"


def test_a_path_with_a_space_is_quoted_for_spark(toolchain, monkeypatch):
    monkeypatch.setenv(class_archive.RECORD_TO, "/my disk/new.jsa")
    assert class_archive.class_archive_options()[0] == '"-XX:ArchiveClassesAtExit=/my disk/new.jsa"'
