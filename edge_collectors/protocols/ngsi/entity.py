"""Entities out of the shapes that NGSI brokers and devices send, with attributes in one form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edge_collectors.protocols.refused import Refused

RULE = "NGSI-v2 and NGSI-LD (ETSI GS CIM 009) entity"
TYPES = ("AirQualityObserved", "WeatherObserved")
_MEMBERS = ("id", "@id", "type", "@type", "@context")


@dataclass(frozen=True)
class Attribute:
    """One value of one attribute, whatever the form it was sent in."""

    name: str
    value: Any
    type: str | None = None
    unit: str | None = None
    observed_at: str | None = None


@dataclass(frozen=True)
class Entity:
    """`form` is key-values, normalized or feature; `is_linked` tells NGSI-LD from NGSI-v2."""

    id: str
    type: str
    form: str
    is_linked: bool
    attributes: tuple[Attribute, ...]

    def first(self, *names: str) -> Attribute | None:
        """The first of these attributes that the entity has."""
        return next((a for name in names for a in self.attributes if a.name == name), None)


def entity_objects(content: Any) -> list[Any]:
    """The entities inside a payload: itself, an array, a notification, a batch, a feature collection."""
    if isinstance(content, list):
        return content
    if not isinstance(content, dict):
        raise Refused("entity", "The payload is neither an object nor an array", RULE, "send an entity")
    for member, is_envelope in (
        ("data", content.get("type") == "Notification" or "subscriptionId" in content),
        ("entities", "actionType" in content),
        ("features", content.get("type") == "FeatureCollection"),
    ):
        if is_envelope and isinstance(content.get(member), list):
            return content[member]
    return [content]


def read_entity(found: Any, content_type: str | None) -> Entity:
    """Entity of one object; raises Refused (`entity`, `entity_type`)."""
    if not isinstance(found, dict):
        raise Refused("entity", f"{str(found)[:40]!r} stands where an entity must", RULE, "send an object")
    is_feature = found.get("type") == "Feature" and isinstance(found.get("properties"), dict)
    members = found["properties"] | {"id": found.get("id")} if is_feature else found
    if is_feature and "location" not in members and found.get("geometry"):
        members["location"] = found["geometry"]
    name = members.get("id") or members.get("@id")
    if not isinstance(name, str) or not name:
        raise Refused("entity", "The entity has no id", RULE, "send id and type with every entity")
    attributes = tuple(a for key, value in members.items() if key not in _MEMBERS for a in _read(key, value))
    is_normalized = any(isinstance(v, dict) and "value" in v for v in members.values())
    return Entity(
        id=name,
        type=_type(members),
        form="feature" if is_feature else "normalized" if is_normalized else "key-values",
        is_linked=_is_linked(members, name, content_type),
        attributes=attributes,
    )


def _is_linked(members: dict[str, Any], name: str, content_type: str | None) -> bool:
    is_declared = (content_type or "").partition(";")[0].strip().lower() == "application/ld+json"
    return is_declared or "@context" in members or name.startswith("urn:ngsi-ld:")


def _type(members: dict[str, Any]) -> str:
    sent = members.get("type") or members.get("@type")
    names = [str(n).replace("#", "/").rpartition("/")[2] for n in (sent if isinstance(sent, list) else [sent])]
    known = next((n for n in names if n in TYPES), None)
    if known is None:
        what = f"The entity's type {str(sent)[:80]!r} is none of {', '.join(TYPES)}"
        raise Refused("entity_type", what, "the collector's contracts", "send it when a contract for it exists")
    return known


def _read(name: str, sent: Any) -> list[Attribute]:
    """Attributes of one member: NGSI-LD may give several values of one name as an array."""
    if isinstance(sent, list) and sent and all(isinstance(v, dict) and "value" in v for v in sent):
        return [_read_one(name, value) for value in sent]
    return [_read_one(name, sent)]


def _read_one(name: str, sent: Any) -> Attribute:
    if not isinstance(sent, dict) or not ({"value", "object"} & sent.keys()):
        return Attribute(name, _plain(sent))
    metadata = sent.get("metadata") if isinstance(sent.get("metadata"), dict) else {}
    return Attribute(
        name,
        _plain(sent["value"] if "value" in sent else sent["object"]),
        _text(sent.get("type")),
        _text(sent.get("unitCode") or _metadatum(metadata, "unitCode") or _metadatum(metadata, "unit")),
        _text(sent.get("observedAt") or _metadatum(metadata, "TimeInstant")),
    )


def _metadatum(metadata: dict[str, Any], name: str) -> Any:
    found = metadata.get(name)
    return found.get("value") if isinstance(found, dict) else found


def _plain(value: Any) -> Any:
    """JSON-LD writes typed values as {"@type": ..., "@value": ...}; a GeoProperty holds a geometry."""
    return value["@value"] if isinstance(value, dict) and "@value" in value else value


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
