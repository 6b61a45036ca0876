"""Stage `access_log`: new calls of the verification service are copied to Delta, each once."""

from dataclasses import asdict, fields

import pyarrow as pa

from lakehouse import tables
from lakehouse.pipeline import Plan, Stage
from portal.verification import access_log
from portal.verification.access_log import Call

TABLE = "ops.access_log"
SCHEMA = pa.schema([(f.name, pa.int64() if f.name == "rows" else pa.string()) for f in fields(Call)])


def plan() -> Plan:
    """Numbers of the first and last call that the table lacks; empty = none."""
    new = [number for number, _ in access_log.calls_after(_copied())]
    return {"from": new[0], "to": new[-1]} if new else {}


def run(work: Plan) -> None:
    """Append the calls of the plan; a repeated run finds them there."""
    calls = [asdict(call) for number, call in access_log.calls_after(work["from"] - 1) if number <= work["to"]]
    tables.append(TABLE, pa.Table.from_pylist(calls, SCHEMA), (TABLE, work["to"]))


def _copied() -> int:
    return max(tables.transacted(TABLE, TABLE), 0)


ACCESS_LOG = Stage("access_log", after=("register_index",), plan=plan, run=run)
