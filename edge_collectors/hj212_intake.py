"""One HJ 212 frame -> what is to be stored, what is to be answered once that is durable, what is only logged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from edge_collectors.envelope import Record, accepted, now, refused, without_contract
from edge_collectors.protocols import hj212

_MN = re.compile(rb"MN=([0-9A-Za-z_]{1,32});")
log = structlog.get_logger("hj212")


@dataclass(frozen=True)
class Taken:
    """What a frame comes to: a record, or a part of one, and the answer that may go out when both are durable."""

    records: tuple[Record, ...] = ()
    answer: bytes = b""
    part: bytes = b""


class Hj212Intake:
    """Reads the frames of all connections of a listener; a split message may come over several of them.

    Readings of other system types than `system_types` are kept without contract. Commands and answers of devices
    go to the log. What is refused becomes a dead letter and, as the standard wants, gets no answer.
    """

    def __init__(self, source: str, zone: str, system_types: tuple[str, ...], device_keys: Mapping[str, bytes]):
        self.source, self.zone, self.system_types, self.device_keys = source, zone, system_types, device_keys
        self.commands = 0
        self.assembler = hj212.Assembler()

    def take(self, frame: bytes) -> Taken:
        """Never raises for what a device sends."""
        received_at = now()
        try:
            packet = hj212.decode(frame, self._key(frame))
            whole = self.assembler.add(packet)
            payload = hj212.document(whole, self.zone) if whole else None
        except hj212.Refused as refusal:
            return Taken((self._dead_letter(refusal, frame, received_at),))
        if whole and payload is None:
            self._log_command(whole)
        records = (self._record(whole, payload, received_at),) if whole and payload else ()
        return Taken(records, hj212.acknowledgement(packet) or b"", packet.raw if packet.is_part else b"")

    def incomplete(self) -> list[Record]:
        """Dead letters of split messages whose other parts never came."""
        return [self._dead_letter(refusal, b"", now()) for refusal in self.assembler.incomplete()]

    def _record(self, packet: hj212.Packet, payload: dict, received_at: str) -> Record:
        key = hj212.idempotency_key(packet)
        if packet.st in self.system_types:
            return accepted(self.source, key, payload, packet.raw, received_at)
        reason = f"No source of this collector takes readings of system type ST={packet.st} (device {packet.mn})."
        return without_contract(self.source, key, payload, packet.raw, received_at, reason)

    def _dead_letter(self, refusal: hj212.Refused, frame: bytes, received_at: str) -> Record:
        raw = frame if refusal.raw is None else refusal.raw
        return refused(self.source, raw, received_at, refusal.reason)

    def _key(self, frame: bytes) -> bytes | None:
        found = _MN.search(frame) if self.device_keys else None
        return self.device_keys.get(found[1].decode("ascii")) if found else None

    def _log_command(self, packet: hj212.Packet) -> None:
        self.commands += 1
        told = {"source": self.source, "device": packet.mn, "st": packet.st, "cn": packet.cn, "qn": packet.qn}
        log.info("command", **told, cp=packet.cp[:200], outcome=hj212.outcome(packet))


def read_device_keys(path: Path | None) -> dict[str, bytes]:
    """Lines `MN 32-hex-digits`; empty lines and those that begin with # are skipped. Raises ValueError by line."""
    keys: dict[str, bytes] = {}
    for number, line in enumerate(path.read_text("ascii").splitlines() if path else (), 1):
        fields = line.split()
        if not fields or line.startswith("#"):
            continue
        if len(fields) != 2 or not re.fullmatch(r"[0-9A-Fa-f]{32}", fields[1]):
            raise ValueError(f"{path}: line {number} is not `MN 32-hex-digits`, a device number and its SM4 key.")
        keys[fields[0]] = bytes.fromhex(fields[1])
    return keys
