"""What each kind of delivered file becomes, and the one sentence that a wrong one gets."""

import io
import json
import zipfile
from datetime import datetime

import pytest

from ingestion.batch.extract import extract, missing_counts
from ingestion.batch.faults import NoRows
from ingestion.batch.readers import csv_file
from lakehouse.settings import settings
from tests.support.delivered_files import AS_SENT, HEADER, ROWS, delimited, read, refusal, source, workbook

CSV = source()
SEMICOLON = source(format={"type": "csv", "delimiter": ";"})
EXCEL, JSON = source(format={"type": "excel"}), source(format={"type": "json"})


@pytest.mark.parametrize(
    ("body", "mapping"),
    [
        (delimited(*ROWS), CSV),
        (delimited(*ROWS).replace(b"\n", b"\r\n"), CSV),
        (delimited(*ROWS).rstrip(b"\n"), CSV),
        (b"\xef\xbb\xbf" + delimited(*ROWS), CSV),
        (delimited(*ROWS).decode().encode("utf-16"), source(format={"type": "csv", "encoding": "utf-16"})),
        (delimited(*ROWS, by=";"), SEMICOLON),
        (workbook(HEADER, *ROWS), EXCEL),
        (json.dumps(AS_SENT).encode(), JSON),
        (b"\xef\xbb\xbf" + json.dumps(AS_SENT).encode(), JSON),
        (json.dumps({"rows": AS_SENT}).encode(), source(format={"type": "json", "records": "rows"})),
    ],
    ids="csv crlf no_last_newline bom utf16 semicolon excel json json_bom json_nested".split(),
)
def test_the_same_rows_come_out_of_every_form(body, mapping):
    rows, found = read(body, mapping)
    first = 1 if mapping.format.type == "json" else 2
    assert list(rows.values()) == AS_SENT and list(rows) == [first, first + 1]
    assert found.unparsed == [] and found.notes == []


def test_gb18030_is_read_where_nothing_is_declared():
    body = delimited(["东四", *ROWS[0][1:]]).decode().encode("gb18030")
    assert read(body)[0][2]["Site"] == "东四"


CHINESE = delimited(["县政府", *ROWS[0][1:]], ["东四", *ROWS[1][1:]]).decode()
MARK = "The byte order mark before the text was left out."


@pytest.mark.parametrize(
    ("declared", "sent", "found"),
    [
        ("utf-8", "gbk", "gb18030"),
        ("utf-8", "gb18030", "gb18030"),
        ("ascii", "gbk", "gb18030"),
        ("gbk", "utf-8", "utf-8"),
        ("gb18030", "utf-8", "utf-8"),
        ("gb2312", "utf-8", "utf-8"),
    ],
)
def test_another_encoding_than_agreed_is_recognised_and_told(declared, sent, found):
    rows, told = read(CHINESE.encode(sent), source(format={"type": "csv", "encoding": declared}))
    assert [row["Site"] for row in rows.values()] == ["县政府", "东四"]
    assert told.notes == [f"The file is not {declared}, as agreed, but {found}; it was read so. Save it as {declared}."]


@pytest.mark.parametrize("declared", ["utf-8", "gbk", "ascii"])
def test_a_byte_order_mark_is_left_out_and_told(declared):
    rows, told = read(b"\xef\xbb\xbf" + CHINESE.encode(), source(format={"type": "csv", "encoding": declared}))
    assert rows[2]["Site"] == "县政府" and told.notes[-1] == MARK
    assert len(told.notes) == (2 if declared == "gbk" else 1)


