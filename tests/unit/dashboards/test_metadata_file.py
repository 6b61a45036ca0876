"""The file of Superset's own database around migrations: each place where an interruption may fall."""

from pathlib import Path

import pytest

from dashboards import metadata_file as file

OLD, NEW = "6.1.0", "6.2.0"


def database(home: Path, text: str) -> None:
    (home / file.DATABASE).write_text(text, "utf-8")


def content(home: Path) -> str | None:
    found = home / file.DATABASE
    return found.read_text("utf-8") if found.exists() else None


def test_first_start_that_was_interrupted_begins_again(tmp_path: Path) -> None:
    file.prepare(tmp_path, OLD)
    database(tmp_path, "half of the tables")
    (tmp_path / "superset.db-journal").write_text("left by the kill")
    file.prepare(tmp_path, OLD)
    assert list(tmp_path.iterdir()) == []


def test_finished_database_stays(tmp_path: Path) -> None:
    database(tmp_path, "all tables, and charts of people")
    file.finish(tmp_path, OLD)
    file.prepare(tmp_path, OLD)
    assert content(tmp_path) == "all tables, and charts of people"
    assert not (tmp_path / file.BEFORE).exists()


@pytest.mark.parametrize("interruptions", [1, 2])
def test_interrupted_change_of_version_begins_from_the_copy(tmp_path: Path, interruptions: int) -> None:
    database(tmp_path, "old tables, and charts of people")
    file.finish(tmp_path, OLD)
    for _ in range(interruptions):
        file.prepare(tmp_path, NEW)
        database(tmp_path, "half migrated")
    file.prepare(tmp_path, NEW)
    assert content(tmp_path) == "old tables, and charts of people"
    database(tmp_path, "new tables, and charts of people")
    file.finish(tmp_path, NEW)
    file.prepare(tmp_path, NEW)
    assert content(tmp_path) == "new tables, and charts of people"


def test_interrupted_between_the_last_two_steps_migrates_again(tmp_path: Path) -> None:
    database(tmp_path, "old")
    file.finish(tmp_path, OLD)
    file.prepare(tmp_path, NEW)
    database(tmp_path, "new")
    (tmp_path / file.BEFORE).unlink()  # the first step of finish, then the lights go out
    file.prepare(tmp_path, NEW)
    assert content(tmp_path) == "new"
    assert (tmp_path / file.BEFORE).read_text() == "new"


def test_another_database_than_sqlite_is_left_alone(tmp_path: Path) -> None:
    file.prepare(tmp_path, OLD)
    file.finish(tmp_path, OLD)
    file.prepare(tmp_path, NEW)
    assert content(tmp_path) is None
