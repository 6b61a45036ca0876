"""The stage `registers`: persons, then enterprises, each when a table, a rule or a steward's decision behind it changed."""

import hashlib
from collections.abc import Iterable
from typing import Any

from lakehouse import outcomes, tables
from lakehouse.pipeline import Plan, Stage
from lakehouse.settings import CHECKOUT
from transforms.entity_resolution import stewards
from transforms.entity_resolution.enterprises.departments import DATASETS as OF_ENTERPRISES
from transforms.entity_resolution.persons.departments import DATASETS as OF_PERSONS

STAGE = "registers"
PLACES = "xref__addresses"
RULES = {
    "persons": ("linkage-persons", "survivorship-persons", "population-register"),
    "enterprises": ("linkage-enterprises", "survivorship-enterprises", "enterprise-lifecycle"),
}
READS = {"persons": OF_PERSONS, "enterprises": OF_ENTERPRISES}
SEEDS = {"persons": "population__", "enterprises": "enterprise__"}
"""Without a dataset of its own domain a register has nothing to begin with."""


def plan() -> Plan:
    """What is to be built, by register, with its inputs; empty = nothing new."""
    work: Plan = {}
    for kind in READS:
        inputs = _inputs(kind)
        if any(name.startswith(f"silver.{SEEDS[kind]}") for name in inputs) and _is_new(kind, inputs, work):
            work[kind] = {"inputs": inputs, "is_full": False}
    return work


def run(work: Plan) -> None:
    """Build the registers of the plan."""
    from transforms.entity_resolution.enterprises import run as enterprises
    from transforms.entity_resolution.persons import run as persons

    for kind, register in {"persons": persons, "enterprises": enterprises}.items():
        if kind in work:
            register.run(work[kind])


def rebuild_plan() -> Plan:
    """All registers anew, with every mention compared with every other."""
    seeded = {k: _inputs(k) for k in READS if any(tables.exists(f"silver.{d}") for d in READS[k] if d.startswith(SEEDS[k]))}
    return {kind: {"inputs": inputs, "is_full": True} for kind, inputs in seeded.items()}


def _inputs(kind: str) -> dict[str, Any]:
    names = [f"silver.{name}" for name in (*READS[kind], PLACES)]
    versions = {name: tables.version(name) for name in names if tables.exists(name)}
    return versions | {"rules": digest(RULES[kind]), "decisions": stewards.marks(kind)}


def _is_new(kind: str, inputs: dict[str, Any], work: Plan) -> bool:
    """An enterprise's legal person is a person of the other register, so that its changes count, too."""
    is_complete = tables.exists(f"silver.entity__{kind}") and tables.exists(f"silver.identity_log__{kind}")
    return not is_complete or bool(work) or outcomes.last_inputs(STAGE, kind) != inputs


def digest(rules: Iterable[str]) -> str:
    """One hash of the rule files."""
    found = hashlib.sha256()
    for name in rules:
        found.update((CHECKOUT / "contracts" / "rules" / f"{name}.yaml").read_bytes())
    return found.hexdigest()[:16]


REGISTERS = Stage(STAGE, after=("silver", "places"), plan=plan, run=run)
