"""What a collector says about itself: a file in the spool, shipped with the segments, and on request an MQTT topic."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from edge_collectors.envelope import now
from edge_collectors.group_commit import GroupCommit
from edge_collectors.segments import replace_file
from edge_collectors.shipper import read_link
from edge_collectors.spool import Spool


def heartbeat(
    collector: str, spool: Spool, commits: Iterable[GroupCommit], listeners: Iterable[dict[str, Any]], stopped: bool
) -> dict[str, Any]:
    """State, counts since the start, spool bytes and the uplink, as JSON values.

    `state`: running; back_pressure (nothing is confirmed); broker_down (a broker is away or refuses the collector);
    uplink_down (stored but not shipped); stopped. `problem` says why. Counts per stream: received = durable +
    duplicate; dead_letter and no_contract are among the durable.
    """
    link, listeners = read_link(spool.folder), list(listeners)
    stuck = next((c.problem for c in commits if c.problem), None)
    cut_off = next((one["problem"] for one in listeners if one.get("problem")), None)
    streams = {c.stream.origin.source: _stream(c, link) for c in commits}
    return {
        "collector": collector,
        "at": now(),
        "pid": os.getpid(),
        "state": _state(stuck, cut_off, link, stopped),
        "problem": stuck or cut_off or link.get("error"),
        "spool": {"unshipped_bytes": spool.unshipped_bytes(), "max_bytes": spool.max_bytes},
        "streams": streams,
        "listeners": listeners,
        "uplink": link,
    }


def write(spool: Spool, content: dict[str, Any]) -> bytes:
    """Replace `<spool>/heartbeat.json`; the bytes. A disk without room must neither stop the collector nor hide it."""
    body = json.dumps(content, ensure_ascii=False, indent=1).encode()
    path = spool.folder / "heartbeat.json"
    try:
        replace_file(path, body)
    except OSError:
        with contextlib.suppress(OSError):
            _overwrite(path, body)
    return body


def _overwrite(path: Path, body: bytes) -> None:
    """In the room that the file has; blanks take the place of what was longer."""
    with path.open("r+b") as file:
        file.write(body.ljust(os.fstat(file.fileno()).st_size))


def _state(stuck: str | None, cut_off: str | None, link: dict[str, Any], stopped: bool) -> str:
    if stopped:
        return "stopped"
    if stuck:
        return "back_pressure"
    if cut_off:
        return "broker_down"
    return "running" if link.get("state", "ok") == "ok" else "uplink_down"


def _stream(commit: GroupCommit, link: dict[str, Any]) -> dict[str, int]:
    stream = commit.stream
    return {
        **asdict(stream.counts),
        "shipped": link.get("shipped", {}).get(stream.origin.source, 0),
        "last_seq": stream.next_seq - 1,
    }
