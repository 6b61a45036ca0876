"""What every writer is given: headings with columns of text, and how this file is to look."""

from dataclasses import dataclass

import pyarrow as pa

from sample_city.extract import MARK, ORIGIN, Extract, constant


@dataclass(frozen=True)
class Sheet:
    """Columns of text in file order; the last says `synthetic`. `fields` are our names of them, `headings` the department's."""

    fields: tuple[str, ...]
    headings: tuple[str, ...]
    columns: tuple[pa.Array, ...]
    title: str

    @property
    def rows(self) -> int:
        return len(self.columns[0])


@dataclass(frozen=True)
class Style:
    """How a file is written, defects of layout included."""

    encoding: str
    delimiter: str = ","
    widths: tuple[int, ...] = ()
    workbook: str = "plain"


def sheet_of(extract: Extract) -> Sheet:
    """The agreed layout: the source's columns in order, then the mark."""
    named = extract.source.columns
    columns = (*(extract.columns[field] for field in named), constant(ORIGIN, extract.rows))
    return Sheet((*named, MARK), (*named.values(), MARK), columns, extract.source.title)
