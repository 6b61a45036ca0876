"""Send published examples as they are: HJ 212 packets out of a text file, NGSI payloads out of a folder."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

from edge_collectors.feeders.ngsi_messages import AIR_QUALITY, WEATHER, Publication
from edge_collectors.protocols import ngsi

_SOURCES = {"AirQualityObserved": AIR_QUALITY, "WeatherObserved": WEATHER}
_CONTENT_TYPES = {".json": "application/json", ".jsonld": "application/ld+json"}


def send_packets(path: Path, host: str, port: int, timeout_s: float = 10.0) -> bytes:
    """Send a file of packets over one connection and close it; the collector's answers, which may be none.

    Damaged packets among them are sent as they are. Raises OSError when the collector is not there.
    """
    answers = b""
    with socket.create_connection((host, port), timeout=timeout_s) as connection:
        connection.sendall(path.read_bytes())
        connection.shutdown(socket.SHUT_WR)
        while received := connection.recv(65536):
            answers += received
    return answers


def file_publications(folder: Path) -> Iterator[Publication]:
    """One message per payload file below `folder`, in the order of their paths."""
    for path in sorted(p for p in folder.rglob("*") if p.suffix in _CONTENT_TYPES):
        payload, content_type = path.read_bytes(), _CONTENT_TYPES[path.suffix]
        found = ngsi.documents(payload, content_type)[0]
        source = _SOURCES[found["meta"]["entity_type"]]
        key = "-".join(path.relative_to(folder).parts)
        yield Publication(key, source, found["device"], payload, content_type)
