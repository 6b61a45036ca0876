"""Join the packets into which a device splits a long message (PNUM packets, numbered PNO from 1)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from edge_collectors.protocols.hj212.packet import RULE, Groups, Packet
from edge_collectors.protocols.refused import Refused

Key = tuple[str, str | None, str]


@dataclass
class _Message:
    """Parts received so far of one message; `heard_at` is when the last of them came."""

    heard_at: float = 0.0
    parts: dict[int, Packet] = field(default_factory=dict)

    @property
    def in_order(self) -> list[Packet]:
        return [self.parts[number] for number in sorted(self.parts)]


class Assembler:
    """Waits for all parts of a message, in any order; each part is answered for itself.

    A caller who answers a part before its message is whole keeps the part: `parts()` are those still needed after a
    restart, to be handed to `add` again. They are what waits, and the latest messages that became whole, among which
    a part repeated after its answer was lost is known. Both together are bounded by `max_parts`: first whole messages
    are forgotten, then the one that has waited longest is given up. So is a message of which nothing has come for
    `timeout_s` (a device waits 10 s for an answer and repeats three times). What is given up comes out of `incomplete`.
    """

    def __init__(self, timeout_s: float = 60.0, max_parts: int = 2048, clock: Callable[[], float] = time.monotonic):
        self._timeout_s, self._max_parts, self._clock = timeout_s, max_parts, clock
        self._waiting: dict[Key, _Message] = {}
        self._whole: dict[Key, tuple[bytes, ...]] = {}
        self._given_up: list[Refused] = []

    def add(self, packet: Packet) -> Packet | None:
        """The whole message when `packet` is its last missing part, or not split at all; else None.

        Raises Refused (`assembly`) when the part contradicts those before it, which go on waiting.
        """
        if not packet.is_part:
            return packet
        key = (packet.mn, packet.qn, packet.cn)
        if key not in self._waiting and packet.raw in self._whole.get(key, ()):
            return None
        message = self._waiting.pop(key, _Message())
        self._waiting[key] = message  # behind all others: it has waited for the shortest time
        _check_fits(packet, message)
        message.parts[packet.pno or 1], message.heard_at = packet, self._clock()
        if len(message.parts) < (packet.pnum or 1):
            self._keep_bound()
            return None
        del self._waiting[key]
        whole = _joined(message.in_order)
        self._whole.pop(key, None)
        self._whole[key] = whole.frames
        self._keep_bound()
        return whole

    def incomplete(self) -> list[Refused]:
        """Messages given up since the last call, each a refusal with `raw` = the parts that did come."""
        now = self._clock()
        for key in [key for key, message in self._waiting.items() if now - message.heard_at >= self._timeout_s]:
            self._give_up(key, f"and no other for {self._timeout_s:g} s")
        given_up, self._given_up = self._given_up, []
        return given_up

    def parts(self) -> list[bytes]:
        """Frames that a restart needs: of the latest whole messages, and of those that wait."""
        whole = [frame for frames in self._whole.values() for frame in frames]
        return whole + [part.raw for message in self._waiting.values() for part in message.in_order]

    @property
    def waiting(self) -> int:
        """How many messages wait for further parts."""
        return len(self._waiting)

    def _keep_bound(self) -> None:
        waiting = sum(len(message.parts) for message in self._waiting.values())
        whole = sum(len(frames) for frames in self._whole.values())
        while self._whole and waiting + whole > self._max_parts:
            whole -= len(self._whole.pop(next(iter(self._whole))))
        while waiting > self._max_parts:
            oldest = next(iter(self._waiting))
            waiting -= len(self._waiting[oldest].parts)
            self._give_up(oldest, f"when more than {self._max_parts} parts of incomplete messages waited")

    def _give_up(self, key: Key, when: str) -> None:
        came = self._waiting.pop(key).in_order
        numbers = ", ".join(str(part.pno) for part in came)
        what = f"Of the {came[0].pnum} parts of message QN={came[0].qn} of device {came[0].mn} only {numbers} had come {when}"
        raw = b"\r\n".join(part.raw for part in came)
        self._given_up.append(Refused("assembly", what, f"{RULE}, PNUM and PNO", "let the device send it again", raw))


def _check_fits(packet: Packet, message: _Message) -> None:
    time = packet.value("DataTime")
    for number, part in message.parts.items():
        contradiction = None
        if part.pnum != packet.pnum:
            contradiction = f"says PNUM={packet.pnum} where part {number} said {part.pnum}"
        elif number == packet.pno and part.cp != packet.cp:
            contradiction = "differs from the same part received before"
        elif time and part.value("DataTime") not in (None, time):
            contradiction = f"says DataTime={time} where part {number} said {part.value('DataTime')}"
        if contradiction:
            what = f"Part PNO={packet.pno} of message QN={packet.qn} of device {packet.mn} {contradiction}"
            raise Refused("assembly", what, RULE, "let the device send the message again under a new QN")


def _joined(parts: list[Packet]) -> Packet:
    return replace(
        parts[0],
        cp=";".join(part.cp for part in parts if part.cp),
        groups=_joined_groups(parts),
        frames=tuple(frame for part in parts for frame in part.frames),
        pno=None,
        is_resent=any(part.is_resent for part in parts),
        is_encrypted=any(part.is_encrypted for part in parts),
    )


def _joined_groups(parts: list[Packet]) -> Groups:
    """All items in the order of the parts; a DataTime that a later part repeats is not an item of its own."""
    later = [group for part in parts[1:] for group in part.groups if group[0][0] != "DataTime"]
    return (*parts[0].groups, *later)
