"""Build a release into a folder of its own, then put it in place whole and record it.

The folder depends on nothing but the pinned tables, contracts and code (and the version compared with): no clock, no
host, no path. Built again from the same, it is byte-identical.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from lakehouse import outcomes, progress, tables
from lakehouse.pipeline import lock
from lakehouse.settings import settings
from publishing import change_notes, dcat, manifest
from publishing.disclosure_control import Licence, check_origins, licences, open_rows
from publishing.exporters import WRITERS, Export, open_table
from publishing.release.code_version import git_revision
from publishing.release.comparison import compare_with
from publishing.release.ledger import Entry, operator, record, write_index
from publishing.release.placing import place, staging
from publishing.release.plan import Part, ReleasePlan, resolve_plan
from publishing.spatial_coverage import spatial_coverage

LICENCE_FILE = "LICENCE.txt"


State = Literal["published", "unchanged", "already released", "withdrawn", "written"]


@dataclass(frozen=True)
class Built:
    """The outcome of a build: where the release lies and whether anything new was published."""

    state: State
    version: str
    folder: Path


def build(theme: str, out: Path | None = None, tell: Callable[[str], None] = lambda _: None) -> Built:
    """Build and publish the theme's release; with `out`, only write it to `out`/<theme>/<version> (nothing is recorded).

    Nothing is published when these inputs are released (or withdrawn) already, or when rows, dictionaries and licences
    equal those of the version in force. Safe to interrupt and to repeat. Raises Refused (the gate), LookupError (nothing
    to release), FileExistsError (`out` is taken).
    """
    plan = resolve_plan(theme)
    if out is None and (known := _known(plan)):
        write_index(theme)  # mends one that an interrupted build left behind
        return known
    lock(f"release.{theme}", {"theme": theme, "version": plan.version, **_inputs(plan)})
    parent = (out or settings().releases) / theme
    with outcomes.step("release", theme, _inputs(plan)) as outcome, staging(parent) as folder:
        body = _write_release(plan, folder, tell)
        outcome.rows_out = sum(d["rows"] for d in body["datasets"])
        digest = manifest.write_manifest(folder, body)
        if out is not None:
            return Built("written", plan.version, place(folder, parent / plan.version, replace=False))
        if plan.previous and not plan.released and _says_the_same(plan.previous, body):
            return Built("unchanged", plan.previous.version, parent / plan.previous.version)
        placed = place(folder, parent / plan.version, replace=True)
        if not plan.released:
            record(_entry(plan, digest))
        return Built("published", plan.version, placed)


def _known(plan: ReleasePlan) -> Built | None:
    """What is known of exactly these inputs: released, withdrawn, or found to change nothing; None = not built yet."""
    folder = settings().releases / plan.theme
    if plan.released:
        state: State = "withdrawn" if plan.released.state == "withdrawn" else "already released"
        there = (folder / plan.version / manifest.NAME).exists()
        return Built(state, plan.version, folder / plan.version) if there else None
    if plan.previous and outcomes.last_inputs("release", plan.theme) == _inputs(plan):
        return Built("unchanged", plan.previous.version, folder / plan.previous.version)
    return None


def _inputs(plan: ReleasePlan) -> dict[str, object]:
    """What the outcome trail keeps: table versions, code, and the version compared with."""
    return {**plan.inputs(), "digest": plan.inputs_digest, "code_version": plan.code_version,
            "previous": plan.previous.version if plan.previous else None}  # fmt: skip


def _write_release(plan: ReleasePlan, folder: Path, tell: Callable[[str], None]) -> dict[str, Any]:
    """All files but the manifest; returns the manifest's body."""
    described, files = [], []
    for part in plan.parts:
        progress.doing(f"files of {part.dataset.id}")
        export = _export(part, plan)
        paths = [path for write in WRITERS for path in write(export, folder)]
        files += manifest.describe_files(folder, paths, export.name)
        entry = manifest.describe_dataset(export, part.table_version, part.committed_at, part.inputs)
        described.append({**entry, "spatial": spatial_coverage(export.rows)})
        kept = " by the rule version in force on their day" if open_rows(export.dataset) else ""
        tell(f"  {export.name}: {export.rows.num_rows:,} rows{kept}, {len(paths)} files")
    body = {
        "theme": plan.theme, "version": plan.version, "sequence": plan.sequence, "issued": plan.issued.isoformat(),
        "code_version": plan.code_version, "inputs_digest": plan.inputs_digest,
        "previous": plan.previous and {"version": plan.previous.version, "manifest_sha256": plan.previous.manifest_sha256},
        "datasets": described, "files": files,
    }  # fmt: skip
    files += manifest.describe_files(folder, _write_notes(plan, body, folder), None)
    return body


