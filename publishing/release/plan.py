"""What a release will hold: table versions, contract versions, code version, licence, and its number.

The version is `<YYYY.MM>-r<N>`: the local month of the newest reading, and N that counts the theme's releases from 1,
so a later release always has the higher N. The same inputs give the same version again.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pyarrow.compute as pc

from lakehouse import tables
from lakehouse.contracts import Dataset, Source, contracts
from lakehouse.contracts.origin import worst
from lakehouse.gold_models import rests_on_code_lists, sources_behind
from lakehouse.settings import settings
from publishing.disclosure_control import OWN_LICENCE, Licence, combined_licence, open_columns, open_datasets
from publishing.exporters import time_field
from publishing.release.code_version import code_version
from publishing.release.ledger import Entry, current


@dataclass(frozen=True)
class Part:
    """One dataset of a release, pinned to the gold table's version.

    `inputs`: source -> licence id; `origin`: the worst of the sources', for a dataset whose rows do not say.
    """

    dataset: Dataset
    table_version: int
    committed_at: datetime
    inputs: dict[str, str]
    licence: Licence
    attributions: tuple[str, ...]
    origin: str


@dataclass(frozen=True)
class ReleasePlan:
    """A release before it is built. `released`: the entry that already holds exactly these inputs, or None."""

    theme: str
    parts: tuple[Part, ...]
    code_version: str
    inputs_digest: str
    sequence: int
    version: str
    previous: Entry | None
    released: Entry | None

    @property
    def issued(self) -> datetime:
        """The newest commit time among the gold versions (UTC); never the clock of the machine."""
        return max(part.committed_at for part in self.parts)

    def inputs(self) -> dict[str, int]:
        return {part.dataset.table: part.table_version for part in self.parts}


def resolve_plan(theme: str) -> ReleasePlan:
    """Pin every open dataset of the theme that has a gold table.

    Raises LookupError when the theme has nothing to release, Refused when the gate says no.
    """
    ready = [d for d in open_datasets(contracts().datasets.values(), theme) if tables.exists(d.table)]
    if not ready:
        raise LookupError(
            f"Theme {theme} has no gold table with a `publish` list; `lake run` builds gold, `lake contracts show` lists themes."
        )
    parts = tuple(_part(dataset, tables.open_table(dataset.table).version()) for dataset in ready)
    code, known = code_version(), current(theme)
    digest = _digest(theme, parts, code)
    released = next((e for e in known if e.inputs_digest == digest), None)
    sequence = released.sequence if released else max((e.sequence for e in known), default=0) + 1
    version = released.version if released else f"{_newest_day(parts):%Y.%m}-r{sequence}"
    return ReleasePlan(theme, parts, code, digest, sequence, version, _previous(known, released), released)


def _previous(known: list[Entry], released: Entry | None) -> Entry | None:
    """The version to compare with: the newest one in force, or for a rebuild the one it was compared with then."""
    if released:
        return next((e for e in known if e.version == released.previous_version), None)
    return next((e for e in reversed(known) if e.state == "published"), None)


def _part(dataset: Dataset, version: int) -> Part:
    open_columns(dataset)
    sources = sources_of(dataset)
    inputs = {s.source: s.licence or (OWN_LICENCE if s.origin == "operational" else "") for s in sources}
    if rests_on_code_lists(dataset.id):
        inputs = {"contracts/reference": OWN_LICENCE}
    named = tuple(sorted({s.attribution for s in sources if s.attribution}))
    committed = tables.committed_at(dataset.table, version)
    licence = combined_licence(dataset.id, inputs, dataset.licence)
    return Part(dataset, version, committed, inputs, licence, named, worst(("operational", *(s.origin for s in sources))))


def sources_of(dataset: Dataset) -> list[Source]:
    """The sources whose records are in a gold dataset: those behind it that have landed, by name."""
    landed = set(tables.names("bronze"))
    return [s for s in sources_behind(dataset.id, contracts()) if s.bronze_table in landed]


def _digest(theme: str, parts: tuple[Part, ...], code: str) -> str:
    pinned = [
        [
            p.dataset.table,
            p.table_version,
            p.committed_at.isoformat(),
            p.dataset.version,
            sorted(p.inputs.items()),
        ]
        for p in parts
    ]
    return hashlib.sha256(json.dumps([theme, settings().profile, code, pinned]).encode()).hexdigest()


def _newest_day(parts: tuple[Part, ...]) -> date:
    days = [day for part in parts if (day := _last_day(part))]
    return max(days, default=max(part.committed_at for part in parts).date())


def _last_day(part: Part) -> date | None:
    field = time_field(part.dataset)
    if field is None:
        return None
    newest = pc.max(tables.read(part.dataset.table, [field.name], part.table_version)[field.name]).as_py()
    if isinstance(newest, datetime):
        return (newest.astimezone(ZoneInfo(settings().business_zone)) if newest.tzinfo else newest).date()
    return newest
