"""Which code made a release: a digest of the code itself, so an edited checkout never passes for a committed one."""

import hashlib
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from lakehouse.settings import CHECKOUT

PARTS = (
    "lakehouse",
    "edge_collectors",
    "ingestion",
    "quality",
    "transforms",
    "ml",
    "publishing",
    "dbt_project",
    "contracts",
    "requirements",
)
SUFFIXES = {".py", ".sql", ".yaml", ".yml", ".csv", ".json", ".txt"}
MADE_BY_TOOLS = {"__pycache__", "target", "logs", "dbt_packages"}


@cache
def code_version(checkout: Path = CHECKOUT) -> str:
    """`<package version>+<12 hex>`: SHA-256 over path and content of every file that shapes the data."""
    digest = hashlib.sha256()
    for path in sorted(p for part in PARTS for p in (checkout / part).rglob("*") if _counts(p, checkout)):
        digest.update(f"{path.relative_to(checkout)}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return f"{_package_version()}+{digest.hexdigest()[:12]}"


def git_revision(checkout: Path = CHECKOUT) -> str | None:
    """`git describe` of the checkout for the ledger (never in the files), None outside git."""
    try:
        done = subprocess.run(
            ["git", "-C", str(checkout), "describe", "--always", "--dirty", "--tags"],
            capture_output=True,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None


def _counts(path: Path, checkout: Path) -> bool:
    return path.suffix in SUFFIXES and path.is_file() and MADE_BY_TOOLS.isdisjoint(path.relative_to(checkout).parts)


def _package_version() -> str:
    try:
        return version("smart-city-lakehouse")
    except PackageNotFoundError:
        return "0"
