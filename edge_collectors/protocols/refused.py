"""The one answer to input that a protocol does not allow."""

from __future__ import annotations


class Refused(ValueError):
    """Bytes that a protocol does not allow; the caller keeps the bytes and the reason.

    `reason` is one sentence: what is wrong and where (field or offset), the rule, what to do about it.
    `code` is a short stable word for counting and for tests (`crc`, `length`, `flag`, ...).
    `raw` is set when more bytes are refused than were just handed over (earlier parts of a split message).
    """

    def __init__(self, code: str, what: str, rule: str, mend: str, raw: bytes | None = None):
        self.code = code
        self.reason = f"{what} ({rule}); {mend}."
        self.raw = raw
        super().__init__(self.reason)
