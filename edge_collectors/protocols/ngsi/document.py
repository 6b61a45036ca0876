"""A received NGSI message as payload documents, one per entity."""

from __future__ import annotations

import json
import re
from typing import Any

from edge_collectors.protocols.instant import utc_text
from edge_collectors.protocols.ngsi.entity import Entity, entity_objects, read_entity
from edge_collectors.protocols.ngsi.items import read_items
from edge_collectors.protocols.ngsi.json_text import read_json
from edge_collectors.protocols.ngsi.location import read_location
from edge_collectors.protocols.ngsi.observed import read_observed
from edge_collectors.protocols.refused import Refused

_URN = re.compile(r"^urn:ngsi-ld:[^:]+:")
_JSON_TYPES = ("application/json", "application/ld+json", "application/geo+json")


def documents(payload: bytes, content_type: str | None) -> list[dict]:
    """Payload documents of one message, in its order.

    A time without zone is UTC (NGSI-v2); `meta.zone_assumed` says where it was.
    A value that is no number is kept in `meta.refused_items` with its reason. An entity of a batch that
    cannot be read is a document without items whose `meta.refused` and `meta.refused_code` say why and whose
    `meta.entity` holds it as sent. Raises Refused when the message, or every entity in it, is unreadable.
    """
    _check_content_type(content_type)
    objects = entity_objects(read_json(payload))
    if not objects:
        raise Refused("empty", "The message holds no entity", "NGSI batch", "send at least one entity")
    answers = [_answer(found, content_type) for found in objects]
    if all(isinstance(answer, Refused) for answer in answers):
        raise answers[0]
    return [
        _unreadable(found, answer) if isinstance(answer, Refused) else answer
        for found, answer in zip(objects, answers, strict=True)
    ]


def idempotency_key(document: dict) -> str:
    """Text that is equal for a document and its repeats: entity id, type and time of observation as sent."""
    meta = document["meta"]
    return ",".join(str(meta.get(name) or "") for name in ("entity_id", "entity_type", "date_observed"))


def _check_content_type(content_type: str | None) -> None:
    name = (content_type or _JSON_TYPES[0]).partition(";")[0].strip().lower()
    if name not in _JSON_TYPES:
        what = f"The content type is {name[:80]!r}"
        raise Refused("content_type", what, f"read are {', '.join(_JSON_TYPES)}", "send JSON")


def _answer(found: Any, content_type: str | None) -> dict | Refused:
    try:
        return _document(read_entity(found, content_type))
    except Refused as refusal:
        return refusal


def _document(entity: Entity) -> dict:
    observed = read_observed(entity)
    items, refused_items, texts = read_items(entity.attributes)
    if not items and not refused_items:
        what = f"Entity {entity.id} holds no measured value"
        raise Refused("empty", what, f"Smart Data Models {entity.type}", "send at least one measurement")
    location, no_location = read_location(entity)
    device, device_from = _device(entity)
    reliability = entity.first("reliability")
    return {
        "protocol": "ngsi-ld" if entity.is_linked else "ngsi-v2",
        "device": device,
        "observed_at": utc_text(observed.start),
        "period": observed.period,
        "resent": False,
        "items": items,
        "location": location,
        "meta": {
            "entity_id": entity.id,
            "entity_type": entity.type,
            "form": entity.form,
            "device_from": device_from,
            "date_observed": observed.sent,
            "observed_until": utc_text(observed.end) if observed.end else None,
            "zone": "UTC" if observed.is_zone_assumed else None,
            "zone_assumed": observed.is_zone_assumed,
            "reliability": str(reliability.value) if reliability and reliability.value is not None else None,
            "refused_items": refused_items,
            "refused_location": no_location,
            "texts": texts,
        },
    }


def _device(entity: Entity) -> tuple[str, str]:
    """The device, else the place, else the entity: the id of an observation often holds its time.

    NGSI-LD names with URNs what NGSI-v2 names plainly: `urn:ngsi-ld:Device:x` and `x` are the same device.
    """
    for name in ("refDevice", "refPointOfInterest"):
        attribute = entity.first(name)
        value = attribute.value if attribute else None
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if isinstance(value, str) and value:
            return _plain_name(value), name
    return _plain_name(entity.id), "id"


def _plain_name(name: str) -> str:
    return _URN.sub("", name) or name


def _unreadable(found: Any, refusal: Refused) -> dict:
    return {
        "protocol": "ngsi-v2",
        "device": str(found.get("id") or "") if isinstance(found, dict) else "",
        "observed_at": None,
        "period": "unknown",
        "resent": False,
        "items": [],
        "location": None,
        "meta": {
            "refused": refusal.reason,
            "refused_code": refusal.code,
            "entity": json.dumps(found, ensure_ascii=False),
        },
    }
