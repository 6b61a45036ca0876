"""The open datasets: those that the disclosure gate lets out and that are in the serving file or in a release."""

import logging
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from lakehouse import reference
from lakehouse.contracts import Dataset, Field, contracts
from lakehouse.settings import settings
from portal import released
from portal.serving_data import data, identifier
from publishing.disclosure_control import Refused, check_origins, open_columns, open_datasets, open_rows
from publishing.exporters import texts, time_field
from transforms.entity_resolution.code_names import names_of

log = logging.getLogger(__name__)

BANDS = {
    "public_reference": "historical",
    "operational": "live",
    "synthetic": "synthetic",
    "test_vector": "synthetic",
}


@dataclass(frozen=True)
class Facts:
    """What the serving file says of a dataset: rows, first and last moment, origins, rows that may still change."""

    rows: int
    start: Any
    end: Any
    origins: tuple[str, ...]
    provisional: int | None


@dataclass(frozen=True)
class OpenDataset:
    """A dataset as the pages show it. `facts` None: not in the serving file; `release` None: not released yet."""

    contract: Dataset
    fields: tuple[Field, ...]
    types: dict[str, str]
    facts: Facts | None
    version: released.Version | None
    release: dict[str, Any] | None

    @property
    def id(self) -> str:
        return self.contract.id

    @property
    def source(self) -> str:
        """Table and row condition for SQL's `from`: identifiers come from the contract, never from a reader."""
        table = f"{identifier(self.contract.layer)}.{identifier(self.contract.id)}"
        return f"{table} where {identifier(self.condition) if self.condition else 'true'}"

    @property
    def condition(self) -> str | None:
        """The column that must hold for a row to be open, None when all are."""
        return open_rows(self.contract)

    @property
    def bands(self) -> list[str]:
        """historical, live, synthetic: which of them the rows are."""
        origins = (self.facts and self.facts.origins) or (self.release or {}).get("origins", ())
        return sorted({BANDS[o] for o in origins if o in BANDS})

    def text(self, key: str, language: str) -> str:
        """Title, description or grain; the English one where the contract has none in the language."""
        told = texts(self.contract)[key]
        return told.get(language, told["en"])

    @property
    def time_field(self) -> Field | None:
        return time_field(self.contract)

    def files(self, role: str) -> list[dict[str, Any]]:
        """Released files of this dataset in one role (data, dictionary)."""
        if self.version is None:
            return []
        listed = released.manifest_of(self.version)["files"]
        return [f for f in listed if f["dataset"] == self.id and f["role"] == role]


def listed() -> list[OpenDataset]:
    """All open datasets, by id."""
    found = (_describe(d) for d in open_datasets(contracts().datasets.values()))
    return [d for d in found if d is not None]


def get(dataset_id: str) -> OpenDataset:
    """One open dataset. Raises LookupError for any other name, whether such a table exists or not."""
    for found in listed():
        if found.id == dataset_id:
            return found
    raise LookupError(dataset_id)


def _describe(dataset: Dataset) -> OpenDataset | None:
    types = _tables(data.key()).get(dataset.table, {})
    version = released.latest(dataset.domain)
    release = next((d for d in released.manifest_of(version)["datasets"] if d["id"] == dataset.id), None) if version else None
    try:
        fields = open_columns(dataset)
        facts = _facts(dataset.id, data.key()) if types else None
        if facts:
            facts = replace(facts, origins=check_origins(dataset, facts.origins, settings().profile))
    except Refused as refusal:
        log.warning("not shown: %s", refusal)
        return None
    if facts is None and release is None:
        return None
    shown = {f.name: types[f.name] for f in fields if f.name in types}
    return OpenDataset(dataset, fields, shown, facts, version if release else None, release)


@lru_cache(maxsize=4)
def _tables(_key: str | None) -> dict[str, dict[str, str]]:
    return data.tables()


@lru_cache(maxsize=256)
def _facts(dataset_id: str, key: str | None) -> Facts:
    dataset = contracts()[dataset_id]
    columns = _tables(key)[dataset.table]
    moment = time_field(dataset)
    asked = ["count(*) as rows"]
    asked += [f"min({identifier(moment.name)}) as start, max({identifier(moment.name)}) as end_"] if moment else []
    asked += ["list_sort(list(distinct data_origin)) as origins"] if "data_origin" in columns else []
    asked += ["count(*) filter (where is_provisional) as provisional"] if "is_provisional" in columns else []
    where = f" where {identifier(condition)}" if (condition := open_rows(dataset)) else ""
    row = data.rows(f"select {', '.join(asked)} from {identifier(dataset.layer)}.{identifier(dataset.id)}{where}")[0]
    origins = tuple(o for o in row.get("origins") or () if o)
    return Facts(row["rows"], row.get("start"), row.get("end_"), origins, row.get("provisional"))


def choices(dataset: OpenDataset, column: str) -> list[Any]:
    """The values of a column that a form offers, at most 500: in the order of its code list, else sorted."""
    found = _choices(dataset.id, column, data.key())
    listed_order = list(_code_names(dataset.contract.field(column).reference))
    rank = {code: n for n, code in enumerate(listed_order)}
    return sorted(found, key=lambda v: rank.get(str(v), len(rank)))


@lru_cache(maxsize=256)
def _choices(dataset_id: str, column: str, _key: str | None) -> list[Any]:
    dataset = get(dataset_id)
    rows = data.rows(
        f"select distinct {identifier(column)} as v from {dataset.source} "
        f"and {identifier(column)} is not null order by 1 limit 500"
    )
    return [row["v"] for row in rows]


def value_label(field: Field, value: Any, language: str) -> str:
    """A coded value with its name from the code list that the contract names, or that of registers: `东四 (prsa-dongsi)`."""
    names = _code_names(field.reference).get(str(value)) or names_of(field.name, value)
    name = names.get(language)
    return f"{name} ({value})" if name and name != str(value) else str(value)


@lru_cache(maxsize=64)
def _code_names(code_list: str | None) -> dict[str, dict[str, str]]:
    """code -> name by language, in the list's order; empty without such a list."""
    if code_list is None:
        return {}
    try:
        rows = reference.rows(code_list)
    except FileNotFoundError:
        return {}
    if not rows or "name_en" not in rows[0]:
        return {}
    code = next(iter(rows[0]))
    return {row[code]: {"en": row["name_en"], "zh": row["name_zh"]} for row in rows}
