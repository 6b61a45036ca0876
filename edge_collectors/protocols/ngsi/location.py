"""Where an entity was observed: longitude and latitude in degrees (WGS 84)."""

from __future__ import annotations

from typing import Any

from edge_collectors.protocols.ngsi.entity import Attribute, Entity

_RULE = "GeoJSON, RFC 7946 3.1.2: [longitude, latitude]; NGSI-v2 geo:point: 'latitude,longitude'"


def read_location(entity: Entity) -> tuple[list[float] | None, str | None]:
    """([lon, lat], None), or (None, why not); (None, None) when the entity states no location."""
    attribute = entity.first("location")
    if attribute is None or attribute.value is None:
        return None, None
    try:
        lon, lat = (float(number) for number in _pair(attribute))
    except (TypeError, ValueError):
        return None, f"The location is no point ({_RULE}); send a Point."
    if not (abs(lon) <= 180 and abs(lat) <= 90):
        return None, f"The location {lon:g}, {lat:g} lies outside the globe ({_RULE}); send degrees."
    return [lon, lat], None


def _pair(attribute: Attribute) -> tuple[Any, Any]:
    value = attribute.value
    if isinstance(value, str) and (attribute.type or "geo:point") == "geo:point":
        lat, lon = value.split(",")
        return lon, lat
    if isinstance(value, dict) and isinstance(value.get("value"), dict):
        value = value["value"]
    if not isinstance(value, dict) or value.get("type") != "Point":
        raise ValueError
    lon, lat = value["coordinates"][:2] if isinstance(value.get("coordinates"), list) else ()
    if isinstance(lon, bool) or isinstance(lat, bool):
        raise ValueError
    return lon, lat
