"""Join the packets into which a device splits a long message (PNUM packets, numbered PNO from 1)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from edge_collectors.protocols.hj212.data_area import check_data_command
from edge_collectors.protocols.hj212.packet import DATA_PERIODS, RULE, SYSTEM_INTERACTION, Groups, Packet
from edge_collectors.protocols.refused import Refused

Key = tuple[str, str | None, str]
_REMEMBERED = 256


@dataclass
class _Message:
    """Parts received so far of one message."""

    began: float
    parts: dict[int, Packet] = field(default_factory=dict)

    @property
    def first(self) -> Packet:
        return next(iter(self.parts.values()))

    @property
    def size(self) -> int:
        return sum(len(part.raw) for part in self.parts.values())

    @property
    def raw(self) -> bytes:
        return b"\r\n".join(part.raw for part in self.parts.values())


class Assembler:
    """Waits for all parts of a message, in any order; a repeated part replaces itself.

    A part that waits here is in memory only: it is acknowledged with the whole message, once that is durable.
    A part of a message that is already whole, repeated because its answer was lost, gives the whole again.
    Messages that stay incomplete for `timeout_s`, or are pushed out when more than `max_bytes` wait, come out
    of `incomplete()` with all their bytes.
    """

    def __init__(
        self,
        timeout_s: float = 60.0,
        max_bytes: int = 4 * 1024 * 1024,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self._clock = clock
        self._waiting: dict[Key, _Message] = {}
        self._size = 0
        self._given_up: list[Refused] = []
        self._whole: dict[Key, Packet] = {}

    def add(self, packet: Packet) -> Packet | None:
        """The whole message when `packet` completes it (or is not split), else None.

        Raises Refused (`assembly`) when the part contradicts those before it; its `raw` holds all of them.
        """
        if not packet.is_part:
            return packet
        key = (packet.mn, packet.qn, packet.cn)
        if key in self._whole and packet.raw in self._whole[key].frames:
            return self._whole[key]
        message = self._waiting.pop(key, None) or _Message(self._clock())
        self._size -= message.size
        _check_fits(packet, message)
        message.parts[packet.pno or 1] = packet
        if len(message.parts) == packet.pnum:
            return self._remember(key, _joined(message))
        self._waiting[key] = message
        self._size += message.size
        self._push_out()
        return None

    def incomplete(self) -> list[Refused]:
        """Messages given up since the last call, each a refusal with `raw` = the parts that did come."""
        now = self._clock()
        for key in [k for k, m in self._waiting.items() if now - m.began >= self._timeout_s]:
            self._give_up(key, f"after {self._timeout_s:g} s")
        given_up, self._given_up = self._given_up, []
        return given_up

    def _remember(self, key: Key, whole: Packet) -> Packet:
        self._whole.pop(key, None)
        self._whole[key] = whole
        if len(self._whole) > _REMEMBERED:
            del self._whole[next(iter(self._whole))]
        return whole

    def _push_out(self) -> None:
        while self._size > self._max_bytes:
            oldest = min(self._waiting, key=lambda key: self._waiting[key].began)
            self._give_up(oldest, f"when more than {self._max_bytes} bytes of incomplete messages waited")

    def _give_up(self, key: Key, when: str) -> None:
        message = self._waiting.pop(key)
        self._size -= message.size
        first, came = message.first, sorted(message.parts)
        what = (
            f"Only the parts {', '.join(map(str, came))} of PNUM={first.pnum} of message QN={first.qn} "
            f"of device {first.mn} had come {when}"
        )
        self._given_up.append(Refused("assembly", what, RULE, "let the device send it again", message.raw))


def _check_fits(packet: Packet, message: _Message) -> None:
    for number, part in message.parts.items():
        contradiction = None
        if part.pnum != packet.pnum:
            contradiction = f"says PNUM={packet.pnum} where part {number} said {part.pnum}"
        elif number == packet.pno and part.cp != packet.cp:
            contradiction = "differs from the same part received before"
        if contradiction:
            raw = message.raw + b"\r\n" + packet.raw
            raise Refused(
                "assembly",
                f"Part PNO={packet.pno} of message QN={packet.qn} of device {packet.mn} {contradiction}",
                RULE,
                "let the device send the message again under a new QN",
                raw,
            )


def _joined(message: _Message) -> Packet:
    parts = [message.parts[number] for number in sorted(message.parts)]
    first = parts[0]
    whole = replace(
        first,
        cp=";".join(part.cp for part in parts if part.cp),
        groups=_joined_groups(parts),
        frames=tuple(frame for part in parts for frame in part.frames),
        pno=None,
        is_resent=any(part.is_resent for part in parts),
        is_encrypted=any(part.is_encrypted for part in parts),
    )
    try:
        if whole.cn in DATA_PERIODS and whole.st != SYSTEM_INTERACTION:
            check_data_command(whole.groups, is_later_part=False)
    except Refused as refusal:
        refusal.raw = whole.raw
        raise
    return whole


def _joined_groups(parts: list[Packet]) -> Groups:
    """All items in the order of the parts; a DataTime that a later part repeats is not an item of its own."""
    groups = list(parts[0].groups)
    for part in parts[1:]:
        groups += [group for group in part.groups if group[0][0] != "DataTime" or group not in groups]
    return tuple(groups)
