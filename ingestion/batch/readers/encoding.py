"""Bytes of a delivered file -> text, by the encoding that the source declares."""

from ingestion.batch.faults import Refused

WITH_MARK = {"utf-8": "utf-8-sig", "ascii": "utf-8-sig"}
"""A byte order mark at the start is no fault of a UTF-8 file; ASCII is what is left when nothing else is in it."""
UNDECLARED = ("utf-8", "gb18030")
"""GB 18030 holds GBK and GB 2312, what office programs here write when they do not write UTF-8."""


def decode(body: bytes, declared: str | None, name: str) -> str:
    """The text without a byte order mark. Raises Refused naming the first byte that does not fit."""
    for encoding in [declared] if declared else UNDECLARED:
        try:
            text = body.decode(WITH_MARK.get(encoding, encoding))
            text.encode("ascii" if encoding == "ascii" else "utf-8")
            return text
        except UnicodeDecodeError as error:
            at = error.start
        except UnicodeEncodeError as error:
            at = len(text[: error.start].encode("utf-8")) + (len(body) - len(text.encode("utf-8", "surrogatepass")))
    line = body.count(b"\n", 0, at) + 1
    raise Refused(
        f"{name}: byte {body[at]:#04x} in line {line} (offset {at}) is not {declared or ' or '.join(UNDECLARED)}, "
        "as the source declares; save the file in that encoding, or have the source mapping changed."
    )
