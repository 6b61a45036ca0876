"""HJ 212 over TCP: cut each connection's bytes into frames, store, answer when durable."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import structlog

from edge_collectors.config import TcpConfig
from edge_collectors.group_commit import GroupCommit
from edge_collectors.hj212_intake import Hj212Intake, Taken, read_device_keys
from edge_collectors.parts import PartsFile
from edge_collectors.protocols import hj212

_READ_BYTES = 64 * 1024
_SWEEP_SECONDS = 5.0
_LARGEST_PARTS_FILE = 8 << 20
log = structlog.get_logger("hj212")


class TcpListener:
    """One listening port. While the spool has no room a connection is not read on: the device feels it."""

    def __init__(self, config: TcpConfig, commit: GroupCommit):
        self.config, self.commit = config, commit
        keys = read_device_keys(config.device_keys_file)
        self.intake = Hj212Intake(config.source, config.zone, config.system_types, keys)
        place = commit.stream.folder / "parts" / f"{config.host}-{config.port}"
        self.parts = PartsFile(place, commit.stream.require_room)
        self._has_given_up = False
        self._connections: set[asyncio.Task] = set()
        self._server: asyncio.Server | None = None

    async def run(self) -> None:
        """Serve until cancelled. Raises OSError when the port cannot be had."""
        recovered = [self.intake.take(packet) for packet in self.parts.read()]
        self._server = await asyncio.start_server(self._serve, self.config.host, self.config.port)
        async with self._server:
            await self.commit.submit([record for one in recovered for record in one.records])
            while True:
                await asyncio.sleep(_SWEEP_SECONDS)
                await self._sweep()

    def stop(self) -> None:
        """Take no more connections and drop those that are open; what is not answered is sent again."""
        if self._server:
            self._server.close()
        for connection in self._connections:
            connection.cancel()

    def state(self) -> dict[str, object]:
        """For the heartbeat."""
        place = {"kind": "hj212", "address": f"{self.config.host}:{self.config.port}"}
        waiting = self.intake.assembler.waiting
        return {**place, "connections": len(self._connections), "commands": self.intake.commands, "incomplete": waiting}

    async def _sweep(self) -> None:
        """Messages that stay incomplete become dead letters; only then are their parts let go."""
        await self._store_incomplete()
        if self._has_given_up or self.parts.size > _LARGEST_PARTS_FILE:
            needed, self._has_given_up = self.intake.assembler.parts(), False
            await self.commit.submit((), lambda: self.parts.replace(needed))

    async def _store_incomplete(self) -> None:
        if given_up := self.intake.incomplete():
            await self.commit.submit(given_up)
            self._has_given_up = True

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= self.config.max_connections:
            log.warning("too_many_connections", limit=self.config.max_connections)
            writer.close()
            return
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            _keep_alive(writer)
            await self._converse(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # the device has gone, or the collector stops; nothing was answered that is not durable
        finally:
            self._connections.discard(task)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        rest = b""
        while received := await reader.read(_READ_BYTES):
            frames, rest = hj212.frames(rest + received)
            await self._take(frames, writer)
        if rest.strip():
            await self._take([rest], writer)

    async def _take(self, frames: list[bytes], writer: asyncio.StreamWriter) -> None:
        taken = [self.intake.take(frame) for frame in frames]
        await self._store(taken)
        answers = b"".join(one.answer for one in taken)
        if answers:
            writer.write(answers)
            await writer.drain()

    async def _store(self, taken: list[Taken]) -> None:
        records = [record for one in taken for record in one.records]
        parts = [one.part for one in taken if one.part]
        if parts:
            await self.commit.submit(records, lambda: self.parts.append(parts))
            await self._store_incomplete()
        elif records:
            await self.commit.submit(records)


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    """Notice devices that went away without closing."""
    connection = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
