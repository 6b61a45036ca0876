"""What the lake holds of a person: mentions, the columns that name the person in each record, tokens, deliveries."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.batch.suppressed import person_of
from lakehouse import tables, vault
from lakehouse.contracts import Source, contracts
from transforms.entity_resolution import identity_log
from transforms.entity_resolution.persons.departments import DEPARTMENTS

MENTIONS, XREF, GOLDEN = "silver.mentions__persons", "silver.xref__persons", "silver.entity__persons"
NAMED = ("citizen_no", "name", "former_name", "phone")
SELF = "self"


@dataclass
class Erasure:
    """One erasure: the person's id and the id that stands in, tokens with their stand-ins, records by dataset and role, and how
    far it came. It holds no value of a direct identifier."""

    request: str
    person: str
    stand_in: str
    tokens: dict[str, str] = field(default_factory=dict)
    shared: list[str] = field(default_factory=list)
    mentions: list[str] = field(default_factory=list)
    records: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    search: dict[str, Any] = field(default_factory=dict)
    is_done: bool = False

    @property
    def everywhere(self) -> dict[str, str]:
        """Tokens of numbers, telephones and texts that no other person bears; replaced wherever they stand."""
        own = ("citizen_no_", "phone_", "free_text_")
        return {old: new for old, new in self.tokens.items() if old.startswith(own) and old not in self.shared}

    def plan(self) -> dict[str, Any]:
        return asdict(self)


def resolved(person_id: str) -> str:
    """The id that stands for the person today. Raises LookupError for one never given, or one that is retired."""
    log = identity_log.read("persons")
    person = identity_log.resolve(person_id, log)
    standing = identity_log.standing(log)
    if standing.filter(pc.equal(standing["entity_id"], person))["is_retired"][0].as_py():
        raise LookupError(f"{person_id} is retired: no record of the person is left.")
    return person


def find(erasure: Erasure) -> Erasure:
    """Look for all that the lake holds of the person, or of the stand-in where an erasure goes on; adds to what is known."""
    ids = _strings([erasure.person, erasure.stand_in])
    linked = tables.read(XREF, ["mention_id"], filters=pc.field("entity_id").isin(ids))["mention_id"]
    mentions = tables.read(MENTIONS, filters=pc.field("mention_id").isin(pc.unique(linked)))
    erasure.mentions = sorted({*erasure.mentions, *mentions["mention_id"].to_pylist()})
    records: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for dataset, roles in erasure.records.items():
        for role, known in roles.items():
            records[dataset][role] |= set(known)
    for row in mentions.select(["dataset", "role", "record_id"]).to_pylist():
        records[row["dataset"]][row["role"]].add(row["record_id"])
    erasure.records = {d: {role: sorted(found) for role, found in roles.items()} for d, roles in records.items()}
    golden = tables.read(GOLDEN, list(NAMED), filters=pc.field("person_id").isin(ids))
    found = {*_cells(mentions, NAMED), *_cells(golden, NAMED), *_in_silver(erasure)}
    numbers = {token for token in found | erasure.tokens.keys() if token.startswith("citizen_no_")}
    phones = {token for token in found | erasure.tokens.keys() if token.startswith("phone_")}
    erasure.shared = sorted(_of_others("citizen_no", numbers, erasure.mentions) | _of_others("phone", phones, erasure.mentions))
    found |= set(_in_bronze(erasure, numbers - set(erasure.shared)))
    stand_ins = set(erasure.tokens.values())
    for token in sorted(found - erasure.tokens.keys() - stand_ins):
        erasure.tokens[token] = vault.stand_in(_kind(token))
    return erasure


def columns_of(dataset: str, role: str) -> list[str]:
    """Columns of the dataset's contract that hold tokens of the person who has that role in a record."""
    [department] = [d for d in DEPARTMENTS if (d.dataset, d.role) == (dataset, role)]
    direct = contracts()[dataset].direct
    named = [department.columns[name] for name in NAMED if department.columns.get(name) in direct]
    own = [name for name in direct if role == SELF and person_of(name) == person_of(named[0])]
    return list(dict.fromkeys([*named, *own]))


def sources_of(dataset: str) -> list[Source]:
    """Sources that feed the dataset and have landed rows."""
    return [s for s in contracts().feeding(dataset) if tables.exists(s.bronze_table)]


def in_bronze(rows: pa.Table, source: Source, erasure: Erasure, role: str, numbers: Iterable[str]) -> pa.Array:
    """Rows of the source in which the person has the role: by record, or by number."""
    records = _strings(erasure.records[source.feeds].get(role, []))
    here = pc.is_in(rows["_record_id"], records)
    direct = contracts()[source.feeds].direct
    for name in columns_of(source.feeds, role):
        column = source.fields[name].reads if name in source.fields else None
        if direct[name] == "citizen_no" and column in rows.column_names:
            here = pc.or_(here, pc.fill_null(pc.is_in(rows[column], _strings(numbers)), False))
    return here.combine_chunks() if isinstance(here, pa.ChunkedArray) else here


def _in_silver(erasure: Erasure) -> Iterable[str]:
    for dataset, roles in erasure.records.items():
        for role, records in roles.items():
            columns = columns_of(dataset, role)
            rows = tables.read(f"silver.{dataset}", columns, filters=pc.field("_record_id").isin(_strings(records)))
            yield from _cells(rows, columns)


def _in_bronze(erasure: Erasure, numbers: set[str]) -> Iterable[str]:
    """Also of rows that lost against others, or are held: they have no mention."""
    for dataset, roles in erasure.records.items():
        for source in sources_of(dataset):
            rows = tables.read(source.bronze_table)
            for role in roles:
                reads = [source.fields[c].reads for c in columns_of(dataset, role) if c in source.fields]
                here = rows.filter(in_bronze(rows, source, erasure, role, numbers))
                yield from _cells(here, [column for column in reads if column in rows.column_names])


def _of_others(column: str, tokens: set[str], own: list[str]) -> set[str]:
    """Tokens that another person bears, too."""
    bears = pc.field(column).isin(_strings(tokens)) & ~pc.field("mention_id").isin(_strings(own))
    linked = tables.read(XREF, ["mention_id"], filters=pc.field("valid_to").is_null())["mention_id"]
    rows = tables.read(MENTIONS, [column, "mention_id"], filters=bears)
    return set(rows.filter(pc.is_in(rows["mention_id"], value_set=linked))[column].to_pylist())


def _cells(rows: pa.Table, columns: Iterable[str]) -> set[str]:
    found = {value for column in columns for value in rows[column].to_pylist() if value}
    return {value for value in found if _kind(value) in vault.KINDS}


def _kind(token: str) -> str:
    return token.rpartition("_")[0]


def _strings(values: Iterable[str]) -> pa.Array:
    return pa.array(sorted(values), pa.string())
