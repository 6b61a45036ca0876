"""A backup of a running lake restores to the same rows; what is no backup, or no empty home, is refused."""

import errno
import io
import os
import tarfile
from pathlib import Path

import pyarrow as pa
import pytest

from lakehouse import cli, tables
from lakehouse.commands.backup import members
from lakehouse.settings import settings

NAME = "bronze.environment__air_quality__prsa"


@pytest.fixture
def lake(home) -> Path:
    """A small lake with two tables, a delivery, a link, a key and things that are not worth keeping."""
    for n in range(3):
        tables.append(NAME, pa.table({"n": [n]}), ("sender", n))
    tables.open_table(NAME).create_checkpoint()
    tables.replace("gold.a", pa.table({"n": [7]}))
    for name in (
        "landing/deliveries/s/1/raw/a.csv",
        "serving/serving-v1.duckdb",
        "scratch/spill",
        "run/portal.pid",
    ):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(name)
    (home / "serving" / "serving.duckdb").symlink_to("serving-v1.duckdb")
    settings().secrets.mkdir(mode=0o700)
    (settings().secrets / "key").write_text("secret")
    (settings().secrets / "key").chmod(0o600)
    return home


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Another machine: its own empty homes."""

    def move() -> None:
        monkeypatch.setenv("LAKE_DATA_HOME", str(tmp_path / "new" / "data"))
        monkeypatch.setenv("LAKE_SECRETS_HOME", str(tmp_path / "new" / "secrets"))
        settings.cache_clear()

    return move


def files(folder: Path) -> list[Path]:
    return [p for p in folder.rglob("*") if not p.is_dir()]


def rows(name: str) -> list[dict]:
    return sorted(tables.read(name).to_pylist(), key=str)


def test_a_restored_lake_has_the_same_rows_transactions_links_and_keys(lake, elsewhere, tmp_path, capsys):
    archive = tmp_path / "lake.tgz"
    assert cli.call("backup", str(archive)) == 0 and archive.stat().st_mode & 0o777 == 0o600
    before = {name: (rows(name), tables.version(name)) for name in tables.names()}
    elsewhere()
    assert cli.call("restore", str(archive)) == 0
    assert {name: (rows(name), tables.version(name)) for name in tables.names()} == before
    assert not tables.append(NAME, pa.table({"n": [2]}), ("sender", 2))
    home = settings().data_home
    assert (home / "serving" / "serving.duckdb").read_text() == "serving/serving-v1.duckdb"
    assert (home / "landing/deliveries/s/1/raw/a.csv").exists() and not list((home / "scratch").iterdir())
    key = settings().secrets / "key"
    assert key.read_text() == "secret" and key.stat().st_mode & 0o777 == 0o600
    assert f"{NAME:<50}            3 rows" in capsys.readouterr().out


def test_a_drill_counts_every_table_and_leaves_nothing_behind(lake, elsewhere, tmp_path, capsys):
    cli.call("backup", str(tmp_path / "lake.tgz"))
    elsewhere()
    assert cli.call("restore", "--drill", str(tmp_path / "lake.tgz")) == 0
    assert "every table opens" in capsys.readouterr().out
    assert not (tmp_path / "new").exists()


def test_an_archive_inside_the_data_home_does_not_swallow_itself(lake):
    for _ in range(2):
        assert cli.call("backup", str(lake / "lake.tgz")) == 0
    with tarfile.open(lake / "lake.tgz") as packed:
        assert not [n for n in packed.getnames() if "lake.tgz" in n]


def test_what_a_run_commits_meanwhile_leaves_the_backup_whole(lake):
    """Logs come before data files and operation before bronze, so no log names a file that is missing."""
    saved: list[str] = []
    tables.append("ops.run_outcomes", pa.table({"n": [1]}))
    for name, _ in members(lake, settings().secrets):
        saved.append(name)
        if name.startswith("data/tables/ops/") and len(saved) < 100:
            tables.append(NAME, pa.table({"n": [9]}))
            tables.append("gold.a", pa.table({"n": [9]}))
            saved.extend(["mark"] * 100)
    real = [n for n in saved if n != "mark"]
    assert real[0].startswith("data/landing/") and len(set(real)) == len(real)
    for table in (NAME, "gold.a"):
        folder = table.replace(".", "/")
        logs = [n for n in real if n.startswith(f"data/tables/{folder}/_delta_log/") and n.endswith(".json")]
        assert len(logs) == tables.version(table) + 1
        assert {f"data/tables/{folder}/{f.name}" for f in tables.files(table)} <= set(real)


def test_only_an_empty_data_home_is_restored_into(lake, tmp_path):
    cli.call("backup", str(tmp_path / "lake.tgz"))
    with pytest.raises(ValueError, match=r"data is not empty; `lake reset` first"):
        cli.call("restore", str(tmp_path / "lake.tgz"))
    assert cli.call("reset", "--yes") == 0 and cli.call("restore", str(tmp_path / "lake.tgz")) == 0
    assert len(rows(NAME)) == 3


def test_another_key_is_not_overwritten(lake, elsewhere, tmp_path):
    cli.call("backup", str(tmp_path / "lake.tgz"))
    elsewhere()
    settings().secrets.mkdir(parents=True)
    (settings().secrets / "key").write_text("other")
    with pytest.raises(ValueError, match=r"key is another key than the archive's; move it away"):
        cli.call("restore", str(tmp_path / "lake.tgz"))
    assert (settings().secrets / "key").read_text() == "other" and not tables.names()


def test_folders_that_are_volumes_are_emptied_and_filled_again(lake, tmp_path, monkeypatch):
    cli.call("backup", str(tmp_path / "lake.tgz"))
    real = os.rmdir

    def rmdir(path, **options):
        if Path(path).name == "landing":
            raise OSError(errno.EBUSY, "Device or resource busy", path)
        real(path, **options)

    with monkeypatch.context() as mounted:
        mounted.setattr(os, "rmdir", rmdir)
        assert cli.call("reset", "--yes") == 0
    assert [p.name for p in lake.rglob("*")] == ["landing"]
    assert cli.call("restore", str(tmp_path / "lake.tgz")) == 0 and len(rows(NAME)) == 3
    assert (lake / "landing/deliveries/s/1/raw/a.csv").exists() and not list((lake / "scratch").iterdir())


def packed(archive: Path, *names: str) -> bytes:
    with tarfile.open(archive, "w:gz") as out:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 1
            out.addfile(member, io.BytesIO(b"x"))
    return archive.read_bytes()


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("photos/1.jpg",), r"holds photos/1\.jpg, so it is no backup of a lake"),
        (("data",), "holds data, so it is no backup of a lake"),
        ((), "holds nothing, so it is no backup of a lake"),
        (("data/../../outside",), "is no whole archive"),
    ],
)
def test_a_foreign_archive_is_refused(home, elsewhere, tmp_path, names, said):
    elsewhere()
    packed(tmp_path / "foreign.tgz", *names)
    with pytest.raises(ValueError, match=said):
        cli.call("restore", str(tmp_path / "foreign.tgz"))
    assert not files(settings().data_home) and not (tmp_path / "outside").exists()


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"PK" + b, lambda b: b""])
def test_a_torn_archive_is_refused(lake, elsewhere, tmp_path, damage):
    archive = tmp_path / "lake.tgz"
    cli.call("backup", str(archive))
    archive.write_bytes(damage(archive.read_bytes()))
    elsewhere()
    with pytest.raises(ValueError, match=r"is no whole archive \(.*\); take another backup"):
        cli.call("restore", str(archive))
    assert not files(settings().data_home)
