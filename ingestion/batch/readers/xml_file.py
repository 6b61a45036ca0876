"""An XML document with one element a record -> rows of text; what expands (entities, document types) is refused."""

import io
import re
from collections.abc import Iterator
from functools import cache
from xml.etree.ElementTree import Element, ParseError, tostring
from xml.parsers.expat import errors

import pyarrow as pa
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from ingestion.batch.faults import Extract, Refused
from ingestion.batch.readers.encoding import decode
from ingestion.batch.readers.header import check_names
from lakehouse.contracts import Source

CUT_OFF = {errors.codes[said] for said in (errors.XML_ERROR_NO_ELEMENTS, errors.XML_ERROR_UNCLOSED_TOKEN)}
"""What the parser says where the text ends before the document does."""
DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")


def read(body: bytes, source: Source, name: str) -> Extract:
    """Rows (`_row_no` = number of the record, then a text column per attribute or element). Raises Refused."""
    text, notes = decode(body, source.format.encoding, name)
    document = DECLARATION.sub("", text, count=1).encode("utf-8")
    try:
        records = list(_records(document, source.format.records))
    except DefusedXmlException as error:
        raise Refused(f"{name}: it declares types or entities ({type(error).__name__}); send plain elements.") from error
    except ParseError as error:
        if error.code in CUT_OFF and document.lstrip().startswith(b"<"):
            raise Refused(f"{name}: the document is not closed at its end: cut off on its way; send it whole.") from error
        line, column = error.position
        raise Refused(f"{name}: not XML at line {line}, column {column}; mend the file and send it again.") from error
    names = list(dict.fromkeys(key for record in records for key in record))
    check_names(names, name)
    columns = {key: pa.array([record.get(key) for record in records], pa.string()) for key in names}
    return Extract(pa.table({"_row_no": pa.array(range(1, len(records) + 1), pa.int64()), **columns}), [], notes)


def _records(document: bytes, tag: str) -> Iterator[dict[str, str]]:
    """Attributes and values of each record, which is then emptied: the document is never whole in memory."""
    for _, element in iterparse(io.BytesIO(document), forbid_dtd=True):
        if _local(element.tag) == tag:
            yield dict(element.attrib) | {_local(child.tag): _text(child) for child in element}
            element.clear()


def _text(element: Element) -> str:
    """The text of a value; what has elements of its own stays XML."""
    return tostring(element, encoding="unicode").strip() if len(element) else element.text or ""


@cache
def _local(tag: str) -> str:
    """The name without its namespace."""
    return tag.rpartition("}")[2]
