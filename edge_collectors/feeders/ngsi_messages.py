"""AirQualityObserved and WeatherObserved payloads from real readings; the same input gives the same bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from edge_collectors.feeders.prsa import POLLUTANTS, HourReading

AIR_QUALITY = "environment__air_quality__ngsi"
WEATHER = "environment__weather__ngsi"
_OFFSET = "+08:00"
_POINTS = "N NNE NE ENE E ESE SE SSE S SSW SW WSW W WNW NW NNW".split()
_WEATHER_NAMES = {
    "TEMP": ("temperature", "CEL"),
    "PRES": ("atmosphericPressure", "A97"),
    "DEWP": ("dewPoint", "CEL"),
    "RAIN": ("precipitation", "MMT"),
    "WSPM": ("windSpeed", "MTS"),
    "wd": ("windDirection", "DD"),
}


@dataclass(frozen=True)
class Publication:
    """One message for the broker; `key` is its message id."""

    key: str
    source: str
    device: str
    payload: bytes
    content_type: str = "application/ld+json"


def publications(readings: Iterable[HourReading], weather: bool = True, one_per_value: bool = False) -> Iterator[Publication]:
    """Messages of each hour in NGSI-LD; a missing value is sent as null.

    `weather`: also a WeatherObserved. `one_per_value`: a message of its own for every pollutant, as separate
    instruments send. Units by UN/CEFACT code: GQ (ug/m3), CO in GP (mg/m3).
    """
    for reading in readings:
        measures = {name: _air_quality(name, reading.values[name]) for name in POLLUTANTS}
        for name in POLLUTANTS if one_per_value else ("",):
            chosen = {name: measures[name]} if name else measures
            yield _publication(reading, AIR_QUALITY, "AirQualityObserved", name, dict(chosen.values()))
        if weather:
            values = dict(_weather(name, reading.values[name]) for name in _WEATHER_NAMES)
            yield _publication(reading, WEATHER, "WeatherObserved", "", values)


def _publication(reading: HourReading, source: str, kind: str, part: str, measures: dict) -> Publication:
    device = f"prsa-{reading.station.lower()}"
    key = "-".join(filter(None, (reading.station.lower(), f"{reading.start:%Y%m%d%H}", kind[:3].lower(), part)))
    entity = {
        "id": f"urn:ngsi-ld:{kind}:{key}",
        "type": kind,
        "dateObserved": {
            "type": "Property",
            "value": f"{reading.start.isoformat()}{_OFFSET}/{reading.end.isoformat()}{_OFFSET}",
        },
        "refDevice": {"type": "Relationship", "object": f"urn:ngsi-ld:Device:{device}"},
        **measures,
        "@context": ["https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld"],
    }
    return Publication(key, source, device, json.dumps(entity, separators=(",", ":")).encode())


def _air_quality(name: str, text: str | None) -> tuple[str, dict]:
    attribute = name.lower().replace(".", "")
    if name == "CO":
        return attribute, _property(None if text is None else f"{Decimal(text) / 1000}", "GP")
    return attribute, _property(text, "GQ")


def _weather(name: str, text: str | None) -> tuple[str, dict]:
    attribute, unit = _WEATHER_NAMES[name]
    if name == "wd" and text is not None:
        text = f"{_POINTS.index(text) * Decimal('22.5')}"
    return attribute, _property(text, unit)


def _property(text: str | None, unit: str) -> dict:
    return {"type": "Property", "value": None if text is None else json.loads(text), "unitCode": unit}
