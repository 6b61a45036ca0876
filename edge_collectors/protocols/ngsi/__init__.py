"""NGSI payloads of Smart Data Models' AirQualityObserved and WeatherObserved, as payload documents.

Read are NGSI-v2 (key-values, normalized), NGSI-LD (concise key-values, normalized), GeoJSON features, and
these inside arrays, notifications, feature collections and batch updates.
"""

from edge_collectors.protocols.ngsi.document import documents, idempotency_key
from edge_collectors.protocols.refused import Refused

__all__ = ["Refused", "documents", "idempotency_key"]
