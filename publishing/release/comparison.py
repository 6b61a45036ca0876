"""The datasets of a new release against those of the version before."""

from pathlib import Path
from typing import Any

from lakehouse.settings import settings
from publishing import manifest
from publishing.diff import DatasetDiff, compare_rows
from publishing.release.ledger import Entry


def compare_with(previous: Entry | None, body: dict[str, Any], folder: Path) -> list[DatasetDiff]:
    """One DatasetDiff per dataset that either release holds, new ones first in the release's order.

    Raises FileNotFoundError when the previous release's folder is gone.
    """
    earlier, old = {}, folder
    if previous is not None:
        old = settings().releases / previous.theme / previous.version
        if not (old / manifest.NAME).exists():
            raise FileNotFoundError(
                f"{old} is missing, so the changes since {previous.version} cannot be told; restore it from the backup."
            )
        earlier = {d["id"]: d for d in manifest.read_manifest(old)["datasets"]}
    now = [_compare(dataset, earlier.get(dataset["id"]), old, folder) for dataset in body["datasets"]]
    kept = {dataset["id"] for dataset in body["datasets"]}
    gone = [DatasetDiff(i, d["title"]["en"], d["title"]["zh"], is_gone=True) for i, d in sorted(earlier.items()) if i not in kept]
    return now + gone


def _compare(dataset: dict[str, Any], before: dict[str, Any] | None, old: Path, new: Path) -> DatasetDiff:
    names = (dataset["id"], dataset["title"]["en"], dataset["title"]["zh"])
    if before is None:
        return DatasetDiff(*names, is_new=True, rows=dataset["rows"], contract_after=dataset["contract_version"])
    file = f"{dataset['id']}.parquet"
    versions = {"contract_before": before["contract_version"], "contract_after": dataset["contract_version"]}
    return DatasetDiff(*names, **versions, **compare_rows(old / file, new / file, dataset["primary_key"]))
