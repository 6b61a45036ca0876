"""The collector process: listeners -> group commit -> spool -> shipper, and a heartbeat about all of it."""

from __future__ import annotations

import asyncio
import signal
import threading

import structlog

from edge_collectors import heartbeat
from edge_collectors.config import CollectorConfig
from edge_collectors.group_commit import GroupCommit
from edge_collectors.mqtt_listener import MqttListener
from edge_collectors.parts import PartsFile
from edge_collectors.shipper import Shipper
from edge_collectors.spool import Spool
from edge_collectors.stream import Origin
from edge_collectors.tcp_listener import TcpListener
from edge_collectors.uplink import uplink
from lakehouse.contracts import contracts

log = structlog.get_logger("collector")


class Collector:
    """One collector from its configuration; `run` returns after SIGTERM, SIGINT or `stop`.

    Raises SpoolInUse when another process has the spool, OSError when a port cannot be had.
    """

    def __init__(self, config: CollectorConfig):
        self.config = config
        self.spool = Spool(config.spool_folder, config.spool.max_bytes, config.spool.recent_records)
        self.commits = {source: self._commit(source) for source in config.sources}
        self.listeners: list[TcpListener | MqttListener] = []
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Collect until told to stop; then confirm what is durable, seal, say so and ship."""
        self.listeners = self._listeners()
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, self.stop)
        log.info("started", collector=self.config.collector, sources=self.config.sources)
        stop_shipping = threading.Event()
        try:
            async with asyncio.TaskGroup() as tasks:
                if self.config.ship == "inside":
                    tasks.create_task(asyncio.to_thread(shipper_of(self.config).run, stop_shipping))
                await self._collect(tasks)
                stop_shipping.set()
        finally:
            stop_shipping.set()
            self.spool.close()
        log.info("stopped", collector=self.config.collector)

    def stop(self) -> None:
        self._stop.set()

    async def _collect(self, tasks: asyncio.TaskGroup) -> None:
        writers = [tasks.create_task(commit.run()) for commit in self.commits.values()]
        others = [tasks.create_task(listener.run()) for listener in self.listeners]
        others.append(tasks.create_task(self._beat()))
        await self._stop.wait()
        for listener in self.listeners:
            listener.stop()
        for task in others:
            task.cancel()
        for commit in self.commits.values():
            commit.stop()
        await asyncio.gather(*writers)
        heartbeat.write(self.spool, self._heartbeat(stopped=True))

    async def _beat(self) -> None:
        while True:
            body = await asyncio.to_thread(lambda: heartbeat.write(self.spool, self._heartbeat()))
            if topic := self.config.heartbeat.mqtt_topic:
                for listener in self.listeners:
                    if isinstance(listener, MqttListener):
                        listener.publish(topic, body)
            await asyncio.sleep(self.config.heartbeat.seconds)

    def _heartbeat(self, stopped: bool = False) -> dict:
        states = [listener.state() for listener in self.listeners]
        return heartbeat.heartbeat(self.config.collector, self.spool, list(self.commits.values()), states, stopped)

    def _commit(self, source: str) -> GroupCommit:
        known = contracts().sources[source]
        origin = Origin(
            collector=self.config.collector,
            source=source,
            contract_version=contracts()[known.feeds].version,
            data_origin=self.config.data_origin or known.origin,
        )
        return GroupCommit(self.spool.stream(origin), self.config.spool.seal_bytes, self.config.spool.seal_seconds)

    def _listeners(self) -> list[TcpListener | MqttListener]:
        tcp = [TcpListener(part, self.commits[part.source]) for part in self.config.hj212]
        _adopt_parts([listener.parts for listener in tcp])
        names = [f"{self.config.collector}-{number}" for number in range(1, len(self.config.mqtt) + 1)]
        mqtt = [MqttListener(part, name, self.commits) for part, name in zip(self.config.mqtt, names, strict=True)]
        return [*tcp, *mqtt]


def _adopt_parts(kept: list[PartsFile]) -> None:
    """Parts that a listener has answered which the configuration no longer names go to another of its source."""
    for parts in kept:
        for path in set(parts.path.parent.iterdir()) - {other.path for other in kept}:
            parts.adopt(path)


def shipper_of(config: CollectorConfig) -> Shipper:
    """The shipper that a configuration describes."""
    return Shipper(config.spool_folder, config.collector, uplink(config.uplink), config.spool.keep_shipped_bytes)
