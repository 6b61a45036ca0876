"""NGSI entities as publishers send them, and what the protocol reads from them."""

import json

import pytest

from edge_collectors.protocols.ngsi import Refused, documents
from lakehouse.settings import CHECKOUT

SAMPLES = CHECKOUT / "samples" / "ngsi"


def sample(path: str) -> dict:
    (found,) = documents((SAMPLES / path).read_bytes(), None)
    return found


def entity(**members) -> dict:
    return {
        "id": "a1",
        "type": "AirQualityObserved",
        "dateObserved": "2026-03-01T08:00:00+08:00",
        "pm25": 35,
    } | members


def read(content, content_type=None) -> list[dict]:
    return documents(json.dumps(content, ensure_ascii=False).encode(), content_type)


def one(**members) -> dict:
    return read(entity(**members))[0]


def values(document: dict) -> dict[str, str]:
    return {item["code"]: item["value"] for item in document["items"]}


def refusal(content, content_type=None) -> Refused:
    payload = content if isinstance(content, bytes) else json.dumps(content).encode()
    with pytest.raises(Refused) as caught:
        documents(payload, content_type)
    assert caught.value.reason.endswith(".")
    return caught.value
