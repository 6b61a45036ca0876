"""Parts of split HJ 212 messages on the disk, so that each can be answered before its message is whole.

The file holds packets as they came, each with CR LF. It is read once, when the collector starts; a packet torn by a
crash at its end was never answered. It is written anew without what is no longer needed (`Assembler.parts`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from edge_collectors.protocols import hj212
from edge_collectors.segments import append, replace_file, sync_folder

_LINE_END = b"\r\n"


class PartsFile:
    """The parts of one listener. Used by one thread at a time; writing raises OSError when the disk refuses.

    `require_room(bytes)` is asked before a part is kept and raises when the spool's bound is reached.
    """

    def __init__(self, path: Path, require_room: Callable[[int], None]):
        self.path, self._require_room = path, require_room
        path.parent.mkdir(exist_ok=True)
        path.touch(0o640)
        sync_folder(path.parent)
        self.size = len(_joined(self.read()))

    def read(self) -> list[bytes]:
        """The packets, without a torn one at the end."""
        return hj212.frames(self.path.read_bytes())[0]

    def append(self, packets: Sequence[bytes]) -> None:
        """Make packets durable."""
        added = _joined(packets)
        self._require_room(len(added))
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        try:
            append(file, self.size, added)
        finally:
            os.close(file)
        self.size += len(added)

    def replace(self, packets: Sequence[bytes]) -> None:
        """Keep these packets only."""
        content = _joined(packets)
        replace_file(self.path, content)
        self.size = len(content)

    def adopt(self, other: Path) -> None:
        """Take over the file of a listener that is no more."""
        self.replace(self.read() + hj212.frames(other.read_bytes())[0])
        other.unlink()
        sync_folder(other.parent)


def _joined(packets: Sequence[bytes]) -> bytes:
    return b"".join(packet + _LINE_END for packet in packets)
