"""The way of a sealed segment from the gateway to the lake's landing folder: by a shared folder or by HTTP.

`deliver` returns only when the other side holds the segment durably; delivering the same segment again is harmless.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Protocol

import httpx

from edge_collectors.config import FolderUplinkConfig, HttpUplinkConfig
from edge_collectors.segments import replace_file, sync_folder, verify
from lakehouse.settings import settings


class LinkDown(Exception):
    """The other side cannot be reached or cannot store now; what is to be sent is kept and tried again."""


class NotTaken(Exception):
    """The other side has refused this segment for good; the reason is for the operator."""


class Uplink(Protocol):
    """One way to the landing folder."""

    def deliver(self, segment: Path, collector: str, source: str) -> None:
        """Raises LinkDown, NotTaken or `segments.DamagedSegment`."""
        ...

    def report(self, collector: str, heartbeat: bytes) -> None:
        """Put the collector's heartbeat where the operations page reads it. Raises LinkDown."""
        ...


def uplink(config: FolderUplinkConfig | HttpUplinkConfig) -> Uplink:
    """The uplink that a configuration names."""
    return FolderUplink(config.landing or settings().landing) if isinstance(config, FolderUplinkConfig) else HttpUplink(config)


class FolderUplink:
    """Copies into a landing folder that the gateway can write: temporary name, fsync, rename."""

    def __init__(self, landing: Path):
        self.landing = landing

    def deliver(self, segment: Path, collector: str, source: str) -> None:
        sha256 = verify(segment)
        try:
            if not self._is_there(segment.name, collector, source, sha256):
                target = self._place(collector, source) / segment.name
                target.parent.mkdir(parents=True, exist_ok=True)
                replace_file(target, segment.read_bytes())
        except OSError as error:
            raise LinkDown(f"{self.landing}: {error.strerror or error}") from error

    def report(self, collector: str, heartbeat: bytes) -> None:
        try:
            (self.landing / "heartbeats").mkdir(parents=True, exist_ok=True)
            replace_file(self.landing / "heartbeats" / f"{collector}.json", heartbeat)
        except OSError as error:
            raise LinkDown(f"{self.landing}: {error.strerror or error}") from error

    def _place(self, collector: str, source: str) -> Path:
        return self.landing / "segments" / collector / source

    def _is_there(self, name: str, collector: str, source: str, sha256: str) -> bool:
        place = self._place(collector, source)
        for held in (place / name, place / "done" / name):
            if not held.exists():
                continue
            if hashlib.sha256(held.read_bytes()).hexdigest() == sha256:
                sync_folder(held.parent)
                return True
            raise NotTaken(other_content(collector, source, name))
        return False


class HttpUplink:
    """POSTs each segment to a receiver (`ingestion/streaming/receiver.py`) with its SHA-256 and the token."""

    def __init__(self, config: HttpUplinkConfig):
        token = config.token_file.read_text("utf-8").strip()
        self.url = config.url.rstrip("/")
        self.client = httpx.Client(timeout=config.timeout_seconds, headers={"Authorization": f"Bearer {token}"})

    def deliver(self, segment: Path, collector: str, source: str) -> None:
        sha256 = verify(segment)
        address = f"{self.url}/segments/{collector}/{source}/{int(segment.stem)}"
        answer = self._post(address, segment.read_bytes(), {"X-Content-SHA256": sha256})
        if answer.get("sha256") != sha256:
            raise LinkDown(f"{self.url}: the answer does not confirm the segment's SHA-256")

    def report(self, collector: str, heartbeat: bytes) -> None:
        self._post(f"{self.url}/heartbeats/{collector}", heartbeat, {})

    def _post(self, address: str, body: bytes, headers: dict[str, str]) -> dict:
        try:
            answer = self.client.post(address, content=body, headers=headers)
            told = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise LinkDown(f"{self.url}: {error or type(error).__name__}") from error
        if answer.is_success:
            return told
        reason = f"{self.url}: {answer.status_code} {told.get('detail', '')}"
        raise NotTaken(reason) if answer.status_code in (409, 413, 422) else LinkDown(reason)


def other_content(collector: str, source: str, name: str) -> str:
    """The sentence about a number that is taken."""
    return (
        f"{collector}/{source}: the lake holds another segment {int(Path(name).stem)}; a collector that has lost its "
        "spool must go on under a new collector id, because its numbers begin again at 1"
    )
