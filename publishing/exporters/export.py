"""What every exporter gets: the open columns and rows of one dataset version, in the order of its key."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from lakehouse.contracts import Dataset, Field
from publishing.disclosure_control import Licence, open_columns, open_rows


@dataclass(frozen=True)
class Export:
    """One dataset as it leaves. `rows`: only open columns and rows, ordered by key; `issued` is UTC."""

    dataset: Dataset
    fields: tuple[Field, ...]
    rows: pa.Table
    version: str
    issued: datetime
    licence: Licence
    attributions: tuple[str, ...]
    origins: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.dataset.id

    def citation(self) -> str:
        """One line that names title, version, publisher, licence and the sources that want to be named."""
        parts = [
            f"{self.dataset.name_en} ({self.dataset.name_zh}), version {self.version}",
            self.licence.name_en,
        ]
        return ". ".join([*parts, *self.attributions]).replace("..", ".")


Writer = Callable[[Export, Path], list[Path]]


def open_table(dataset: Dataset, gold: pa.Table) -> pa.Table:
    """The gold table cut down to what may leave, ordered by the primary key.

    Raises Refused (the gate), LookupError when the table lacks a column that its contract publishes.
    """
    names = [field.name for field in open_columns(dataset)]
    if missing := [name for name in names if name not in gold.column_names]:
        raise LookupError(
            f"{dataset.table} has no column {missing[0]}, which {dataset.path} publishes; `lake run gold` builds it anew."
        )
    if condition := open_rows(dataset):
        gold = gold.filter(gold[condition])
    rows = gold.select(names).sort_by([(key, "ascending") for key in dataset.primary_key])
    return rows.cast(pa.schema([field.with_type(_plain(field.type)) for field in rows.schema])).combine_chunks()


def texts(dataset: Dataset) -> dict[str, dict[str, str]]:
    """Title, description and grain by language; Chinese ones from `catalogue`, left out where the contract has none."""
    own = dataset.properties.get("catalogue", {})
    english = {"title": dataset.name_en, "description": dataset.description, "grain": dataset.grain}
    chinese = {"title": dataset.name_zh, "description": own.get("descriptionZh"), "grain": own.get("grainZh")}
    return {key: {"en": text, **({"zh": chinese[key]} if chinese[key] else {})} for key, text in english.items()}


def time_field(dataset: Dataset) -> Field | None:
    """The column that places a row in time: the first date or timestamp of the key, or None."""
    of_key = (dataset.field(name) for name in dataset.primary_key)
    return next((f for f in of_key if f.logical_type in ("date", "timestamp")), None)


def _plain(kind: pa.DataType) -> pa.DataType:
    """Text in the one form that every reader knows, whatever form the table reader chose."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return pa.string() if pa.types.is_large_string(kind) or pa.types.is_string_view(kind) else kind
