"""Programs that no Python wheel brings: used by some tests and by the scaled form, never by the demo.

`python -m lakehouse.host_tools` prints the Debian packages that the tests need and this machine lacks.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class HostTool:
    """A program of the machine: how it is found, what brings it, and what it is for."""

    name: str
    find: Callable[[], Path | None]
    debian: str
    macos: str
    purpose: str
    for_tests: bool = True

    @property
    def mend(self) -> str:
        return f"brew install {self.macos}" if sys.platform == "darwin" else f"sudo apt-get install {self.debian}"


def find_program(*names: str, folders: tuple[str, ...] = ()) -> Path | None:
    """The first of the names on the PATH, else the first file that a pattern of `folders` matches."""
    on_path = (shutil.which(name) for name in names)
    elsewhere = (file for pattern in folders for file in sorted(Path("/").glob(pattern.lstrip("/")), reverse=True))
    return next((Path(found) for found in (*on_path, *elsewhere) if found), None)


def find_chromium() -> Path | None:
    """The browser of the page tests."""
    bundles = (
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    )
    return find_program("chromium", "chromium-browser", "google-chrome", folders=bundles)


MACOS_FONTS = ("/System/Library/Fonts/PingFang.ttc", "/System/Library/Fonts/Hiragino*GB*")


def find_cjk_font() -> Path | None:
    """A font file with Chinese glyphs; without one, screenshots show boxes."""
    if sys.platform == "darwin":
        return find_program(folders=MACOS_FONTS)
    if not shutil.which("fc-list"):
        return None
    listed = subprocess.run(["fc-list", ":lang=zh", "file"], capture_output=True, text=True).stdout
    return Path(listed.split(":")[0]) if listed else None


POSTGRES_FOLDERS = ("/usr/lib/postgresql/*/bin/postgres", "/opt/homebrew/opt/postgresql*/bin/postgres")
HOST_TOOLS = (
    HostTool("chromium", find_chromium, "chromium", "--cask chromium", "tests that open pages"),
    HostTool(
        "CJK font", find_cjk_font,
        "fontconfig fonts-noto-cjk", "--cask font-noto-sans-cjk", "Chinese in screenshots",
    ),
    HostTool(
        "mosquitto",
        lambda: find_program("mosquitto", folders=("/usr/sbin/mosquitto", "/opt/homebrew/sbin/mosquitto")),
        "mosquitto", "mosquitto", "MQTT 5 and fault tests with a real broker",
    ),
    HostTool(
        "faketime", lambda: find_program("faketime"),
        "faketime", "libfaketime", "the release test under another clock",
    ),
    HostTool(
        "PostgreSQL",
        lambda: find_program("postgres", folders=POSTGRES_FOLDERS),
        "postgresql", "postgresql@17", "the scaled form's databases", for_tests=False,
    ),
)  # fmt: skip


def find_tool(name: str) -> Path | None:
    """Where a tool of `HOST_TOOLS` is on this machine, or None. Raises StopIteration for another name."""
    return next(tool for tool in HOST_TOOLS if tool.name == name).find()


def missing_packages() -> list[str]:
    """Debian packages of the tools that the tests use and this machine lacks."""
    missing = [tool.debian.split() for tool in HOST_TOOLS if tool.for_tests and tool.find() is None]
    return [package for packages in missing for package in packages]


if __name__ == "__main__":
    print(" ".join(missing_packages()))
