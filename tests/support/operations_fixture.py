"""A few rows of the record of operation: one run that counts up, one gate that warns, one that fails, receipts."""

import json
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from ingestion.batch import receipt
from lakehouse import outcomes

AT = datetime(2017, 3, 1, 1, tzinfo=UTC)
DATASET = "environment__air_quality"
# check, kind, severity, passed, observed, expected, message
GATES = [
    ("row_count", "aggregate", "error", True, "10200", "> 0", "The table holds rows."),
    (
        "pm25_above_pm10",
        "aggregate",
        "warning",
        False,
        "2.1 %",
        "< 1 %",
        "PM2.5 is a part of PM10 and cannot exceed it in the same interval.",
    ),
    (
        "freshness",
        "aggregate",
        "error",
        False,
        "40 h",
        "<= 26 h",
        "The newest row is at most 26 h old: what the contract promises by frequency and latency.",
    ),
]
GATE_COLUMNS = ("check", "kind", "severity", "passed", "observed", "expected", "message")


def operations(received: int) -> dict[str, pa.Table]:
    """ops.run_outcomes, ops.gate_outcomes, ops.delivery_receipts; `received` records came in three deliveries."""
    gate = {"run_id": "run-1", "at": AT, "dataset": DATASET, "table": "gold.agg_air_quality_daily"}
    gates = [gate | dict(zip(GATE_COLUMNS, row, strict=True)) for row in GATES]
    receipts = [
        {"source": f"{DATASET}__prsa", "delivery_id": f"d{i}", "file_name": f"PRSA_{i}.csv", "state": "landed",
         "received_at": (AT + timedelta(minutes=i)).isoformat(), "received": received // 3, "landed": received // 3}
        for i in range(3)
    ]  # fmt: skip
    return {
        "ops.run_outcomes": pa.Table.from_pylist(runs(received), outcomes.SCHEMA),
        "ops.gate_outcomes": pa.Table.from_pylist(gates),
        "ops.delivery_receipts": pa.Table.from_pylist(receipts, receipt.SCHEMA),
    }


def runs(received: int) -> list[dict]:
    """bronze takes all; silver takes all but 20 duplicates, 9 held and 1 that does not parse."""
    counts = [("bronze", received, received, 0, 0, 0), ("silver", received, received - 30, 20, 9, 1)]
    return [
        {"run_id": "run-1", "stage": stage, "dataset": DATASET, "started_at": AT + timedelta(minutes=minute),
         "seconds": 12.5, "state": "ok", "error": None, "inputs": json.dumps({f"bronze.{DATASET}__prsa": 1}),
         "rows_in": rows_in, "accepted": accepted, "duplicate": twice, "quarantined": held, "dead_letter": dead,
         "rows_out": accepted, "detail": "{}"}
        for minute, (stage, rows_in, accepted, twice, held, dead) in enumerate(counts)
    ]  # fmt: skip
