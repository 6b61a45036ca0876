"""What a collector says about itself: a file in the spool, shipped with the segments, and on request an MQTT topic."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict
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

    `state`: running; back_pressure (nothing is confirmed, `problem` says why); uplink_down (stored but not shipped);
    stopped. Counts per stream: received = durable + duplicate; dead_letter and no_contract are among the durable.
    """
    link = read_link(spool.folder)
    streams = {c.stream.origin.source: _stream(c, link) for c in commits}
    problem = next((c.problem for c in commits if c.problem), None) or link.get("error")
    return {
        "collector": collector,
        "at": now(),
        "pid": os.getpid(),
        "state": _state(commits, link, stopped),
        "problem": problem,
        "spool": {"unshipped_bytes": spool.unshipped_bytes(), "max_bytes": spool.max_bytes},
        "streams": streams,
        "listeners": list(listeners),
        "uplink": link,
    }


def write(spool: Spool, content: dict[str, Any]) -> bytes:
    """Replace `<spool>/heartbeat.json`; the bytes. A disk without room for it must not stop the collector."""
    body = json.dumps(content, ensure_ascii=False, indent=1).encode()
    with contextlib.suppress(OSError):
        replace_file(spool.folder / "heartbeat.json", body)
    return body


def _state(commits: Iterable[GroupCommit], link: dict[str, Any], stopped: bool) -> str:
    if stopped:
        return "stopped"
    if any(c.problem for c in commits):
        return "back_pressure"
    return "running" if link.get("state", "ok") == "ok" else "uplink_down"


def _stream(commit: GroupCommit, link: dict[str, Any]) -> dict[str, int]:
    stream = commit.stream
    return {
        **asdict(stream.counts),
        "shipped": link.get("shipped", {}).get(stream.origin.source, 0),
        "last_seq": stream.next_seq - 1,
    }
