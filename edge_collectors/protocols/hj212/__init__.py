"""HJ 212, the transmission of pollutant monitoring data, editions of 2005, 2017 and 2025: bytes and packets.

    frames(buffer) -> decode(frame) -> Assembler.add(packet)
    -> document(packet, zone), idempotency_key(packet), and once durable acknowledgement(packet)

What the standard does not allow is refused with a reason (`Refused`) and never guessed at.
"""

from edge_collectors.protocols.hj212.assemble import Assembler
from edge_collectors.protocols.hj212.crc import crc
from edge_collectors.protocols.hj212.decode import decode
from edge_collectors.protocols.hj212.document import document, idempotency_key
from edge_collectors.protocols.hj212.encode import encode, encode_split
from edge_collectors.protocols.hj212.frame import MAX_FRAME, frames
from edge_collectors.protocols.hj212.packet import Packet
from edge_collectors.protocols.hj212.reply import acknowledgement, outcome
from edge_collectors.protocols.refused import Refused

__all__ = [
    "MAX_FRAME",
    "Assembler",
    "Packet",
    "Refused",
    "acknowledgement",
    "crc",
    "decode",
    "document",
    "encode",
    "encode_split",
    "frames",
    "idempotency_key",
    "outcome",
]
