"""The pinned jars of `requirements/jars.lock`: fetched once by the resolver inside Spark, then looked up."""

import hashlib
import importlib.util
import re
import shutil
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from lakehouse.settings import settings
from lakehouse.toolchain.java import java_home
from lakehouse.toolchain.trust import trust_options

LINE = re.compile(r"([\w.-]+):([\w.-]+):([\w.-]+)\s+([0-9a-f]{64})")
IVY = """<ivy-module version="2.0">
  <info organisation="lake" module="jars"/>
  <configurations><conf name="default"/></configurations>
  <dependencies>
    <dependency org="{group}" name="{name}" rev="{version}" transitive="false" conf="default->master"/>
  </dependencies>
</ivy-module>
"""


@dataclass(frozen=True)
class Jar:
    """One line of the lock: Maven coordinate and the SHA-256 of its file."""

    group: str
    name: str
    version: str
    sha256: str

    @property
    def file(self) -> Path:
        return folder() / f"{self.name}-{self.version}.jar"

    @property
    def coordinate(self) -> str:
        return f"{self.group}:{self.name}:{self.version}"


def folder() -> Path:
    return settings().toolchain / "jars"


def lock_file() -> Path:
    return settings().checkout / "requirements" / "jars.lock"


def locked_jars(text: str | None = None) -> list[Jar]:
    """The lines of the lock. Raises RuntimeError with line and rule for one that cannot be read."""
    lines = (lock_file().read_text() if text is None else text).splitlines()
    return [_parse(number, line) for number, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")]


def _parse(number: int, line: str) -> Jar:
    match = LINE.fullmatch(line.strip())
    if match is None:
        raise RuntimeError(f"{lock_file()} line {number}: expected 'group:name:version  SHA-256 in hex', found {line!r}.")
    return Jar(*match.groups())


def jars() -> list[Path]:
    """The files for `spark.jars`, in the order of the lock. Raises RuntimeError when one is missing."""
    missing = [jar.file.name for jar in locked_jars() if not jar.file.is_file()]
    if missing:
        raise RuntimeError(f"{folder()}: {', '.join(missing)} missing. Run ./lake setup once with the network.")
    return [jar.file for jar in locked_jars()]


def damaged_jars() -> list[str]:
    """One sentence for each jar that is missing or differs from the lock; reads every byte (0.1 s)."""
    return [problem for jar in locked_jars() if (problem := _problem(jar, jar.file))]


def _problem(jar: Jar, file: Path) -> str | None:
    if not file.is_file():
        return f"{jar.file.name} is missing"
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    return None if found == jar.sha256 else f"{jar.file.name} has SHA-256 {found}, the lock says {jar.sha256}"


def fetch_jars(say=print) -> None:
    """Make the toolchain hold the jars of the lock: right ones stay, damaged ones are replaced, others go."""
    folder().mkdir(parents=True, exist_ok=True)
    wanted = locked_jars()
    for jar in wanted:
        if _problem(jar, jar.file):
            _fetch(jar, say)
    for stray in set(folder().iterdir()) - {jar.file for jar in wanted}:
        shutil.rmtree(stray) if stray.is_dir() else stray.unlink()


def _fetch(jar: Jar, say) -> None:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(dir=folder(), prefix=".fetch-") as scratch:
        fetched = _retrieve(jar, Path(scratch))
        if problem := _problem(jar, fetched):
            raise RuntimeError(f"{jar.coordinate}: {problem}. The file was not kept; fetch again, or mend {lock_file()}.")
        fetched.replace(jar.file)
    megabytes = jar.file.stat().st_size / 1e6
    say(f"  {jar.file.name}  {megabytes:.1f} MB  {time.monotonic() - began:.1f} s, checksum right")


def _retrieve(jar: Jar, scratch: Path) -> Path:
    (scratch / "ivy.xml").write_text(IVY.format(group=jar.group, name=jar.name, version=jar.version))
    command = [
        java_home() / "bin" / "java", *trust_options(scratch), *_proxy_options(),
        f"-Divy.default.ivy.user.dir={scratch}", "-cp", _ivy(), "org.apache.ivy.Main", "-warn",
        "-cache", scratch / "cache", "-ivy", scratch / "ivy.xml", "-confs", "default",
        "-retrieve", scratch / "out" / "[artifact]-[revision].[ext]",
    ]  # fmt: skip
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode:
        words = "\n".join(line for line in answer.stdout.splitlines() if line.strip("\t :.") != "")[-2000:]
        raise RuntimeError(
            f"{words}\n{jar.coordinate} could not be fetched. Check the network and run again, "
            f"or put {jar.file.name} into {folder()} by hand."
        )
    return scratch / "out" / jar.file.name


def _ivy() -> Path:
    spark = importlib.util.find_spec("pyspark")  # found, not imported: that takes a second
    return next((Path(spark.origin).parent / "jars").glob("ivy-*.jar"))  # pyright: ignore[reportOptionalMemberAccess, reportArgumentType]


def _proxy_options() -> list[str]:
    """The proxy of the environment or of macOS, in Java's words."""
    proxy = urllib.request.getproxies().get("https")
    if not proxy:
        return []
    address = urllib.parse.urlsplit(proxy if "//" in proxy else f"//{proxy}")
    return [f"-Dhttps.proxyHost={address.hostname}", f"-Dhttps.proxyPort={address.port or 443}"]
