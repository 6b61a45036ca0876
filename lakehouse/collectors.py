"""The edge as the lake sees it: heartbeats of collectors, segments that wait in the landing folder, what was refused.

Collectors leave their heartbeat in `landing/heartbeats/`; an old one means that the process, its machine or the link is gone.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lakehouse import tables
from lakehouse.settings import settings

SILENT_SECONDS = 120
REASONS = """
select count(*) as n, arg_max(reason, _received_at) as newest from ({letters})
group by regexp_replace(reason, '[0-9A-F]*[0-9][0-9A-F]*', '#', 'g') order by n desc, newest limit 5
"""


def in_words() -> Iterator[str]:
    """A line per collector, one on the landing folder, and the five commonest reasons of dead letters."""
    for path in sorted((settings().landing / "heartbeats").glob("*.json")):
        yield f"{'collector':<12} {_heartbeat(path)}"
    if (settings().landing / "segments").exists():
        yield f"{'landing':<12} {_landing()}"
    for number, newest in commonest_reasons():
        yield f"{'dead letter':<12} {number} times: {newest[:200]}"


def commonest_reasons() -> list[tuple[int, str]]:
    """(count, newest sentence) of the five commonest reasons; sentences that differ in figures only are one reason."""
    names = tables.names("dead_letter")
    if not names:
        return []
    letters = " union all ".join(f"select reason, _received_at from {name}" for name in names)
    return tables.duck(*names).execute(REASONS.format(letters=letters)).fetchall()


def _heartbeat(path: Path) -> str:
    try:
        return _told(json.loads(path.read_bytes()))
    except (ValueError, KeyError, TypeError):
        return f"{path.stem}: its heartbeat cannot be read; the collector writes it anew within seconds, else look at its log."


def _told(beat: dict[str, Any]) -> str:
    age = (datetime.now(UTC) - datetime.fromisoformat(beat["at"])).total_seconds()
    is_silent = age > SILENT_SECONDS and beat["state"] != "stopped"
    state = f"SILENT, last {beat['state']}" if is_silent else beat["state"]
    total = {name: sum(s[name] for s in beat["streams"].values()) for name in ("durable", "duplicate", "dead_letter")}
    counts = f"{total['durable']} stored, {total['duplicate']} repeats, {total['dead_letter']} dead letters since its start"
    spool = f"{beat['spool']['unshipped_bytes'] / 1e6:.1f} of {beat['spool']['max_bytes'] / 1e6:.0f} MB wait in its spool"
    problem = f"\n{'':<12} {beat['problem']}" if beat["problem"] else ""
    return f"{beat['collector']} {state}, seen {ago(age)} ago; {counts}; {spool}{problem}"


def _landing() -> str:
    waiting = list((settings().landing / "segments").glob("*/*/*.jsonl"))
    refused = list((settings().landing / "refused").glob("*/*/*.jsonl"))
    told = f"{len(waiting)} segments wait"
    if waiting:
        oldest = datetime.now(UTC).timestamp() - min(path.stat().st_mtime for path in waiting)
        told += f", the oldest for {ago(oldest)}: `lake land` lands them or says why not"
    return told + (f"; {len(refused)} refused, reasons beside them in {settings().landing / 'refused'}" if refused else "")


def ago(seconds: float) -> str:
    """A time span in the unit that fits it."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
