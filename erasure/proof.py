"""The signed proof of an erasure: what was searched and destroyed, without a word on whom (Ed25519, as receipts)."""

import base64
import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from erasure.person import Erasure
from ingestion.batch.receipt import canonical, public_key, signing_key
from lakehouse import vault
from lakehouse.settings import settings


def proof(erasure: Erasure) -> dict[str, Any]:
    """The document. Raises RuntimeError when a token that was the person's alone still opens."""
    own = erasure.search["own"]
    if vault.clear(pa.array(own, pa.string())).null_count < len(own):
        raise RuntimeError(f"{erasure.request}: a token still opens; run the erasure again.")
    body = {
        "request": erasure.request, "searched_at": erasure.search["at"], "files_searched": erasure.search["files"],
        "bytes_searched": erasure.search["size_bytes"], "identifiers_searched": erasure.search["identifiers"],
        "files_with_identifiers": 0, "tokens_destroyed": len(own), "tokens_that_open": 0,
        "tokens_kept_for_others": len(erasure.tokens) - len(own), "raw_files_destroyed": erasure.counts.get("raw_files", 0),
        "tables_rewritten": sum(1 for name in erasure.counts if "." in name),
    }  # fmt: skip
    signature = base64.b64encode(signing_key().sign(canonical(body))).decode()
    return body | {"signature": signature, "public_key": public_key()}


def write(document: dict[str, Any]) -> Path:
    """Keep the proof beside the data; returns its file."""
    file = settings().data_home / "erasures" / f"{document['request']}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document, indent=1, sort_keys=True), "utf-8")
    return file
