"""The manifest of a release: every file with its SHA-256, tied to table versions, contract versions and code version."""

import hashlib
import json
from collections.abc import Iterable
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import yaml

from lakehouse.settings import CHECKOUT
from publishing.disclosure_control import open_rows
from publishing.exporters import Export, texts, time_field

NAME = "manifest.json"
SUMS = "SHA256SUMS"
MEDIA_TYPES = {
    ".csv": "text/csv", ".parquet": "application/vnd.apache.parquet", ".json": "application/json",
    ".jsonld": "application/ld+json", ".md": "text/markdown", ".txt": "text/plain",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip


def describe_dataset(export: Export, table_version: int, committed_at: datetime, inputs: dict[str, str]) -> dict[str, Any]:
    """What the manifest says of one dataset."""
    dataset = export.dataset
    return {
        "id": dataset.id,
        **texts(dataset),
        "theme": dataset.theme,
        "keywords": list(dataset.tags),
        "publisher": {
            "id": dataset.owner,
            **owners().get(dataset.owner, {"name_en": dataset.owner, "name_zh": dataset.owner}),
        },
        "table": dataset.table,
        "table_version": table_version,
        "committed_at": committed_at.isoformat(),
        "contract_version": dataset.version,
        "rows": export.rows.num_rows,
        "row_condition": open_rows(dataset),
        "provisional_rows": _provisional(export),
        "columns": [field.name for field in export.fields],
        "primary_key": list(dataset.primary_key),
        "temporal": _temporal(export),
        "origins": list(export.origins),
        "inputs": inputs,
        "licence": {
            "id": export.licence.id,
            "url": export.licence.url,
            "en": export.licence.name_en,
            "zh": export.licence.name_zh,
        },
        "attributions": list(export.attributions),
        "citation": export.citation(),
    }


@cache
def owners(path: Path = CHECKOUT / "contracts" / "_shared" / "owners.yaml") -> dict[str, dict[str, str]]:
    return yaml.safe_load(path.read_text("utf-8"))


def describe_files(folder: Path, paths: Iterable[Path], dataset: str | None) -> list[dict[str, Any]]:
    """Path in the release, dataset it belongs to (None = the release), role, media type, bytes and SHA-256 of each file."""
    return [
        {"path": str(path.relative_to(folder)), "dataset": dataset, "role": _role(path, dataset),
         "media_type": MEDIA_TYPES[path.suffix], "bytes": path.stat().st_size, "sha256": sha256(path)}
        for path in paths
    ]  # fmt: skip


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_json(path: Path, body: Any) -> Path:
    """JSON as all releases hold it: UTF-8, keys in the given order, one space of indent, newline at the end."""
    path.write_text(json.dumps(body, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return path


def write_manifest(folder: Path, body: dict[str, Any]) -> str:
    """manifest.json and, for `sha256sum -c`, SHA256SUMS over it and all files; returns the manifest's SHA-256."""
    own = sha256(write_json(folder / NAME, body))
    lines = [f"{file['sha256']}  {file['path']}" for file in body["files"]] + [f"{own}  {NAME}"]
    (folder / SUMS).write_text("\n".join(lines) + "\n", "utf-8")
    return own


def read_manifest(folder: Path) -> dict[str, Any]:
    return json.loads((folder / NAME).read_text("utf-8"))


def content_digest(manifest: dict[str, Any]) -> str:
    """Equal for two releases that say the same about the data: rows, dictionaries, licences."""
    told = [[f["path"], f["sha256"]] for f in manifest["files"] if f["path"].endswith((".csv", ".dictionary.json"))]
    licences = [[d["id"], d["licence"]["id"], d["attributions"], d["origins"]] for d in manifest["datasets"]]
    return hashlib.sha256(json.dumps([sorted(told), licences]).encode()).hexdigest()


def _role(path: Path, dataset: str | None) -> str:
    if dataset is None:
        return "notes"
    return "dictionary" if ".dictionary." in path.name else "data"


def _temporal(export: Export) -> dict[str, str] | None:
    field = time_field(export.dataset)
    if field is None or not export.rows.num_rows:
        return None
    span = pc.min_max(export.rows[field.name]).as_py()
    return {"column": field.name, "start": _moment(span["min"]), "end": _moment(span["max"])}


def _moment(value: date | datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _provisional(export: Export) -> int | None:
    """Rows that may still change, None when the dataset does not say."""
    if "is_provisional" not in export.rows.column_names:
        return None
    return pc.sum(export.rows["is_provisional"]).as_py() or 0