def test_two_characters_that_also_read_as_utf_8_stay_what_was_agreed():
    """路模 is c2 b7 c4 a3 in GBK, which is ·ģ in UTF-8."""
    body = delimited(["路模", *ROWS[0][1:]]).decode().encode("gbk")
    assert "·ģ" in body.decode("utf-8")
    rows, told = read(body, source(format={"type": "csv", "encoding": "gbk"}))
    assert rows[2]["Site"] == "路模" and told.notes == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (CHINESE.encode("gbk")[:-4] + b"\xff\xff\n", "a.file: byte 0xcf in line 2 (offset 16) is not utf-8, as the source"),
        (CHINESE.encode()[:20] + CHINESE.encode()[21:], "a.file: byte 0xe6 in line 2 (offset 19) is not utf-8, as the source"),
    ],
    ids="torn_gbk torn_utf8".split(),
)
def test_what_reads_in_no_encoding_is_refused_at_its_first_byte_never_as_characters_that_nobody_wrote(body, said):
    assert refusal(body, source(format={"type": "csv", "encoding": "utf-8"})).startswith(said)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            delimited(["N1", "x"], header=HEADER[:2]),
            "a.file: the header lacks Level (found: Site, Time); name the columns as agreed",
        ),
        (delimited(*ROWS, by=";"), "a.file: the header lacks Site, Time, Level (found: Site;Time;Level);"),
        (
            delimited(header=[*HEADER, "level"]),
            "a.file, row 1: columns 3 and 4 have the same name; give each column its own.",
        ),
        (delimited(header=[*HEADER, ""]), "a.file, row 1: column 4 has no name (merged cells?);"),
        (delimited(header=[*HEADER, "_record_id"]), "a.file, row 1: the name of column 4 begins with _,"),
        (
            delimited(*ROWS) + b'N1,"2016-05-01 02:00,2\nN1,2016-05-01 03:00,2\n',
            "a.file: a quote in row 4 is never closed;",
        ),
        (
            b"x" * 200_000 + b"\n1\n",
            "a.file: the header in row 1 cannot be read (field larger than field limit (131072)).",
        ),
    ],
)
def test_a_csv_file_that_is_not_what_was_agreed(body, said):
    assert refusal(body).startswith(said)


def test_a_row_without_end_is_refused_by_its_length(monkeypatch):
    monkeypatch.setattr(csv_file, "LONGEST_ROW_BYTES", 1000)
    said = refusal(delimited(["N1", "2016-05-01", "x" * 5000]))
    assert said.startswith("a.file: a row is longer than 1000 bytes (a line break or a quote is missing?); mend the file")


def test_rows_with_too_many_or_too_few_values_are_unparsed_with_their_number():
    body = delimited(ROWS[0], ["N1", "2016-05-01"], [], ROWS[1], ["N1", "2016-05-01", "1", "2"], ["", "", ""])
    rows, found = read(body)
    assert list(rows) == [2, 5]
    assert [(u.row_no, u.text, u.reason) for u in found.unparsed] == [
        (
            3,
            "N1,2016-05-01",
            "row 3 of a.file has 2 values, the header 3; quote values that hold the delimiter.",
        ),
        (
            6,
            "N1,2016-05-01,1,2",
            "row 6 of a.file has 4 values, the header 3; quote values that hold the delimiter.",
        ),
    ]
    assert found.notes == ["Empty rows left out: 2."]


def test_quoted_values_keep_delimiters_quotes_and_line_breaks():
    rows, found = read(delimited(['"N1, ""old"""', ROWS[0][1], '"1\n2"'], ROWS[1]))
    assert rows[2]["Site"] == 'N1, "old"' and rows[2]["Level"] == "1\n2" and rows[3] == AS_SENT[1]
    assert found.unparsed == []


def test_a_header_below_a_title_keeps_the_numbers_of_the_file():
    body = b"Levels of May\n\n" + delimited(*ROWS, ["N1"])
    rows, found = read(body, source(format={"type": "csv", "header_row": 3}))
    assert list(rows) == [4, 5] and found.unparsed[0].row_no == 6
    assert refusal(body, source(format={"type": "csv", "header_row": 9})).startswith("a.file: there is no row 9,")


def test_other_columns_are_kept_and_noted_and_their_order_is_free():
    rows, found = read(delimited([*reversed(ROWS[0]), "calm"], header=[*reversed(HEADER), "Weather"]))
    assert rows[2] == AS_SENT[0] | {"Weather": "calm"}
    assert found.notes == ["Column Weather is not in the agreement; it is kept in bronze and used nowhere."]


NO_ROWS = "If the period has rows, send them in a new file; if it has none, nothing more is to be done."


@pytest.mark.parametrize(
    ("body", "mapping", "said"),
    [
        (b"", CSV, "The file is empty (0 bytes)."),
        (b" \r\n\n", CSV, "The file is empty (4 bytes)."),
        (delimited(), CSV, "The file holds a header and no rows."),
        (delimited() + b",,\n", CSV, "The file holds a header and no rows. Empty rows left out: 1."),
        (workbook(HEADER), EXCEL, "The file holds a header and no rows."),
        (b"[]", JSON, "The list of records is empty."),
    ],
    ids="nothing blanks header empty_row excel json".split(),
)
def test_a_file_without_rows_is_told_from_one_that_cannot_be_read(body, mapping, said):
    with pytest.raises(NoRows) as told:
        extract(body, mapping, "a.file")
    assert str(told.value) == f"{said} {NO_ROWS}"


