"""The jars of the lock: what is read from it, what is kept, what is refused."""

import hashlib
from pathlib import Path

import pytest

from lakehouse.settings import settings
from lakehouse.toolchain import spark_jars as jars

CONTENT = b"a jar"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def toolchain(tmp_path, monkeypatch):
    """A toolchain of one's own, and a lock of one jar."""
    monkeypatch.setenv("LAKE_HOME", str(tmp_path))
    settings.cache_clear()
    lock = tmp_path / "jars.lock"
    lock.write_text(f"# why\n\norg.example:thing_2.13:1.0  {DIGEST}\n")
    monkeypatch.setattr(jars, "lock_file", lambda: lock)
    jars.folder().mkdir(parents=True)
    yield jars.folder()
    settings.cache_clear()


def refuse(*_):
    raise AssertionError("the network was asked")


def test_a_line_is_coordinate_and_checksum(toolchain):
    (jar,) = jars.locked_jars()
    assert (jar.group, jar.name, jar.version, jar.sha256) == ("org.example", "thing_2.13", "1.0", DIGEST)
    assert jar.file == toolchain / "thing_2.13-1.0.jar"


NO_VERSION, SHORT_DIGEST, NO_GROUP = "a:thing", f"a:thing:1.0 {DIGEST[:-1]}", f"thing:1.0 {DIGEST}"


@pytest.mark.parametrize("line", [NO_VERSION, SHORT_DIGEST, NO_GROUP], ids=["version", "digest", "group"])
def test_an_unreadable_line_is_named(toolchain, line):
    with pytest.raises(RuntimeError, match=r"jars.lock line 2: expected 'group:name:version  SHA-256"):
        jars.locked_jars(f"# first\n{line}\n")


def test_jars_are_listed_when_all_are_there(toolchain):
    with pytest.raises(RuntimeError, match=r"thing_2.13-1.0.jar missing. Run ./lake setup"):
        jars.jars()
    (toolchain / "thing_2.13-1.0.jar").write_bytes(CONTENT)
    assert jars.jars() == [toolchain / "thing_2.13-1.0.jar"]


def test_right_files_stay_without_network_and_strays_go(toolchain, monkeypatch):
    monkeypatch.setattr(jars, "_retrieve", refuse)
    (toolchain / "thing_2.13-1.0.jar").write_bytes(CONTENT)
    (toolchain / "thing_2.13-0.9.jar").write_bytes(b"last year's")
    (toolchain / ".fetch-of-a-killed-run").mkdir()
    jars.fetch_jars(say=refuse)
    assert [file.name for file in toolchain.iterdir()] == ["thing_2.13-1.0.jar"]


def fetched(content: bytes):
    def retrieve(jar: jars.Jar, scratch: Path) -> Path:
        (scratch / jar.file.name).write_bytes(content)
        return scratch / jar.file.name

    return retrieve


def test_a_damaged_file_is_replaced(toolchain, monkeypatch):
    (toolchain / "thing_2.13-1.0.jar").write_bytes(b"half of a ja")
    assert "the lock says" in jars.damaged_jars()[0]
    monkeypatch.setattr(jars, "_retrieve", fetched(CONTENT))
    words = []
    jars.fetch_jars(say=words.append)
    assert jars.damaged_jars() == [] and "checksum right" in words[0]


def test_a_fetched_file_with_another_checksum_is_refused(toolchain, monkeypatch):
    monkeypatch.setattr(jars, "_retrieve", fetched(b"something else"))
    with pytest.raises(RuntimeError, match=f"thing_2.13:1.0: .*the lock says {DIGEST}.*was not kept"):
        jars.fetch_jars()
    assert list(toolchain.iterdir()) == []


def test_a_proxy_is_given_to_java_in_its_own_words(monkeypatch):
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    assert jars._proxy_options() == ["-Dhttps.proxyHost=proxy.example", "-Dhttps.proxyPort=3128"]
