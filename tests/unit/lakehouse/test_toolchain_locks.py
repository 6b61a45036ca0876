"""The lock files hold what the requirement files ask for, agree with each other, and name no address."""

import re
from pathlib import Path

import pytest

from lakehouse.settings import settings
from lakehouse.toolchain.spark_jars import locked_jars

FOLDER = settings().checkout / "requirements"


def pinned(name: str) -> dict[str, set[str]]:
    """Versions per distribution in a lock; two where Python versions or systems differ."""
    found: dict[str, set[str]] = {}
    for match in re.finditer(r"^([\w.-]+)==([^\s;]+)", (FOLDER / f"{name}.txt").read_text(), re.MULTILINE):
        found.setdefault(match[1], set()).add(match[2])
    return found


def asked(name: str) -> list[tuple[str, str | None]]:
    """Distribution and exact version, if one is asked for, of each line of a requirement file."""
    lines = (line.split("#")[0].strip() for line in (FOLDER / f"{name}.in").read_text().splitlines())
    requirement = re.compile(r"([\w.-]+)(?:\[[^\]]*\])?(?:==([\w.]+))?")
    parts = (requirement.match(line) for line in lines if line and line[0] != "-")
    return [(re.sub(r"[-_.]+", "-", part[1]).lower(), part[2]) for part in parts if part]


@pytest.mark.parametrize("name", ["main", "dev", "superset", "scaled"])
def test_every_requirement_is_locked(name):
    lock = pinned(name)
    unlocked = [f"{wanted}=={version or '*'}" for wanted, version in asked(name)
                if wanted not in lock or version not in {None, *lock[wanted]}]  # fmt: skip
    assert unlocked == [], f"requirements/{name}.txt does not follow {name}.in: run ./lake lock"


@pytest.mark.parametrize("name", ["main", "dev", "superset", "scaled"])
def test_every_pin_has_hashes_and_no_address(name):
    text = (FOLDER / f"{name}.txt").read_text()
    entries = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
    assert entries and all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in text and "index-url" not in text


@pytest.mark.parametrize("name", ["dev", "scaled"])
def test_additions_do_not_move_the_platforms_libraries(name):
    main, added = pinned("main"), pinned(name)
    assert {one: added[one] for one in added.keys() & main.keys() if added[one] != main[one]} == {}


def test_jars_and_wheels_are_of_the_same_release():
    main = {name: max(versions) for name, versions in pinned("main").items()}
    jars = {jar.name: jar.version for jar in locked_jars()}
    spark = ".".join(main["pyspark"].split(".")[:2])
    assert jars[f"delta-spark_{spark}_2.13"] == jars["delta-storage"] == main["delta-spark"]
    assert jars[f"sedona-spark-shaded-{spark}_2.13"] == main["apache-sedona"]


def test_the_lock_of_jars_names_no_address():
    assert "://" not in Path(FOLDER / "jars.lock").read_text()
