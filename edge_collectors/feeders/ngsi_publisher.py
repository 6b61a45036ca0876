"""A publisher over MQTT 5 or 3.1.1 that keeps every message until the collector has confirmed it durable."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge_collectors.feeders.ngsi_messages import Publication
from edge_collectors.feeders.publisher_log import PublisherLog
from edge_collectors.protocols import mqtt_topics

LARGEST_WINDOW = 50_000
_IDLE_SECONDS = 0.2
_PROTOCOLS = {"5": mqtt.MQTTv5, "3.1.1": mqtt.MQTTv311}


@dataclass
class _Waiting:
    """`packet_id`: of the last PUBLISH; paho sends it again by itself until the broker has it."""

    publication: Publication
    due: float = 0.0
    packet_id: int | None = None


class NgsiPublisher:
    """Publishes with QoS 1; the broker's acknowledgement does not count, only the collector's confirmation.

    `window`: messages under way at once (paho refuses about 65,000). `resend_after_s`: a message that is not
    confirmed by then is published again under the same id. `per_second`: an upper bound, None for none.
    """

    def __init__(
        self,
        host: str,
        port: int,
        client_id: str,
        log: PublisherLog,
        version: str = "5",
        window: int = 1000,
        resend_after_s: float = 10.0,
        per_second: float | None = None,
        login: tuple[str, str] | None = None,
    ):
        if not 1 <= window <= LARGEST_WINDOW:
            raise ValueError(f"The window is {window} messages and must be 1 to {LARGEST_WINDOW}; choose fewer.")
        self._topic = mqtt_topics.confirmation_topic(client_id)
        self._client_id, self._log, self._version, self._window = client_id, log, version, window
        self._resend_after_s, self._per_second = resend_after_s, per_second
        self._waiting: dict[str, _Waiting] = {}
        self._confirmed: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._at_broker: set[int] = set()
        self._is_ready = threading.Event()
        self._is_exhausted = False
        self._client = self._new_client(host, port, login)

    def run(self, publications: Iterable[Publication], stop: threading.Event | None = None) -> int:
        """Publish all messages that the log does not know as confirmed; the number confirmed in this run.

        Returns when all are confirmed, or soon after `stop` is set.
        """
        before, began, taken = len(self._log.confirmed), time.monotonic(), 0
        self._is_exhausted = False
        to_send = (p for p in publications if p.key not in self._log.confirmed)
        self._client.loop_start()
        try:
            while not (stop and stop.is_set()):
                taken += self._take(to_send, self._allowance(began, taken))
                if self._is_exhausted and not self._waiting:
                    break
                self._publish_due()
                self._collect_confirmations()
        finally:
            self._client.disconnect()
            self._client.loop_stop()
        return len(self._log.confirmed) - before

    def _allowance(self, began: float, taken: int) -> int:
        room = self._window - len(self._waiting)
        if self._per_second is None:
            return room
        return min(room, int((time.monotonic() - began) * self._per_second) - taken)

    def _take(self, to_send: Iterator[Publication], number: int) -> int:
        new = list(islice(to_send, max(number, 0)))
        self._is_exhausted = len(new) < number
        self._log.note_sent(publication.key for publication in new)
        self._waiting.update((publication.key, _Waiting(publication)) for publication in new)
        return len(new)

    def _publish_due(self) -> None:
        if not self._is_ready.is_set():
            return
        now = time.monotonic()
        for waiting in list(self._waiting.values()):
            if waiting.due <= now and (waiting.packet_id is None or waiting.packet_id in self._at_broker):
                self._at_broker.discard(waiting.packet_id or 0)
                waiting.packet_id = self._publish(waiting.publication)
                waiting.due = now + self._resend_after_s

    def _publish(self, publication: Publication) -> int:
        source, device, key = publication.source, publication.device, publication.key
        if self._version == "3.1.1":
            topic = mqtt_topics.data_topic_311(source, device, self._client_id, key)
            return self._client.publish(topic, publication.payload, qos=1).mid
        properties = Properties(PacketTypes.PUBLISH)
        properties.ResponseTopic = self._topic
        properties.ContentType = publication.content_type
        properties.UserProperty = (mqtt_topics.MESSAGE_ID, key)
        topic = mqtt_topics.data_topic(source, device)
        return self._client.publish(topic, publication.payload, qos=1, properties=properties).mid

    def _collect_confirmations(self) -> None:
        keys: list[str] = []
        try:
            keys += mqtt_topics.confirmed(self._confirmed.get(timeout=_IDLE_SECONDS))
            while True:
                keys += mqtt_topics.confirmed(self._confirmed.get_nowait())
        except queue.Empty:
            pass
        known = {key: self._waiting.pop(key) for key in dict.fromkeys(keys) if key in self._waiting}
        self._at_broker.difference_update(waiting.packet_id for waiting in known.values())
        self._log.note_confirmed(known)

    def _new_client(self, host: str, port: int, login: tuple[str, str] | None) -> mqtt.Client:
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=self._client_id, protocol=_PROTOCOLS[self._version])
        if login:
            client.username_pw_set(*login)
        client.max_inflight_messages_set(self._window)
        client.reconnect_delay_set(min_delay=1, max_delay=2)
        client.on_connect = lambda client, *_: client.subscribe(self._topic, qos=1)
        client.on_subscribe = lambda *_: self._is_ready.set()
        client.on_disconnect = lambda *_: self._is_ready.clear()
        client.on_publish = lambda _client, _userdata, packet_id, *_: self._at_broker.add(packet_id)
        client.on_message = lambda _client, _userdata, message: self._confirmed.put(message.payload)
        client.connect_async(host, port, keepalive=15)
        return client
