"""One scoring of the lake: registers, places, golden records, ids and defects against the truth, kept as rows."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from lakehouse import tables
from quality.linkage import scores as kept
from sample_city.scoring import addresses, catches, churn, joined, registers, survivorship, threshold_card
from sample_city.scoring.registers import REGISTERS

SCORED = (
    "mentions__persons", "xref__persons", "entity__persons", "identity_log__persons",
    "mentions__enterprises", "xref__enterprises", "entity__enterprises", "identity_log__enterprises",
    "xref__addresses", "entity__addresses", "entity__buildings",
)  # fmt: skip
Row = dict[str, Any]


@dataclass(frozen=True)
class Scored:
    """What one scoring found; the rows as they are kept, without the columns of the run."""

    run: kept.Run
    scores: list[Row]
    catches: list[Row]
    cards: dict[str, str]
    """Name of a register -> page about its threshold, where pairs were scored."""


def score(truth: Path, say: Callable[[str], None]) -> Scored:
    """Measure and keep. Raises LookupError in one sentence where there is no truth, no delivery or no register."""
    city = joined.about(truth)
    with joined.opened(truth) as connection:
        (files,) = joined.first(connection, "select count(distinct (source, file)) from delivered")
        run = kept.begun(city.name, city.seed, city.scale, files)
        say(f"city of seed {city.seed}, scale {city.scale}: {files} files delivered")
        found = list(_scores(connection, city, say))
        say("defects")
        caught = list(catches.catches(connection))
        made = {r.table: threshold_card.card(connection, r, city, found) for r in REGISTERS}
        curves = [row for register in REGISTERS for row in threshold_card.rows(connection, register)]
    kept.write(run, found, caught, curves)
    return Scored(run, found, caught, {table: text for table, text in made.items() if text})


def _scores(connection: duckdb.DuckDBPyConnection, city: joined.City, say: Callable[[str], None]) -> Iterator[Row]:
    registers.prepare(connection)
    survivorship.prepare(connection)
    versions = json.dumps({name: version for t in SCORED if (version := tables.version(name := f"silver.{t}")) is not None})
    for register in REGISTERS:
        if not registers.label(connection, register, city.reference_day):
            raise LookupError(f"There is no register of {register.table} yet; `lake run` builds it, then score again.")
        say(register.table)
        own = {"rule_version": registers.rule_versions(connection, register), "table_versions": versions}
        for row in registers.scores(connection, register):
            yield row | own
        for row in survivorship.scores(connection, register.kind, register.table):
            yield row | own
        for row in churn.score(register.kind, register.table):
            yield row | own
    say("addresses")
    if addresses.locate(connection):
        for row in addresses.scores(connection):
            yield row | {"rule_version": "", "table_versions": versions}