def test_missing_words_are_counted_by_column():
    mapping = source(format={"type": "csv", "missing": ["NA", ""]})
    found = extract(delimited(["N1", "NA", ""], ["N1", "x", "NA"]), mapping, "a.file")
    assert missing_counts(found.rows, mapping.format) == {"Site": 0, "Time": 1, "Level": 2}


def test_cells_with_dates_and_numbers_are_written_as_iso_8601_and_plain_decimals():
    cells = [["N1", datetime(2016, 5, 1), 2.0], ["N1", datetime(2016, 5, 1, 1, 30), 0.1], [1.0, "x", True]]
    rows, _ = read(workbook(HEADER, *cells), EXCEL)
    assert [list(row.values()) for row in rows.values()] == [
        ["N1", "2016-05-01", "2"], ["N1", "2016-05-01 01:30:00", "0.1"], ["1", "x", "True"],
    ]  # fmt: skip


TITLED = [["Station", "Reading", None], HEADER, *ROWS]


@pytest.mark.parametrize(
    ("body", "changes", "said"),
    [
        (
            workbook([*HEADER, None], [*ROWS[0], "x"]),
            {},
            "a.file, row 1: column 4 has no name (merged cells?); write one name above each",
        ),
        (workbook(HEADER), {"sheet": "Mai"}, "a.file: no workbook with the sheet Mai ("),
        (
            workbook(HEADER),
            {"header_row": 4},
            "a.file: the sheet has no row 4, where the header should stand.",
        ),
        (delimited(*ROWS), {}, "a.file: a workbook (.xlsx) was agreed, and the file is none;"),
        (workbook(HEADER)[:-30], {}, "a.file: the workbook is not closed at its end: cut off on its way; send it whole."),
    ],
)
def test_a_workbook_that_is_not_what_was_agreed(body, changes, said):
    assert refusal(body, source(format={"type": "excel", **changes})).startswith(said)


def test_a_header_of_two_rows_is_read_where_the_mapping_names_the_second():
    mapping = source(format={"type": "excel", "header_row": 2})
    rows, found = read(workbook(*TITLED, [None, None, None], ROWS[1], merged="B1:C1"), mapping)
    assert list(rows) == [3, 4, 6] and rows[6] == AS_SENT[1] and found.notes == ["Empty rows left out: 1."]


def test_a_zip_bomb_is_refused_before_it_is_unpacked(home, monkeypatch):
    monkeypatch.setenv("LAKE_WORKBOOK_MB", "1")
    settings.cache_clear()
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * 2_000_000)
    assert len(bomb.getvalue()) < 3000
    said = "a.file: the workbook unpacks to 2 MB, and 1 are taken (LAKE_WORKBOOK_MB); send it as CSV, or in parts."
    assert refusal(bomb.getvalue(), EXCEL) == said


def test_a_bomb_that_lies_about_its_size_fails_its_checksum():
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * 100_000)
    real, stated = (100_000).to_bytes(4, "little"), (10).to_bytes(4, "little")
    assert refusal(bomb.getvalue().replace(real, stated), EXCEL).startswith("a.file: the workbook is damaged")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            b'[{"Site": "N1",]',
            "a.file: not JSON at line 1, column 16 (",
        ),
        (b'{"rows": []}', "a.file: there is no list of records at the top; write the document as agreed."),
        (b"[" * 200_000, "a.file: nested too deeply to be a list of records;"),
        (b'[{"Site": "N1", "Time": "x"}]', "a.file: the header lacks Level (found: Site, Time);"),
        (b'[{"Site": "N1", "_row_no": 1}]', "a.file: the name of column 2 begins with _,"),
    ],
)
def test_a_json_document_that_is_not_what_was_agreed(body, said):
    assert refusal(body, JSON).startswith(said)


def test_what_is_no_object_in_a_list_is_unparsed_and_values_keep_their_form():
    body = json.dumps([AS_SENT[0] | {"Level": 1.50}, "N1", AS_SENT[1] | {"Level": None, "ok": True}]).encode()
    rows, found = read(body, JSON)
    assert rows[1]["Level"] == "1.5" and rows[3]["Level"] is None and (rows[3]["ok"], rows[1]["ok"]) == ("true", None)
    assert [(u.row_no, u.text, u.reason) for u in found.unparsed] == [(2, '"N1"', "record 2 of a.file is not an object.")]