def _export(part: Part, plan: ReleasePlan) -> Export:
    dataset = part.dataset
    gold = tables.read(dataset.table, version=part.table_version)
    found = gold["data_origin"].unique().to_pylist() if "data_origin" in gold.column_names else [part.origin]
    origins = check_origins(dataset, (o for o in found if o), settings().profile)
    rows = open_table(dataset, gold)
    fields = tuple(f for f in dataset.fields if f.name in rows.column_names)
    return Export(dataset, fields, rows, plan.version, plan.issued, part.licence, part.attributions, origins)


def _write_notes(plan: ReleasePlan, body: dict[str, Any], folder: Path) -> list[Path]:
    """CHANGES in both languages and as JSON, the licence notice, the catalogue record."""
    diffs = compare_with(plan.previous, body, folder)
    previous = plan.previous and plan.previous.version
    paths = [manifest.write_json(folder / "changes.json", [d.as_dict() for d in diffs])]
    for language in change_notes.LANGUAGES:
        paths.append(folder / f"CHANGES.{language}.md")
        paths[-1].write_text(change_notes.render(plan.theme, plan.version, previous, diffs, language), "utf-8")
    paths.append(folder / LICENCE_FILE)
    paths[-1].write_text(_licence_notice(plan, {d["id"]: d["citation"] for d in body["datasets"]}), "utf-8")
    paths.append(manifest.write_json(folder / "dcat.jsonld", dcat.catalogue([body], portal="../../../")))
    return paths


def _licence_notice(plan: ReleasePlan, citations: dict[str, str]) -> str:
    lines = [f"Licences of {plan.theme} {plan.version}", ""]
    for part in plan.parts:
        lines += [
            part.dataset.id,
            f"  {part.licence.name_en} / {part.licence.name_zh}",
            f"  {part.licence.url}",
        ]
        lines += [f"  Input {name}: {_licence_name(licences(), licence)}" for name, licence in sorted(part.inputs.items())]
        lines += [f"  Attribution: {text}" for text in part.attributions]
        lines += [f"  Cite as: {citations[part.dataset.id]}", ""]
    return "\n".join(lines)


def _licence_name(known: dict[str, Licence], licence: str) -> str:
    return f"{known[licence].name_en} ({licence})"


def _says_the_same(previous: Entry, body: dict[str, Any]) -> bool:
    folder = settings().releases / previous.theme / previous.version
    if not (folder / manifest.NAME).exists():
        return False
    return manifest.content_digest(manifest.read_manifest(folder)) == manifest.content_digest(body)


def _entry(plan: ReleasePlan, digest: str) -> Entry:
    return Entry(
        theme=plan.theme, version=plan.version, sequence=plan.sequence, state="published", reason=None, who=operator(),
        recorded_at=datetime.now(UTC), issued_at=plan.issued, previous_version=plan.previous and plan.previous.version,
        inputs_digest=plan.inputs_digest, inputs=json.dumps(plan.inputs()), code_version=plan.code_version,
        git_revision=git_revision(), manifest_sha256=digest,
    )  # fmt: skip
