"""A device that speaks HJ 212 over TCP and keeps every message until the collector's 9014 answers it."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from edge_collectors.feeders.hj212_messages import DeviceMessage
from edge_collectors.feeders.publisher_log import PublisherLog
from edge_collectors.protocols.hj212 import Packet, Refused, decode, frames
from edge_collectors.protocols.hj212.reply import execution_result, request_answer

DONE, READY, REJECTED = 1, 1, 2
_IDLE_SECONDS = 0.2


@dataclass
class _Waiting:
    """A message under way: its packets go out one after the other, each when the one before has been answered."""

    message: DeviceMessage
    answered: int = 0
    repeats: int = -1
    due: float = 0.0

    @property
    def is_split(self) -> bool:
        return len(self.message.packets) > 1


class Hj212Device:
    """Sends messages and repeats each, bytes and QN unchanged, until it is answered.

    `over_time_s`: wait for an answer; `re_count`: repeats before the connection is given up and made anew.
    The defaults are those of HJ 212-2017; the host may change both by command 1000. `window`: messages under
    way at once; the standard's exchange is one after the other. 9014 does not say which part of a split message it
    answers, so a part is repeated over a new connection only, where no late answer can be taken for another's.
    """

    def __init__(
        self,
        host: str,
        port: int,
        log: PublisherLog,
        over_time_s: float = 10.0,
        re_count: int = 3,
        window: int = 1,
    ):
        self.over_time_s, self.re_count = over_time_s, re_count
        self._address, self._log, self._window = (host, port), log, window
        self._waiting: dict[tuple[str, str | None], _Waiting] = {}
        self._connection: socket.socket | None = None
        self._rest = b""

    def run(self, messages: Iterable[DeviceMessage], stop: threading.Event | None = None) -> int:
        """Send all messages that the log does not know as confirmed; the number confirmed in this run.

        Returns when all are confirmed, or soon after `stop` is set.
        """
        before = len(self._log.confirmed)
        to_send = (message for message in messages if message.key not in self._log.confirmed)
        while not (stop and stop.is_set()):
            self._take(to_send)
            if not self._waiting:
                break
            try:
                self._exchange(self._connection or self._connect())
            except OSError:
                self._disconnect()
                time.sleep(_IDLE_SECONDS)
        self._disconnect()
        return len(self._log.confirmed) - before

    def _take(self, to_send: Iterator[DeviceMessage]) -> None:
        new = []
        while len(self._waiting) < self._window and (message := next(to_send, None)):
            self._waiting[message.mn, message.qn] = _Waiting(message)
            new.append(message.key)
        self._log.note_sent(new)

    def _connect(self) -> socket.socket:
        self._connection = socket.create_connection(self._address, timeout=self.over_time_s)
        self._rest = b""
        for waiting in self._waiting.values():
            waiting.repeats, waiting.due = -1, 0.0
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _exchange(self, connection: socket.socket) -> None:
        """Send what is due, then read what has come."""
        now = time.monotonic()
        for waiting in [w for w in self._waiting.values() if w.due <= now]:
            if waiting.repeats >= (0 if waiting.is_split else self.re_count):
                raise ConnectionError("no answer to the last repeat")
            waiting.repeats, waiting.due = waiting.repeats + 1, now + self.over_time_s
            connection.sendall(waiting.message.packets[waiting.answered])
        self._read(connection, min(w.due for w in self._waiting.values()) - now)

    def _read(self, connection: socket.socket, seconds: float) -> None:
        readable, _, _ = select.select([connection], [], [], min(max(seconds, 0.0), _IDLE_SECONDS))
        if not readable:
            return
        received = connection.recv(65536)
        if not received:
            raise ConnectionError("closed by the collector")
        cut, self._rest = frames(self._rest + received)
        answered = []
        for frame in cut:
            try:
                packet = decode(frame)
            except Refused:
                continue
            if packet.cn == "9014" and (waiting := self._waiting.get((packet.mn, packet.qn))):
                answered += self._note_answer(waiting)
            elif packet.cn[0] in "123":
                connection.sendall(self._obey(packet))
        self._log.note_confirmed(answered)

    def _note_answer(self, waiting: _Waiting) -> list[str]:
        """The key of the message when its last packet is answered; else its next packet is due."""
        waiting.answered, waiting.repeats, waiting.due = waiting.answered + 1, -1, 0.0
        if waiting.answered < len(waiting.message.packets):
            return []
        del self._waiting[waiting.message.mn, waiting.message.qn]
        return [waiting.message.key]

    def _obey(self, command: Packet) -> bytes:
        """Answers to a command of the host: 1000 sets the wait and the repeats, all others are rejected."""
        over_time, re_count = command.value("OverTime") or "", command.value("ReCount") or ""
        if command.cn != "1000" or not (over_time.isdecimal() and re_count.isdecimal()):
            return request_answer(command, REJECTED)
        self.over_time_s, self.re_count = float(over_time), int(re_count)
        return request_answer(command, READY) + execution_result(command, DONE)
