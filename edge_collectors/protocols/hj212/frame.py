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
_NEXT = re.compile(rb"##|[\r\n]")
_SURE_END = re.compile(rb"&&[0-9A-Fa-f]{4}(?=[\r\n]|##)")
_SURE_START = re.compile(rb"##\d{3,4}[A-Z][A-Za-z]=")


def frames(buffer: bytes) -> tuple[list[bytes], bytes]:
    """Complete frames of `buffer` and the rest that waits for more bytes (at most MAX_FRAME of them).

    Call it with the rest and the newly received bytes joined. A missing CR LF is tolerated; a wrong length
    ends the frame where a closing `&&` with a CRC, or the next `##`, shows the end to be. A line without any
    end is cut every MAX_FRAME bytes, so that a peer cannot fill the memory.
    """
    cut: list[bytes] = []
    at = _skip_line_ends(buffer, 0)
    while at < len(buffer):
        end = _end(buffer, at)
        if end is None:
            return cut, buffer[at:]
        cut.append(buffer[at:end])
        at = _skip_line_ends(buffer, end)
    return cut, b""


def _skip_line_ends(buffer: bytes, at: int) -> int:
    while at < len(buffer) and buffer[at] in b"\r\n":
        at += 1
    return at


def _end(buffer: bytes, at: int) -> int | None:
    """Where the frame that starts at `at` ends; None when more bytes are needed to know."""
    if not buffer.startswith(_START, at):
        return _next_boundary(buffer, at)
    if len(buffer) < at + 6:
        return None
    declared = buffer[at + 2 : at + 6]
    if not declared.isdigit():
        return _shown_end(buffer, at) or _next_boundary(buffer, at + 2, at)
    end = at + 6 + int(declared) + 4
    if end > len(buffer):
        return _shown_end(buffer, at)
    if buffer[end - 6 : end - 4] == b"&&":
        return end
    return _shown_end(buffer, at) or _next_boundary(buffer, at + 2, at)


def _shown_end(buffer: bytes, at: int) -> int | None:
    """End that the bytes themselves show, whatever the declared length says.

    The two patterns are so long that the cipher text of an encrypted packet does not hold them by chance.
    """
    closing = _SURE_END.search(buffer, at + 2)
    opening = _SURE_START.search(buffer, at + 2)
    ends = [m for m in (closing and closing.end(), opening and opening.start()) if m]
    return min(ends) if ends else None


def _next_boundary(buffer: bytes, search_from: int, at: int | None = None) -> int | None:
    """The next `##` or line end; else the bound, when that many bytes have come without either."""
    start = search_from if at is None else at
    found = _NEXT.search(buffer, search_from)
    if found and found.start() - start <= MAX_FRAME:
        return found.start()
    if len(buffer) - start < MAX_FRAME:
        return None
    bound = start + MAX_FRAME
    return bound - 1 if buffer[bound - 1 : bound + 1] == _START else bound
