"""The truth is read by scoring alone: no package that runs in production imports the generator or names the truth's files."""

import ast
from pathlib import Path

import pytest

from lakehouse.settings import CHECKOUT
from sample_city.scoring.joined import TRUTH

PRODUCT = ("lakehouse", "edge_collectors", "ingestion", "transforms", "quality", "publishing", "ml", "portal", "dashboards")
FILES = {f"{name}.parquet" for name in TRUTH} | {"record_entity", "SYNTHETIC.json"}


def sources(package: str) -> list[Path]:
    return sorted((CHECKOUT / package).rglob("*.py"))


@pytest.mark.parametrize("package", PRODUCT)
def test_no_module_knows_the_truth(package: str) -> None:
    found = sources(package)
    assert found
    assert {str(f): names for f in found if (names := _imported(f) | _named(f))} == {}


def _imported(file: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        names |= {a.name for a in node.names} if isinstance(node, ast.Import) else set()
        names |= {node.module or ""} if isinstance(node, ast.ImportFrom) else set()
    return {name for name in names if name.split(".")[0] == "sample_city"}


def _named(file: Path) -> set[str]:
    text = file.read_text("utf-8")
    return {name for name in FILES if name in text}
