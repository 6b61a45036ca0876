"""Bytes of a delivered file -> text, by the encoding that the source declares."""

from codecs import BOM_UTF8

from ingestion.batch.faults import Refused

MARKED = (None, "utf-8", "ascii")
"""Encodings of files that may begin with UTF-8's byte order mark, as office programs write it."""
UNDECLARED = ("utf-8", "gb18030")
"""Tried in turn where none is declared; GB 18030 holds GBK and GB 2312."""


def decode(body: bytes, declared: str | None, name: str) -> str:
    """The text without a byte order mark. Raises Refused naming the first byte that does not fit."""
    start = len(BOM_UTF8) if declared in MARKED and body.startswith(BOM_UTF8) else 0
    wrong = 0
    for encoding in [declared] if declared else UNDECLARED:
        try:
            return body[start:].decode(encoding)
        except UnicodeDecodeError as error:
            wrong = start + error.start
    line = body.count(b"\n", 0, wrong) + 1
    said = declared or " or ".join(UNDECLARED)
    raise Refused(
        f"{name}: byte {body[wrong]:#04x} in line {line} (offset {wrong}) is not {said}, "
        "as the source declares; save the file in that encoding, or have the source mapping changed."
    )
