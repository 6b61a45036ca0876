"""Where the threshold of match probability lies and what it costs, as rows and as a page: a curve over the scored pairs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import yaml

from lakehouse import tables
from lakehouse.contracts.load import FOLDER
from quality.linkage import thresholds
from sample_city.scoring.joined import City, first
from sample_city.scoring.registers import Register

FALSE_LINK, MISSED_LINK = 10.0, 1.0
SHOWN = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.92, 0.94, 0.96, 0.98, 0.99, 0.995, 0.999, 0.9999)
_SCORED = """
select p.match_probability as probability, l.entity_no = r.entity_no as is_match, p.is_linked
from silver.match_pairs__{0} p join labelled_{0} l on l.mention_id = p.left_id join labelled_{0} r on r.mention_id = p.right_id
where p.method = 'probabilistic' and p.match_probability is not null
"""
_APART = "select sum(pieces - 1) from (select count(distinct cluster) as pieces from labelled_{0} group by entity_no)"
_HEAD = """# Linkage of {table}: the threshold

Records that neither a valid number nor a rule joins are compared in pairs; each pair gets a match probability (Fellegi and
Sunter, by Splink), and those at {in_force:g} or more are joined. This page shows what other thresholds would have cost on a
synthetic city. `lake sample-city score --cards FOLDER` writes it.

- **City**: seed {city.seed}, scale {city.scale:g}; {city.name}
- **Rules**: {rules}
- **Scored pairs**: {pairs:,}, each of two groups of records with equal evidence
- **Cost**: a false link {false:g}, a missed one {missed:g}. Two made one is worse than one left as two, whom a later record
  can still join
- **In force**: {in_force:g}: {now}
- **Least cost on these pairs**: {best}
- **Why the threshold is not moved there**: it was set before the truth was looked at, so that the measured error is not that of a
  choice fitted to this truth; the curve tells what the difference is
- **All records of the register**: {whole}

## Curve

A missed link is a pair that belongs together and is not joined, also one that no blocking rule brought forward.

| threshold | precision | recall | f1 | false links | missed links | cost |
| --- | --- | --- | --- | --- | --- | --- |
"""


@dataclass(frozen=True)
class Pairs:
    """Scored pairs; `true` counts all that belong together."""

    probability: np.ndarray
    is_match: np.ndarray
    true: int

    def at(self, threshold: float) -> dict[str, float]:
        """What linking at the threshold gives."""
        linked = self.probability >= threshold
        right = int((linked & self.is_match).sum())
        false, missed = int(linked.sum()) - right, self.true - right
        precision, recall = right / max(int(linked.sum()), 1), right / max(self.true, 1)
        f1 = 2 * right / max(int(linked.sum()) + self.true, 1)
        cost = FALSE_LINK * false + MISSED_LINK * missed
        return {"precision": precision, "recall": recall, "f1": f1, "false": false, "missed": missed, "cost": cost}


def card(connection: duckdb.DuckDBPyConnection, register: Register, city: City, scores: Sequence[dict[str, Any]]) -> str | None:
    """The page in Markdown; None where no pair was scored. `scores`: the rows of this scoring."""
    pairs = _pairs(connection, register)
    if pairs is None:
        return None
    rules, best = _rules(register), _least(pairs)
    in_force = rules["thresholds"]["link"]
    found = pairs.at(in_force)
    now = "precision {precision:.4f}, recall {recall:.4f}; {false} false and {missed} missed links cost {cost:g}".format(**found)
    head = _HEAD.format(
        table=register.table, city=city, in_force=in_force, rules=rules["rule_version"], pairs=len(pairs.probability), now=now,
        false=FALSE_LINK, missed=MISSED_LINK, best=best.words(FALSE_LINK, MISSED_LINK), whole=_whole(register, scores),
    )  # fmt: skip
    return head + "".join(_lines(pairs))


def rows(connection: duckdb.DuckDBPyConnection, register: Register) -> list[dict[str, Any]]:
    """The curve at the thresholds that are shown, that in force, and the one of least cost; none where no pair was scored."""
    pairs = _pairs(connection, register)
    if pairs is None:
        return []
    in_force = _rules(register)["thresholds"]["link"]
    told = {"kind": register.kind, "false_link_cost": FALSE_LINK, "missed_link_cost": MISSED_LINK}
    return [
        told | {"threshold": t, "is_in_force": t == in_force} | {n: found[n] for n in ("precision", "recall", "cost")}
        | {"false_links": found["false"], "missed_links": found["missed"]}
        for t in sorted({*SHOWN, in_force, _least(pairs).threshold}) for found in [pairs.at(t)]
    ]  # fmt: skip


def _rules(register: Register) -> dict[str, Any]:
    return yaml.safe_load((FOLDER / "rules" / f"linkage-{register.table}.yaml").read_text("utf-8"))


def _least(pairs: Pairs) -> thresholds.Choice:
    return thresholds.choose(thresholds.curve(pairs.probability, pairs.is_match, pairs.true), FALSE_LINK, MISSED_LINK)


def _pairs(connection: duckdb.DuckDBPyConnection, register: Register) -> Pairs | None:
    if not tables.exists(f"silver.match_pairs__{register.table}"):
        return None
    found = connection.sql(_SCORED.format(register.table)).to_arrow_table()
    if not found.num_rows:
        return None
    probability, is_match, is_linked = (found[c].to_numpy() for c in ("probability", "is_match", "is_linked"))
    (apart,) = first(connection, _APART.format(register.table))
    unscored = max(int(apart or 0) - int((is_match & ~is_linked).sum()), 0)
    return Pairs(probability, is_match, int(is_match.sum()) + unscored)


def _whole(register: Register, scores: Sequence[dict[str, Any]]) -> str:
    mine = [r for r in scores if r["kind"] == register.kind and not r.get("subgroup_by") and not r.get("attribute")]
    found = {r["measure"]: r for r in mine}
    shares = (found[name] for name in ("precision", "recall"))
    return ", ".join(f"{r['measure']} {r['value']:.5f} ({r['low']:.5f} to {r['high']:.5f})" for r in shares)


def _lines(pairs: Pairs) -> Iterator[str]:
    for threshold in SHOWN:
        figures = "{precision:.4f} | {recall:.4f} | {f1:.4f} | {false:,} | {missed:,} | {cost:,.0f}".format(**pairs.at(threshold))
        yield f"| {threshold:g} | {figures} |\n"
