"""A small synthetic city from delivered files to registers without Spark, for tests of what has to disappear from it."""

from datetime import date
from pathlib import Path

from ingestion.batch.answers import answer
from ingestion.batch.tree import noted
from lakehouse import tables
from lakehouse.contracts import contracts
from quality import decisions
from tests.support.sample_city import build
from transforms import slices
from transforms.entity_resolution.stage import plan, run
from transforms.parts import bronze_files
from transforms.records import run as records

DATASETS = (
    "population__residents", "population__social_insurance", "population__births", "population__health_index",
    "population__floating", "enterprise__registrations", "enterprise__tax",
)  # fmt: skip


def landed(folder: Path) -> None:
    """Deliver the extracts of DATASETS, then silver and registers from them."""
    extracts = build(folder, scale=0.01, seed=7) / "extracts"
    for one in noted(extracts)[0]:
        if one.source.startswith(DATASETS):
            answer(one.file, one.source, one.statement)
    silver()
    run(plan())


def silver() -> None:
    """What the stage `silver` does with these datasets, slice by slice in this process."""
    known = contracts()
    for name in DATASETS:
        if not (work := slices.resolve(known[name], known)):
            continue
        files, roots = bronze_files(work), {table: str(tables.location(table)) for table in records.tables_of(known[name])}
        standing = decisions.in_force(name)
        made = [records.build_slice(known[name], date.fromisoformat(s), files, known, standing, roots) for s in work["slices"]]
        records.commit_dataset(known[name], [part for parts in made for part in parts])
