"""Topics on which publishers and collector meet, and the end-to-end confirmation between them.

A broker's own acknowledgement only says that the broker has a message. A publisher therefore keeps every
message until the collector, having made it durable, names its message id on the publisher's own topic.

| | MQTT 5 | MQTT 3.1.1 (no properties) |
|---|---|---|
| data topic | `ngsi/{source}/{device}` | `ngsi/{source}/{device}/{client_id}/{message_id}` |
| message id | user property `message_id` | last level of the topic |
| where to confirm | response topic `ack/{client_id}` | `ack/{client_id}` |

The payload of a confirmation is one message id per line (UTF-8), so that one group commit of the
collector's spool answers many messages at once. A message without an id is taken and never confirmed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from edge_collectors.protocols.refused import Refused

MESSAGE_ID = "message_id"
_LEVEL = re.compile(r"[A-Za-z0-9._:~@-]{1,128}")


@dataclass(frozen=True)
class Address:
    """Where a message comes from and where its confirmation goes; the last two are None when not wanted."""

    source: str
    device: str
    client_id: str | None = None
    message_id: str | None = None

    @property
    def confirmation_topic(self) -> str | None:
        return confirmation_topic(self.client_id) if self.client_id and self.message_id else None


def data_topic(source: str, device: str) -> str:
    """Topic of an MQTT 5 publisher: `ngsi/{source}/{device}`."""
    return "/".join(("ngsi", _level(source, "source"), _level(device, "device")))


def data_topic_311(source: str, device: str, client_id: str, message_id: str) -> str:
    """Topic of an MQTT 3.1.1 publisher, which has no properties to carry the message id in."""
    tail = (_level(client_id, "client id"), _level(message_id, "message id"))
    return "/".join((data_topic(source, device), *tail))


def confirmation_topic(client_id: str) -> str:
    """`ack/{client_id}`, on which the collector names the messages that it has made durable."""
    return f"ack/{_level(client_id, 'client id')}"


def address(topic: str, response_topic: str | None = None, message_id: str | None = None) -> Address:
    """Read a received topic and, for MQTT 5, its response topic and its user property `message_id`.

    Raises Refused (`topic`) when the topic has another form or a level holds other characters.
    """
    levels = topic.split("/")
    if levels[0] != "ngsi" or len(levels) not in (3, 5):
        raise Refused(
            "topic",
            f"Topic {topic[:200]!r} has {len(levels)} levels",
            "MQTT 5: ngsi/source/device, MQTT 3.1.1: ngsi/source/device/client/message",
            "publish on one of these two forms",
        )
    source, device = _level(levels[1], "source"), _level(levels[2], "device")
    if len(levels) == 5:
        return Address(source, device, _level(levels[3], "client id"), _level(levels[4], "message id"))
    if not response_topic or not message_id:
        return Address(source, device)
    return Address(source, device, _client_of(response_topic), _level(message_id, "message id"))


def confirmation(message_ids: Iterable[str]) -> bytes:
    """Payload that confirms messages: one id per line."""
    return "\n".join(message_ids).encode()


def confirmed(payload: bytes) -> list[str]:
    """Message ids named by a confirmation's payload, in its order."""
    return payload.decode("utf-8", "replace").split()


def _client_of(response_topic: str) -> str:
    prefix, _, client_id = response_topic.partition("/")
    if prefix != "ack":
        raise Refused(
            "topic",
            f"Response topic {response_topic[:200]!r} is not of the form ack/client",
            "the collector publishes nowhere else, so that nobody can make it write on the topics of others",
            "name the publisher's own topic ack/client",
        )
    return _level(client_id, "client id")


def _level(text: str, what: str) -> str:
    if not _LEVEL.fullmatch(text):
        raise Refused(
            "topic",
            f"The {what} of a topic reads {text[:200]!r}",
            "1 to 128 letters, digits and . _ : ~ @ -; MQTT keeps / + # for itself",
            "rename it at the publisher",
        )
    return text
