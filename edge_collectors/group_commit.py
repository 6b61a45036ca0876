"""Group commit: what many senders hand over while the disk is busy becomes durable with one fdatasync."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from edge_collectors.envelope import Record
from edge_collectors.spool import SpoolFull
from edge_collectors.stream import Stream

LARGEST_BATCH = 2000
LARGEST_BATCH_BYTES = 4 << 20
_RETRY_SECONDS = 0.2
log = structlog.get_logger("spool")


@dataclass(frozen=True)
class _Submission:
    records: Sequence[Record]
    before: Callable[[], None] | None
    durable: asyncio.Future[list[bool]]


class GroupCommit:
    """The one writer of a stream. Senders await `submit`; `run` writes, seals, and retries while there is no room."""

    def __init__(self, stream: Stream, seal_bytes: int, seal_seconds: float):
        self.stream, self.seal_bytes, self.seal_seconds = stream, seal_bytes, seal_seconds
        self.problem: str | None = None
        self._waiting: list[_Submission] = []
        self._arrived = asyncio.Event()
        self._stopping = False

    def submit(self, records: Sequence[Record], before: Callable[[], None] | None = None) -> asyncio.Future[list[bool]]:
        """A future that is done when all the records are durable: True per new record, False per duplicate.

        `before` is done once, after all earlier submissions and before these records. The future is cancelled when
        the collector stops before that; then nobody may be answered.
        """
        durable: asyncio.Future[list[bool]] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Submission(records, before, durable))
        self._arrived.set()
        return durable

    async def run(self) -> None:
        """Write until stopped, then write what still waits and seal."""
        while not self._stopping or self._waiting:
            await self._wait()
            if self._waiting:
                await self._write(self._next_group())
            if self._is_seal_due():
                await self._durably(self.stream.seal)
        await self._durably(self.stream.seal)

    def stop(self) -> None:
        self._stopping = True
        self._arrived.set()

    async def _wait(self) -> None:
        opened = self.stream.opened_at
        rest = None if opened is None else max(opened + self.seal_seconds - time.monotonic(), 0)
        if not self._waiting and not self._stopping:
            self._arrived.clear()
            try:
                await asyncio.wait_for(self._arrived.wait(), rest)
            except TimeoutError:
                pass

    def _next_group(self) -> list[_Submission]:
        """What is written at once; only the first of a group may have something to be done before."""
        number, size, taken = 0, 0, 0
        while taken < len(self._waiting) and number < LARGEST_BATCH and size < LARGEST_BATCH_BYTES:
            submission = self._waiting[taken]
            if taken and submission.before:
                break
            number += len(submission.records)
            size += sum(len(record.raw) for record in submission.records)
            taken += 1
        group, self._waiting = self._waiting[:taken], self._waiting[taken:]
        return group

    async def _write(self, group: list[_Submission]) -> None:
        records = [record for submission in group for record in submission.records]
        outcomes = await self._store(group[0].before, records)
        at = 0
        for submission in group:
            number = len(submission.records)
            if submission.durable.done():
                pass  # its sender has gone
            elif outcomes is None:
                submission.durable.cancel()
            else:
                submission.durable.set_result(outcomes[at : at + number])
            at += number

    async def _store(self, before: Callable[[], None] | None, records: list[Record]) -> list[bool] | None:
        if before and not await self._durably(lambda: [before()]):
            return None
        return await self._durably(lambda: self.stream.write(records))

    async def _durably(self, action):
        """Do it; while the spool or the disk has no room, try again. None when stopped before it could be done."""
        while True:
            try:
                done = await asyncio.to_thread(action)
            except SpoolFull as full:
                self._tell(str(full))
            except OSError as error:
                self._tell(f"{self.stream.folder}: {error.strerror or error}; nothing is confirmed until it can be written.")
            else:
                self._tell(None)
                return done
            if self._stopping:
                return None
            await asyncio.sleep(_RETRY_SECONDS)

    def _is_seal_due(self) -> bool:
        stream = self.stream
        if not stream.content.record_ids or stream.opened_at is None:
            return False
        return stream.open_bytes >= self.seal_bytes or time.monotonic() - stream.opened_at >= self.seal_seconds

    def _tell(self, problem: str | None) -> None:
        if (problem is None) != (self.problem is None):
            log.warning("back_pressure" if problem else "room_again", stream=self.stream.origin.stream, problem=problem)
        self.problem = problem
