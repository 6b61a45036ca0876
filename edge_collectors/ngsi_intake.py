"""One MQTT message -> the records to be stored and where their confirmation goes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from edge_collectors.envelope import Record, accepted, now, refused, without_contract
from edge_collectors.protocols import mqtt_topics, ngsi

_KEPT_OF_OVERLONG = 64 * 1024


@dataclass(frozen=True)
class Message:
    """What is used of a received MQTT message; the last three come with MQTT 5 only."""

    topic: str
    payload: bytes
    content_type: str | None = None
    response_topic: str | None = None
    message_id: str | None = None


@dataclass(frozen=True)
class Taken:
    """Records for the stream of `source`; once they are durable `message_id` is confirmed on `topic`."""

    source: str
    records: tuple[Record, ...]
    topic: str | None = None
    message_id: str | None = None


def take(message: Message, sources: Sequence[str], max_payload_bytes: int) -> Taken:
    """Read a message. Never raises for what a publisher sends: what is refused is kept and confirmed as received."""
    received_at = now()
    try:
        address = mqtt_topics.address(message.topic, message.response_topic, message.message_id)
    except mqtt_topics.Refused as refusal:
        return Taken(sources[0], (refused(sources[0], message.payload, received_at, refusal.reason),))
    to = (address.confirmation_topic, address.message_id)
    if address.source not in sources:
        return Taken(sources[0], _without_contract(sources[0], address.source, message, received_at), *to)
    if len(message.payload) > max_payload_bytes:
        return Taken(address.source, (_overlong(address.source, message, received_at, max_payload_bytes),), *to)
    return Taken(address.source, _records(address.source, message, received_at), *to)


def _without_contract(source: str, named: str, message: Message, received_at: str) -> tuple[Record, ...]:
    """Kept in the stream of `source` with the source that the topic named, so that they can be released to it later."""
    reason = f"The topic names the source {named}, which this collector does not take."
    try:
        documents = ngsi.documents(message.payload, message.content_type)
    except ngsi.Refused:
        return (without_contract(source, message.topic, None, message.payload, received_at, reason),)
    marked = [{**document, "meta": {**document["meta"], "topic_source": named}} for document in documents]
    raws = [message.payload] + [b""] * (len(marked) - 1)
    return tuple(
        without_contract(source, f"{named}|{ngsi.idempotency_key(d)}", d, raw, received_at, reason)
        for d, raw in zip(marked, raws, strict=True)
    )


def _records(source: str, message: Message, received_at: str) -> tuple[Record, ...]:
    """One record per entity; the message's bytes stay with the first one only."""
    try:
        documents = ngsi.documents(message.payload, message.content_type)
    except ngsi.Refused as refusal:
        return (refused(source, message.payload, received_at, refusal.reason),)
    raws = [message.payload] + [b""] * (len(documents) - 1)
    return tuple(_record(source, doc, raw, received_at) for doc, raw in zip(documents, raws, strict=True))


def _record(source: str, document: dict, raw: bytes, received_at: str) -> Record:
    reason = document["meta"].get("refused")
    key = ngsi.idempotency_key(document)
    if reason is None:
        return accepted(source, key, document, raw, received_at)
    return refused(source, raw, received_at, reason, key, document)


def _overlong(source: str, message: Message, received_at: str, limit: int) -> Record:
    size, sha256 = len(message.payload), hashlib.sha256(message.payload).hexdigest()
    reason = (
        f"The payload has {size} bytes (SHA-256 {sha256}) and must not have more than {limit} (mqtt.max_payload_bytes); "
        f"its first {_KEPT_OF_OVERLONG} bytes are kept. Publish fewer entities in one message."
    )
    return refused(source, message.payload[:_KEPT_OF_OVERLONG], received_at, reason, sha256)
