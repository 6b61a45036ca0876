"""Attributes as items: measured values as text, and what cannot be a value, each with its reason."""

from __future__ import annotations

import re
from typing import Any

from edge_collectors.protocols.ngsi.entity import Attribute
from edge_collectors.protocols.ngsi.json_text import Number

RULE = "Smart Data Models: a measured value is a number"
_NUMERAL = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_LONGEST = 64
NOT_MEASURED = frozenset(
    """dateObserved dateObservedFrom dateObservedTo dateCreated dateModified location address areaServed
    source dataProvider name alternateName description owner seeAlso refDevice refPointOfInterest
    refWeatherForecast refWeatherObserved typeofLocation typeOfLocation airQualityLevel weatherType
    stationCode stationName reliability""".split()
)


def read_items(attributes: tuple[Attribute, ...]) -> tuple[list[dict], list[dict], dict[str, str]]:
    """(items, refused items with their reason, describing texts) of an entity's attributes.

    Numbers, also numbers sent as text, are items; null is an item without value. A boolean and text in place
    of a number are refused. A text under a name that ends in `Level` or is known to describe is no measure.
    """
    items: list[dict] = []
    refused: list[dict] = []
    texts: dict[str, str] = {}
    for attribute in attributes:
        if _describes(attribute):
            if isinstance(attribute.value, str) and not attribute.name.startswith("dateObserved"):
                texts[attribute.name] = str(attribute.value)
            continue
        fault = _fault(attribute.value)
        item = {
            "code": attribute.name,
            "value": _as_sent(attribute.value),
            "unit": attribute.unit,
            "flag": None,
        }
        if attribute.observed_at:
            item["attribute_observed_at"] = attribute.observed_at
        if fault:
            refused.append(item | {"reason": f"{attribute.name} is {fault} ({RULE}); mend the publisher's message."})
        else:
            items.append(item)
    return items, refused, texts


def _describes(attribute: Attribute) -> bool:
    if attribute.name in NOT_MEASURED or attribute.type in ("Relationship", "GeoProperty"):
        return True
    return attribute.name.endswith("Level") and isinstance(attribute.value, str) and not _is_number(attribute.value)


def _fault(value: Any) -> str | None:
    if value is None or _is_number(value):
        return f"over {_LONGEST} characters long" if len(value or "") > _LONGEST else None
    if isinstance(value, bool):
        return f"the boolean {_as_sent(value)} and not a number"
    return f"{_as_sent(value)!r} and not a number"


def _is_number(value: Any) -> bool:
    return isinstance(value, Number) or (isinstance(value, str) and bool(_NUMERAL.fullmatch(value)))


def _as_sent(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip()[:200] if isinstance(value, str) else str(value)[:200]
