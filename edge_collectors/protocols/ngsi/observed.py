"""When a value was observed: dateObserved as an instant or as "start/end", with or without a zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from edge_collectors.protocols.ngsi.entity import Entity
from edge_collectors.protocols.refused import Refused

RULE = "Smart Data Models dateObserved, ISO 8601"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d([.,]\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)?", re.ASCII)
_MEND = "send yyyy-MM-ddTHH:mm:ssZ, or two of them as start/end"
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Observed:
    """`start` and `end` in UTC; an instant has no end. `is_zone_assumed`: the text had no zone."""

    start: datetime
    end: datetime | None
    sent: str
    is_zone_assumed: bool

    @property
    def period(self) -> str:
        """rtd for an instant; minute, hour, day by the interval's length (a last second may be left out)."""
        if self.end is None:
            return "rtd"
        length = self.end - self.start
        if length in (timedelta(days=1), timedelta(days=1) - _SECOND):
            return "day"
        if length in (timedelta(hours=1), timedelta(hours=1) - _SECOND):
            return "hour"
        return "minute" if timedelta(minutes=1) - _SECOND <= length < timedelta(hours=1) - _SECOND else "unknown"


def read_observed(entity: Entity) -> Observed:
    """Time of an entity; a text without zone is UTC, as NGSI-v2 says. Raises Refused (`time`)."""
    sent = _sent(entity)
    start_text, slash, end_text = sent.partition("/")
    start, is_assumed = _moment(start_text)
    if not slash:
        return Observed(start, None, sent, is_assumed)
    own_zone = _TIME.fullmatch(start_text)
    end, _ = _moment(end_text + (own_zone[3] or "" if own_zone and not _has_zone(end_text) else ""))
    if end <= start:
        raise Refused("time", f"The interval {sent} does not end after its start", RULE, _MEND)
    return Observed(start, end, sent, is_assumed)


def _sent(entity: Entity) -> str:
    whole = entity.first("dateObserved")
    if whole is not None:
        return _string(whole.value, "dateObserved")
    start, end = entity.first("dateObservedFrom"), entity.first("dateObservedTo")
    if start is not None and end is not None:
        return f"{_string(start.value, 'dateObservedFrom')}/{_string(end.value, 'dateObservedTo')}"
    times = {attribute.observed_at for attribute in entity.attributes if attribute.observed_at}
    if len(times) == 1:
        return times.pop()
    what = f"Entity {entity.id} has neither dateObserved nor one observedAt for all its values"
    raise Refused("time", what, RULE, _MEND)


def _string(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise Refused("time", f"{name} reads {str(value)[:40]!r} and must be a text", RULE, _MEND)
    return value.strip()


def _has_zone(text: str) -> bool:
    found = _TIME.fullmatch(text)
    return bool(found and found[3])


def _moment(text: str) -> tuple[datetime, bool]:
    try:
        if not _TIME.fullmatch(text):
            raise ValueError
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused("time", f"The time {text[:60]!r} is no date and time", RULE, _MEND) from None
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC), True
    return moment.astimezone(UTC), False
