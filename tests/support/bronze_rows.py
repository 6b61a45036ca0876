"""Bronze rows made by hand for tests of silver: delivered columns and edge payloads."""

import hashlib
import json
from datetime import UTC, datetime

import pyarrow as pa

TIME = pa.timestamp("us", tz="UTC")
RECEIVED = datetime(2017, 3, 2, tzinfo=UTC)


def _id(*parts: object) -> str:
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:32]


def delivered(rows: list[dict], delivery: str = "d1", revision: int = 0) -> pa.Table:
    """PRSA-like rows; each dict gives `at` (UTC), `station` and any of the pollutant columns, the rest is NA."""
    columns = ["PM2.5", "PM10", "SO2", "NO2", "CO", "O3"]
    out = [
        {c: str(r.get(c, "NA")) for c in columns}
        | {"station": r.get("station", "Dongsi"), "_observed_at": r["at"], "_delivery_id": delivery, "_revision": revision,
           "_record_id": _id(*sorted(r.items(), key=str)), "_data_origin": "public_reference", "_received_at": RECEIVED}
        for r in rows
    ]  # fmt: skip
    texts = [(c, pa.string()) for c in [*columns, "station", "_delivery_id", "_record_id", "_data_origin"]]
    return pa.Table.from_pylist(
        out, pa.schema([*texts, ("_observed_at", TIME), ("_received_at", TIME), ("_revision", pa.int64())])
    )


def sent(documents: list[dict]) -> pa.Table:
    """Edge rows; each dict is a payload document with `observed_at` as a datetime."""
    out = [
        {"payload": json.dumps(d, default=str), "_observed_at": d["observed_at"], "_record_id": _id(json.dumps(d, default=str)),
         "_data_origin": "operational", "_received_at": RECEIVED}
        for d in documents
    ]  # fmt: skip
    texts = [(c, pa.string()) for c in ("payload", "_record_id", "_data_origin")]
    return pa.Table.from_pylist(out, pa.schema([*texts, ("_observed_at", TIME), ("_received_at", TIME)]))
