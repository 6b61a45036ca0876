"""Cut the byte stream of a connection into frames: one packet each, without its line end.

A frame is `##`, four digits of length, the data segment, four digits of CRC, CR LF (HJ 212-2017 6.3).
Nothing is thrown away here: what stands between two packets comes out as a frame of its own and is
refused with a reason by `decode`. Only line ends between frames are dropped.
"""

from __future__ import annotations

import re

MAX_SEGMENT = 1024
MAX_FRAME = 16 * 1024
_START = b"##"
_LINE_ENDS = b"\r\n"
_BOUNDARY = re.compile(rb"##\d{0,4}[A-Z][A-Za-z]=|[\r\n]")
_LONGEST_BOUNDARY = len("##0000QN=")
_SURE_END = re.compile(rb"&&[0-9A-Fa-f]{4}(?=[\r\n]|##)")
_SURE_START = re.compile(rb"##\d{3,4}[A-Z][A-Za-z]=")


def frames(buffer: bytes) -> tuple[list[bytes], bytes]:
    """Complete frames of `buffer` and the rest that waits for more bytes (at most MAX_FRAME of them).

    Call it with the rest and the newly received bytes joined. A missing CR LF is tolerated; a wrong length
    ends the frame where a closing `&&` with a CRC, or the next packet's start, shows the end to be. A line without any
    end is cut every MAX_FRAME bytes, so that a peer cannot fill the memory.
    """
    stream = _Stream(buffer)
    cut: list[bytes] = []
    at = stream.skip_line_ends(0)
    while at < len(buffer):
        end = stream.end_of_frame(at)
        if end is None:
            return cut, buffer[at:]
        cut.append(buffer[at:end])
        at = stream.skip_line_ends(end)
    return cut, b""


class _Stream:
    """A buffer whose marks are searched for once, so that the work grows with its length only."""

    def __init__(self, buffer: bytes):
        self._buffer = buffer
        self._found: dict[re.Pattern[bytes], re.Match[bytes] | None] = {}

    def skip_line_ends(self, at: int) -> int:
        while at < len(self._buffer) and self._buffer[at] in _LINE_ENDS:
            at += 1
        return at

    def end_of_frame(self, at: int) -> int | None:
        """Where the frame that starts at `at` ends; None when more bytes are needed to know."""
        if not self._buffer.startswith(_START, at):
            return self._boundary(at, at)
        declared = self._buffer[at + 2 : at + 6]
        if len(declared) == 4 and declared.isdigit():
            return self._end_by_length(at, at + 6 + int(declared) + 4)
        return self._boundary(at, at + 2) if len(declared) == 4 else None

    def _end_by_length(self, at: int, end: int) -> int | None:
        if end > len(self._buffer):
            return self._shown_end(at)
        if self._buffer[end - 6 : end - 4] == b"&&":
            return end
        return self._shown_end(at) or self._boundary(at, at + 2)

    def _shown_end(self, at: int) -> int | None:
        """End that the bytes themselves show where the length is wrong or the packet was cut off.

        The two patterns are so long that the cipher text of an encrypted packet does not hold them by chance.
        """
        closing, opening = self._next(_SURE_END, at + 2), self._next(_SURE_START, at + 2)
        if closing and not (opening and opening.start() < closing.end()):
            return closing.end()
        return self._before_line_ends(opening.start()) if opening else None

    def _before_line_ends(self, end: int) -> int:
        while self._buffer[end - 1] in _LINE_ENDS:
            end -= 1
        return end

    def _boundary(self, at: int, search_from: int) -> int | None:
        """The next start of a packet or line end; else the bound, when enough bytes have come to know of neither."""
        found = self._next(_BOUNDARY, search_from)
        if found and found.start() - at <= MAX_FRAME:
            return found.start()
        return at + MAX_FRAME if len(self._buffer) - at >= MAX_FRAME + _LONGEST_BOUNDARY else None

    def _next(self, mark: re.Pattern[bytes], start: int) -> re.Match[bytes] | None:
        found = self._found.get(mark)
        if mark not in self._found or (found and found.start() < start):
            self._found[mark] = found = mark.search(self._buffer, start)
        return found
