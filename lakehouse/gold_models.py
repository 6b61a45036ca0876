"""dbt's models as files: which silver tables each needs, directly or through other models. Read without dbt."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lakehouse.contracts import Contracts, Source
from lakehouse.settings import CHECKOUT

MODELS = CHECKOUT / "dbt_project" / "models"
_SOURCE = re.compile(r"source\(\s*'silver'\s*,\s*'(\w+)'\s*\)")
_REF = re.compile(r"ref\(\s*'(\w+)'\s*\)")
_TAG = re.compile(r"tags\s*=\s*\[([^\]]*)\]")


@dataclass(frozen=True)
class Model:
    """One model: its name, whether it becomes a gold table, its tags, and the silver tables that it rests on."""

    name: str
    is_mart: bool
    tags: frozenset[str]
    silver: frozenset[str]


@cache
def models(folder: Path = MODELS) -> dict[str, Model]:
    """All models by name, silver tables resolved through references."""
    texts = {path.stem: path for path in sorted(folder.rglob("*.sql"))}
    sql = {name: path.read_text("utf-8") for name, path in texts.items()}

    def silver(name: str) -> frozenset[str]:
        own = {f"silver.{table}" for table in _SOURCE.findall(sql[name])}
        return frozenset(own.union(*(silver(ref) for ref in _REF.findall(sql[name]) if ref in sql)))

    return {name: Model(name, "marts" in path.parts, _tags(sql[name]), silver(name)) for name, path in texts.items()}


def sources_behind(dataset_id: str, known: Contracts) -> list[Source]:
    """The sources whose records may be in a gold dataset: those behind the silver tables that its model rests on, by name."""
    silver = models()[dataset_id].silver if dataset_id in models() else ()
    found = {s.source: s for name in silver for s in known.behind(name.removeprefix("silver."))}
    return [found[name] for name in sorted(found)]


def rests_on_code_lists(dataset_id: str) -> bool:
    """Whether a gold dataset holds no sender's records, only the operator's own lists of contracts/reference."""
    return dataset_id in models() and not models()[dataset_id].silver


def _tags(sql: str) -> frozenset[str]:
    found = _TAG.search(sql)
    return frozenset(re.findall(r"\w+", found.group(1))) if found else frozenset()
