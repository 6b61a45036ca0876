"""Files of another kind than agreed, cut off on their way, or in UTF-16: one sentence each, and nothing of them is landed."""

import gzip
import io
import json
import zipfile

import pytest

from ingestion.batch.extract import extract
from ingestion.batch.faults import NoRows
from tests.support.delivered_files import AS_SENT, HEADER, ROWS, delimited, read, refusal, source, workbook

WIDE = source(format={"type": "fixed_width", "encoding": "ascii", "widths": {"Site": 2, "Time": 16, "Level": 3}})
JSON, EXCEL, XML = (source(format={"type": kind, "records": "row"}) for kind in ("json", "excel", "xml"))
CSV = source(format={"type": "csv", "encoding": "utf-8"})
LINES = b"".join("".join(row).encode() + b"\n" for row in ROWS)


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("levels.csv", delimited(*ROWS))
    return out.getvalue()


@pytest.mark.parametrize(
    ("body", "mapping", "agreed", "found"),
    [
        (workbook(HEADER, *ROWS), CSV, "delimited text (CSV)", "a workbook (.xlsx, .ods) or another zip archive"),
        (zipped(), JSON, "JSON", "a workbook (.xlsx, .ods) or another zip archive"),
        (gzip.compress(delimited(*ROWS)), CSV, "delimited text (CSV)", "a gzip archive, whose name must end in .gz"),
        (b"%PDF-1.7\n", WIDE, "text of fixed width", "a PDF document"),
        (b"SQLite format 3\0" + bytes(84), XML, "XML", "an SQLite database"),
        (delimited(*ROWS), EXCEL, "a workbook (.xlsx)", "none"),
    ],
)
def test_a_file_of_another_kind_is_told_what_it_is(body, mapping, agreed, found):
    assert (
        refusal(body, mapping) == f"a.file: {agreed} was agreed, and the file is {found}; save it as agreed and send that file."
    )


@pytest.mark.parametrize(
    ("body", "mapping", "said"),
    [
        (delimited(*ROWS)[:-5], CSV, "breaks off within row 3"),
        (delimited(*ROWS).replace(b"\n", b"\r\n")[:-6], CSV, "breaks off within row 3"),
        (LINES[:-5], WIDE, "breaks off within line 2"),
        (json.dumps({"row": AS_SENT}).encode()[:-9], JSON, "the document is not closed at its end"),
        (b"<rows><row><Site>N1</Site></row><row><Si", XML, "the document is not closed at its end"),
        (workbook(HEADER, *ROWS)[:-200], EXCEL, "the workbook is not closed at its end"),
    ],
    ids="csv csv_crlf fixed_width json xml excel".split(),
)
def test_a_file_whose_end_is_missing_is_told_that_it_was_cut_off(body, mapping, said):
    assert refusal(body, mapping) == f"a.file: {said}: cut off on its way; send it whole."


@pytest.mark.parametrize(
    "body", [delimited(*ROWS, ["N1", "x"]), delimited(*ROWS, ["N1", "x", "1", "2"])[:-1]], ids=["short", "long"]
)
def test_a_last_row_of_another_length_alone_is_a_row_that_is_none(body):
    rows, found = read(body, CSV)
    assert len(rows) == 2 and [u.row_no for u in found.unparsed] == [4]


def test_whole_last_rows_need_no_line_end():
    assert len(read(delimited(*ROWS)[:-1], CSV)[0]) == len(read(LINES[:-1], WIDE)[0]) == 2
    assert len(read(delimited(*ROWS) + b"\x1a", CSV)[0]) == 2


def test_lines_that_are_all_too_short_are_no_file_cut_off():
    _, found = read(LINES.replace(b"1.5", b"1").replace(b"1.6\n", b"1"), WIDE)
    assert [u.row_no for u in found.unparsed] == [1, 2]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("site", ["N1", "桐庐"])
def test_text_in_utf_16_is_read_with_a_remark(encoding, site):
    rows, found = read(delimited([site, *ROWS[0][1:]]).decode().encode(encoding), CSV)
    assert rows[2]["Site"] == site
    [told] = found.notes
    assert told.startswith("The file is not utf-8, as agreed, but utf-16-") and told.endswith("it was read so. Save it as utf-8.")


@pytest.mark.parametrize("body", [delimited(), delimited().rstrip(b"\n"), delimited().decode().encode("utf-16")])
def test_a_header_alone_is_a_file_without_rows(body):
    with pytest.raises(NoRows, match=r"^The file holds a header and no rows\."):
        extract(body, CSV, "a.file")
