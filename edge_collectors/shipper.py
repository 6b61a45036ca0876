"""Ships sealed segments in order and lets go of them only when the other side has confirmed.

Runs inside the collector or as a process of its own (`lake ship`); both see the same folders. While the link is down
nothing is lost: segments wait in the spool, and tries come at growing intervals (0.5 s to 30 s, with jitter).
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import structlog

from edge_collectors import segments
from edge_collectors.envelope import now
from edge_collectors.spool import hold
from edge_collectors.uplink import LinkDown, NotTaken, Uplink

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0
log = structlog.get_logger("shipper")


@dataclass
class Link:
    """State of the uplink, as the heartbeat shows it."""

    state: Literal["ok", "down", "refused"] = "ok"
    shipped: dict[str, int] = field(default_factory=dict)
    confirmed_at: str | None = None
    error: str | None = None


class Shipper:
    """The sealed segments of one spool on their way to one uplink."""

    def __init__(self, spool: Path, collector: str, uplink: Uplink, keep_shipped_bytes: int):
        self.spool, self.collector, self.uplink, self.keep_shipped_bytes = spool, collector, uplink, keep_shipped_bytes
        self.link = Link()
        self._reported = b""

    def run(self, stop: threading.Event, poll_seconds: float = FIRST_PAUSE_SECONDS) -> None:
        """Ship until told to stop, then once more what was sealed last. Raises SpoolInUse beside another shipper."""
        self.spool.mkdir(parents=True, exist_ok=True)
        lock, pause = hold(self.spool / "shipper.lock", "another shipper works on this spool; stop it."), poll_seconds
        while not stop.wait(pause):
            ok = self.ship_pending()
            pause = poll_seconds if ok else min(pause * 2, LONGEST_PAUSE_SECONDS) * random.uniform(0.8, 1.2)
        self.ship_pending()
        os.close(lock)

    def ship_pending(self) -> bool:
        """One pass over all sources; True when nothing stood in the way. Raises nothing for link or disk."""
        before = asdict(self.link)
        try:
            refusals = [reason for folder in self._sources() if (reason := self._ship_source(folder))]
            self._report()
            self.link.state, self.link.error = ("refused", refusals[0]) if refusals else ("ok", None)
        except (LinkDown, OSError) as error:
            self.link.state, self.link.error = "down", str(error)
        if asdict(self.link) != before:
            self._tell(before["state"])
        return self.link.state == "ok"

    def ship_again(self, source: str, number: int) -> Path:
        """Send a kept segment once more. Raises LookupError when it is no longer kept, LinkDown, NotTaken."""
        path = self.spool / source / "shipped" / segments.file_name(number)
        if not path.exists():
            raise LookupError(f"{path}: not kept; spool.keep_shipped_bytes bounds what is kept after delivery.")
        self.uplink.deliver(path, self.collector, source)
        return path

    def _sources(self) -> list[Path]:
        return sorted(path.parent for path in self.spool.glob("*/sealed"))

    def _ship_source(self, folder: Path) -> str | None:
        """Ship a source's segments in order; a reason when one was refused, those after it then wait."""
        for path in sorted((folder / "sealed").glob("*.jsonl")):
            try:
                self.uplink.deliver(path, self.collector, folder.name)
            except (NotTaken, segments.DamagedSegment) as refusal:
                return str(refusal)
            self._let_go(path)
        return None

    def _let_go(self, path: Path) -> None:
        source = path.parent.parent
        path.rename(source / "shipped" / path.name)
        kept = sorted((source / "shipped").glob("*.jsonl"))
        size = sum(p.stat().st_size for p in kept)
        for oldest in kept:
            if size <= self.keep_shipped_bytes:
                break
            size -= oldest.stat().st_size
            oldest.unlink()
        self.link.shipped[source.name] = self.link.shipped.get(source.name, 0) + 1
        self.link.confirmed_at = now()

    def _report(self) -> None:
        heartbeat = self.spool / "heartbeat.json"
        content = heartbeat.read_bytes() if heartbeat.exists() else b""
        if content and content != self._reported:
            self.uplink.report(self.collector, content)
            self._reported = content

    def _tell(self, state_before: str) -> None:
        with contextlib.suppress(OSError):
            segments.replace_file(self.spool / "link.json", json.dumps(asdict(self.link)).encode())
        if self.link.state != state_before:
            log.info("uplink", collector=self.collector, state=self.link.state, error=self.link.error)


def read_link(spool: Path) -> dict[str, Any]:
    """What the shipper last wrote about the uplink; empty when it never did."""
    try:
        return json.loads((spool / "link.json").read_bytes())
    except (OSError, ValueError):
        return {}
