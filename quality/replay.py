"""Bring stewards' decisions to the tables, or show beforehand what they would change."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points

from lakehouse import outcomes, pipeline, tables
from lakehouse.contracts import contracts
from lakehouse.pipeline import Plan
from quality import changes, decisions, held_rows, masking, rivals
from quality.changes import Changes
from quality.decisions import Decision

STAGES = ("silver", "gold", "gates", "serving")
PREVIEWS = "lake.previews"
"""Entry points by engine: a function (plan of a dataset) -> (silver rows now, silver rows if built) of its slices."""


@dataclass(frozen=True)
class Decided:
    """New decisions on a table of which only its engine can say what they change."""

    table: str
    decisions: tuple[Decision, ...]

    def lines(self) -> list[str]:
        """How many, and what each says."""
        told = [f"  {d.kind:<8} {d.hold_id}{self._columns(d)}: {d.reason}" for d in self.decisions]
        return [f"{self.table}: {len(self.decisions)} new decisions; the replay builds it with Spark and prints the rows", *told]

    @staticmethod
    def _columns(decision: Decision) -> str:
        return "".join(f" {name}={masking.told_apart(decision.dataset, name, value)}" for name, value in decision.changes.items())


def preview(dataset: str = "") -> Iterator[Changes | Decided]:
    """Per silver dataset with work: the rows that a build would change. Writes nothing and starts no engine.

    Datasets whose engine cannot be run here are answered by what was newly decided.
    """
    previews = {point.name: point for point in entry_points(group=PREVIEWS)}
    for plan in _silver_plans():
        one = contracts()[plan["dataset"]]
        if dataset not in ("", one.id):
            continue
        if one.engine in previews:
            found = changes.compare(one, *previews[one.engine].load()(plan))
            if found:
                yield found
        elif decided := pending(plan):
            yield Decided(one.table, tuple(decided))


def _silver_plans() -> list[Plan]:
    silver = next(stage for stage in pipeline.stages() if stage.name == "silver")
    return silver.plan().get("datasets", [])


def pending(plan: Plan) -> list[Decision]:
    """The newest decision on each row whose standing decision is not the one that silver was built with."""
    before, now = decisions.built_with(plan["dataset"]), plan["inputs"]["decisions"]
    newest = {d.hold_id: d for d in decisions.history(plan["dataset"])}
    return [newest[hold_id] for hold_id in sorted({h for h, _ in set(now.items()) ^ set(before.items())}) if hold_id in newest]


def losers(dataset: str = "") -> Iterator[str]:
    """One sentence for each row that a new fix or waiver lets pass, and that silver will not take all the same."""
    for plan in _silver_plans():
        if dataset in ("", plan["dataset"]):
            standing = decisions.in_force(plan["dataset"])
            for decision in (standing[d.hold_id] for d in pending(plan) if d.hold_id in standing):
                rows = held_rows.search(decision.hold_id)
                if rows and (why := rivals.why_it_loses(rows[0], decision.changes)):
                    yield f"{decision.hold_id} ({decision.kind}): {why}"


def replay(tell: Callable[[str], None] = print) -> list[Changes]:
    """Run silver, gold, gates and serving; the changed rows of every silver and gold table, with an outcome row.

    The outcome's inputs name each decision that was new, with who made it and why.
    """
    before = {name: tables.version(name) for name in _watched()}
    with outcomes.step("replay", "decisions", {"decisions": _trail()}) as outcome:
        pipeline.run(STAGES, tell)
        found = [one for name in _watched() if (one := _changed(name, before.get(name)))]
        outcome.rows_out = sum(c.added + c.removed + c.changed for c in found)
        outcome.detail = {c.table: {"added": c.added, "removed": c.removed, "changed": c.changed} for c in found}
    return found


def _watched() -> list[str]:
    known = contracts().datasets
    return [d.table for layer in ("silver", "gold") for d in known.values() if d.layer == layer and tables.exists(d.table)]


def _changed(name: str, before: int | None) -> Changes | None:
    after = tables.version(name)
    return changes.between_versions(contracts()[name.split(".")[1]], before, after) or None if after != before else None


def _trail() -> list[dict[str, str]]:
    """On which row, what, who and why: the decisions that this replay brings to the tables."""
    named = ("dataset", "hold_id", "kind", "decided_by", "reason")
    return [{name: getattr(d, name) for name in named} for plan in _silver_plans() for d in pending(plan)]
