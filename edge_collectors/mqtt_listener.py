"""NGSI payloads over MQTT 5 or 3.1.1, QoS 1: store, then confirm.

Two acknowledgements follow the fdatasync: the broker's PUBACK (so that a broker with persistence delivers again what
was not stored) and the confirmation on the publisher's own topic, which is the one that counts (`mqtt_topics`). The
broker's client runs in a thread of its own and hands messages over to the collector's event loop.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass

import paho.mqtt.client as mqtt
import structlog
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge_collectors import ngsi_intake
from edge_collectors.config import MqttConfig
from edge_collectors.group_commit import GroupCommit
from edge_collectors.protocols import mqtt_topics

_VERSIONS = {"5": mqtt.MQTTv5, "3.1.1": mqtt.MQTTv311}
_SESSION_SECONDS = 7 * 24 * 3600
_KEEPALIVE_SECONDS = 20
log = structlog.get_logger("mqtt")


@dataclass(frozen=True)
class _Arrived:
    """A message with what the broker needs to be told; packet ids mean something within one connection only."""

    message: ngsi_intake.Message
    packet_id: int
    qos: int
    connection: int


class MqttListener:
    """One subscription at one broker. While the spool has no room nothing is acknowledged, and the broker waits."""

    def __init__(self, config: MqttConfig, client_id: str, commits: dict[str, GroupCommit]):
        self.config, self.commits = config, commits
        self.broker = f"{config.host}:{config.port}"
        self.problem: str | None = f"No broker has answered at {self.broker} yet."
        self._connection = 0
        self._arrived: list[_Arrived] = []
        self._is_there = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._client = self._new_client(client_id)

    async def run(self) -> None:
        """Receive until cancelled; a broker that is away is tried again for ever."""
        self._connect()
        while True:
            await self._is_there.wait()
            self._is_there.clear()
            arrived, self._arrived = self._arrived, []
            await self._store(arrived)

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def state(self) -> dict[str, object]:
        """For the heartbeat."""
        return {"kind": "mqtt", "broker": self.broker, "problem": self.problem}

    def publish(self, topic: str, payload: bytes) -> None:
        """Retained, QoS 0: the latest heartbeat for whoever subscribes."""
        if self.problem is None:
            self._client.publish(topic, payload, qos=0, retain=True)

    async def _store(self, arrived: list[_Arrived]) -> None:
        taken = [self._take(one.message) for one in arrived]
        by_source: dict[str, list] = defaultdict(list)
        for one in taken:
            by_source[one.source] += one.records
        stored = [self.commits[source].submit(records) for source, records in by_source.items()]
        try:
            await asyncio.gather(*stored)
        except asyncio.CancelledError:
            if not all(future.done() for future in stored):
                raise
            return  # stopped before all was durable: nobody is answered
        self._confirm(arrived, taken)

    def _take(self, message: ngsi_intake.Message) -> ngsi_intake.Taken:
        return ngsi_intake.take(message, self.config.sources, self.config.max_payload_bytes)

    def _confirm(self, arrived: list[_Arrived], taken: list[ngsi_intake.Taken]) -> None:
        for one in arrived:
            if one.connection == self._connection:
                self._client.ack(one.packet_id, one.qos)
        confirmed: dict[str, list[str]] = defaultdict(list)
        for one in taken:
            if one.topic and one.message_id:
                confirmed[one.topic].append(one.message_id)
        for topic, message_ids in confirmed.items():
            self._client.publish(topic, mqtt_topics.confirmation(message_ids), qos=1)

    def _connect(self) -> None:
        session: dict[str, object] = {}
        if self.config.version == "5":
            properties = Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = _SESSION_SECONDS
            properties.ReceiveMaximum = self.config.receive_maximum
            session = {"clean_start": False, "properties": properties}
        self._client.connect_async(self.config.host, self.config.port, keepalive=_KEEPALIVE_SECONDS, **session)
        self._client.loop_start()

    def _new_client(self, client_id: str) -> mqtt.Client:
        version = _VERSIONS[self.config.version]
        session = {} if self.config.version == "5" else {"clean_session": False}
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=client_id, protocol=version, manual_ack=True, **session)
        if self.config.user:
            password = self.config.password_file.read_text("utf-8").strip() if self.config.password_file else None
            client.username_pw_set(self.config.user, password)
        if self.config.tls_ca_file:
            client.tls_set(ca_certs=str(self.config.tls_ca_file))
        client.reconnect_delay_set(min_delay=1, max_delay=10)
        client.on_connect, client.on_disconnect, client.on_message = self._on_connect, self._on_disconnect, self._on_message
        return client

    def _on_connect(self, client: mqtt.Client, _data, _flags, reason, _properties) -> None:
        if reason.is_failure:
            user = f"user {self.config.user}" if self.config.user else "a client without user"
            self._tell(f"The broker at {self.broker} refuses {user}: {reason}; mend mqtt.user and mqtt.password_file.")
            return
        self._connection += 1
        client.subscribe([(f"ngsi/{source}/#", 1) for source in self.config.sources])
        self._tell(None)

    def _on_disconnect(self, _client, _data, _flags, reason, _properties) -> None:
        if self.problem is None:
            self._tell(f"The broker at {self.broker} is lost: {reason}; the collector goes on trying.")

    def _tell(self, problem: str | None) -> None:
        if problem != self.problem:
            log.warning("broker", problem=problem) if problem else log.info("broker_connected", broker=self.broker)
        self.problem = problem

    def _on_message(self, _client, _data, received: mqtt.MQTTMessage) -> None:
        one = _Arrived(_message(received), received.mid, received.qos, self._connection)
        self._loop.call_soon_threadsafe(self._hand_over, one)

    def _hand_over(self, one: _Arrived) -> None:
        self._arrived.append(one)
        self._is_there.set()


def _message(received: mqtt.MQTTMessage) -> ngsi_intake.Message:
    properties = received.properties
    own = dict(getattr(properties, "UserProperty", ()) or ())
    return ngsi_intake.Message(
        topic=received.topic,
        payload=bytes(received.payload),
        content_type=getattr(properties, "ContentType", None),
        response_topic=getattr(properties, "ResponseTopic", None),
        message_id=own.get(mqtt_topics.MESSAGE_ID),
    )
