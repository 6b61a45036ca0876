"""Bytes of a delivered file -> text: in the encoding that the source declares, else in the one that it is found to have.

Chinese text in GBK never reads as UTF-8, but text in UTF-8 often reads as GBK, as characters that nobody writes. So UTF-8 with
characters of three bytes is UTF-8 whatever was declared, and what was not declared must look like written Chinese. A byte in ten
that is zero is half a letter or digit of UTF-16, which spreadsheets call Unicode text.
"""

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE

from ingestion.batch.faults import Refused

USUAL = ("utf-8", "gb18030")
"""Tried in turn; GB 18030 holds GBK and GB 2312."""
WIDE = ("utf-16", "utf-16-le", "utf-16-be", "utf-32")
SAMPLE = 100_000
"""Characters beyond ASCII that are looked at."""
WRITTEN = 0.8
"""Share of them that GB 2312 holds in Chinese text: rare characters of names are few. In misread UTF-8 it is a third."""


def decode(body: bytes, declared: str | None, name: str) -> tuple[str, list[str]]:
    """The text without a byte order mark, and remarks. Raises Refused naming the first byte that does not fit."""
    marked = declared not in WIDE and body.startswith(BOM_UTF8)
    bare = body[len(BOM_UTF8) :] if marked else body
    for encoding in _candidates(bare, "utf-8" if marked else declared):
        text = _read(bare, encoding)
        if text is not None and (encoding == declared or encoding == "utf-8" or _is_written(text)):
            return text, _remarks(declared, encoding, marked)
    raise Refused(_refusal(bare, declared, name, len(body) - len(bare)))


def _candidates(body: bytes, declared: str | None) -> list[str]:
    if declared not in WIDE and (body.startswith((BOM_UTF16_BE, BOM_UTF16_LE)) or body.count(b"\0") > len(body) / 10):
        return ["utf-16-be" if body[::2].count(0) > body[1::2].count(0) else "utf-16-le"]
    first = [declared] if declared else []
    if declared not in (None, "utf-8", *WIDE) and _is_utf8(body):
        first.insert(0, "utf-8")
    return list(dict.fromkeys([*first, *USUAL]))


def _is_utf8(body: bytes) -> bool:
    """Whether it reads as UTF-8 with a character of three bytes or more; two bytes may be one of GBK."""
    text = _read(body, "utf-8")
    return text is not None and not text.isascii() and max(text) >= "\u0800"


def _read(body: bytes, encoding: str) -> str | None:
    try:
        return body.decode(encoding).removeprefix("\ufeff").removesuffix("\x1a")  # the end of a file, as DOS wrote it
    except UnicodeDecodeError:
        return None


def _is_written(text: str) -> bool:
    foreign = [c for c in text if c > "\x7f"][:SAMPLE] if not text.isascii() else []
    known = "".join(foreign).encode("gb2312", errors="ignore").decode("gb2312")
    return len(known) >= WRITTEN * len(foreign)


def _remarks(declared: str | None, found: str, marked: bool) -> list[str]:
    if declared is None:
        return []
    told = ["The byte order mark before the text was left out."] if marked else []
    if found == declared or (marked and declared == "ascii"):
        return told
    return [f"The file is not {declared}, as agreed, but {found}; it was read so. Save it as {declared}.", *told]


def _refusal(body: bytes, declared: str | None, name: str, start: int) -> str:
    said = declared or " or ".join(USUAL)
    try:
        body.decode(declared or USUAL[-1])
        return f"{name}: the text is not {said} and reads as no Chinese in another encoding; save the file as {said}."
    except UnicodeDecodeError as error:
        wrong = error.start
    line = body.count(b"\n", 0, wrong) + 1
    return (
        f"{name}: byte {body[wrong]:#04x} in line {line} (offset {start + wrong}) is not {said}, "
        "as the source declares; save the file in that encoding, or have the source mapping changed."
    )
