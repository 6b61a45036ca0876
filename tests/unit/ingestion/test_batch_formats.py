"""Fixed width, XML, databases and GeoJSON: what each file becomes, and the one sentence that a wrong one gets."""

import json
import sqlite3
from contextlib import closing

import pytest

from tests.support.delivered_files import AS_SENT, HEADER, read, refusal, source

GB = {"type": "fixed_width", "encoding": "gb18030", "comment": "#", "widths": {"Site": 6, "Time": 16, "Level": 4}}
FIXED = source(format=GB)


def fixed(*lines: str, encoding: str = "gb18030", end: str = "\n") -> bytes:
    return "".join(line + end for line in lines).encode(encoding)


WIDE = ["# notice", "县    2016-05-01 00:001.5 ", "东四  2016-05-01 01:001.6 "]


@pytest.mark.parametrize(
    ("body", "notes"),
    [
        (fixed(*WIDE), []),
        (fixed(*WIDE, end="\r\n"), []),
        (fixed(*WIDE)[:-1], []),
        (fixed(*WIDE, encoding="utf-8"), ["The file is not gb18030, as agreed, but utf-8; it was read so. Save it as gb18030."]),
        (
            fixed("# notice", "县     2016-05-01 00:001.5 ", "东四    2016-05-01 01:001.6 "),
            ["The widths of the columns are characters, not bytes, as agreed; they were read so."],
        ),
    ],
    ids="bytes crlf no_last_newline utf8 characters".split(),
)
def test_columns_of_fixed_width_are_cut_by_bytes_of_the_agreed_encoding_or_by_characters(body, notes):
    rows, found = read(body, FIXED)
    assert [list(row.values()) for row in rows.values()] == [
        ["县", "2016-05-01 00:00", "1.5"], ["东四", "2016-05-01 01:00", "1.6"],
    ]  # fmt: skip
    assert list(rows) == [2, 3] and found.notes == notes and found.unparsed == []


def test_lines_of_another_length_and_torn_characters_are_unparsed_with_their_line():
    sound, torn = "A东四 2016-05-01 02:00县1 ", "A东四县016-05-01 02:001.7 "
    rows, found = read(fixed(*WIDE, "N1", "", sound, torn), FIXED)
    assert list(rows) == [2, 3, 6] and rows[6]["Level"] == "县1"
    assert [(u.row_no, u.reason) for u in found.unparsed] == [
        (4, "line 4 of a.file has 2 bytes, the columns together 26; pad each to its width."),
        (7, "line 7 of a.file: Site begins or ends within a character; pad the columns before it anew."),
    ]


XML = source(format={"type": "xml", "records": "row"})
ELEMENTS = "".join("<row>" + "".join(f"<{n}>{v}</{n}>" for n, v in row.items()) + "</row>" for row in AS_SENT)


@pytest.mark.parametrize(
    "document",
    [
        f"<rows>{ELEMENTS}</rows>",
        f'<?xml version="1.0" encoding="GBK"?><!-- notice --><rows count="2">{ELEMENTS}</rows>',
        f'<a xmlns="urn:x"><b>{ELEMENTS}</b></a>',
        "<rows>"
        + "".join(f'<row Site="{r["Site"]}" Time="{r["Time"]}"><Level>{r["Level"]}</Level></row>' for r in AS_SENT)
        + "</rows>",
    ],
    ids="plain declared_gbk namespace attributes".split(),
)
def test_each_element_of_a_record_is_a_column(document):
    rows, found = read(document.encode(), XML)
    assert rows == {1: AS_SENT[0], 2: AS_SENT[1]} and found.unparsed == []


def test_values_of_an_xml_document_keep_markup_and_elements():
    rows, _ = read(b"<rows><row><Site>a &lt; b</Site><Time/><Level><unit>m</unit></Level></row></rows>", XML)
    assert rows[1] == {"Site": "a < b", "Time": "", "Level": "<Level><unit>m</unit></Level>"}


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><rows><row><Site>&b;</Site></row></rows>'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (LAUGHS.encode(), "a.file: it declares types or entities (DTDForbidden); send plain elements."),
        (b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><rows/>', "a.file: it declares types or entities (DTDForbidden);"),
        (f"<rows>{ELEMENTS}".encode(), "a.file: the document is not closed at its end: cut off on its way; send it whole."),
        (b"no markup", "a.file: not XML at line 1, column 0; mend the file and send it again."),
        (b"<rows><row><Site>1</Site><Site_>1</Site_></row></rows>", "a.file: the header lacks Time, Level (found: Site, Site_);"),
    ],
    ids="bomb outside_entity cut_off text columns".split(),
)
def test_an_xml_document_that_is_not_what_was_agreed(body, said):
    assert refusal(body, XML).startswith(said)


SQLITE = source(format={"type": "sqlite", "table": "levels"})


def database(path, *statements: str) -> bytes:
    with closing(sqlite3.connect(path / "a.sqlite")) as made, made:
        for statement in statements:
            made.execute(statement)
    return (path / "a.sqlite").read_bytes()


MADE = 'create table levels ("Site" text, "Time" text, "Level" real)'
FILLED = [
    "insert into levels values ('N1', '2016-05-01 00:00', 1.5)",
    "insert into levels values ('N1', '2016-05-01 01:00', 1.6)",
]


@pytest.mark.parametrize("more", [[], ["pragma journal_mode = wal"], ["create view v as select * from levels"]])
def test_a_table_of_a_database_is_read_by_rowid(tmp_path, more):
    rows, found = read(database(tmp_path, MADE, *FILLED, "delete from levels where 1 = 0", *more), SQLITE)
    assert rows == {1: AS_SENT[0], 2: AS_SENT[1]} and found.unparsed == []


def test_rows_of_a_database_keep_their_rowid_and_null_is_null(tmp_path):
    body = database(tmp_path, MADE, *FILLED, "delete from levels where rowid = 1", "insert into levels values (null, 'x', 7)")
    assert read(body, SQLITE)[0] == {2: AS_SENT[1], 3: {"Site": None, "Time": "x", "Level": "7.0"}}


def test_a_table_without_rowid_is_counted(tmp_path):
    body = database(tmp_path, MADE[:-1] + ', primary key ("Site", "Time")) without rowid', *FILLED)
    assert list(read(body, SQLITE)[0]) == [1, 2]


@pytest.mark.parametrize(
    ("statements", "cut", "said"),
    [
        (["create table other (a)"], None, "a.file: there is no table levels, but other; send the database as agreed."),
        (["create table o (a)", "create view levels as select 1"], None, "a.file: there is no table levels, but o;"),
        ([MADE, *FILLED], 5000, "a.file: the database is damaged ("),
        ([MADE, *FILLED], 10, "a.file: an SQLite database was agreed, and the file is none;"),
        (
            [MADE.replace('"Level" real', '"level" text, "a" text')],
            None,
            "a.file: the header lacks Level (level looks like Level);",
        ),
    ],
    ids="no_table view cut_off stump columns".split(),
)
def test_a_database_that_is_not_what_was_agreed(tmp_path, statements, cut, said):
    assert refusal(database(tmp_path, *statements)[:cut], SQLITE).startswith(said)


def test_a_damaged_page_of_a_database_is_found(tmp_path):
    body = bytearray(database(tmp_path, MADE, *FILLED))
    body[4096:4104] = b"\x0d\x00\x00\xff\xff\xff\xff\x00"
    assert refusal(bytes(body), SQLITE).startswith("a.file: the database is damaged")


GEOJSON = source(format={"type": "geojson"}, columns=[*HEADER, "geometry"])
POINT = {"type": "Point", "coordinates": [119.69, 29.79]}


def test_properties_of_features_are_columns_and_the_geometry_stays_geojson():
    features = [{"type": "Feature", "properties": row, "geometry": POINT} for row in AS_SENT]
    body = json.dumps({"type": "FeatureCollection", "notice": "x", "features": [*features, "no feature"]}).encode()
    rows, found = read(body, GEOJSON)
    assert rows[1] == AS_SENT[0] | {"geometry": '{"type": "Point", "coordinates": [119.69, 29.79]}'} and list(rows) == [1, 2]
    assert [(u.row_no, u.reason) for u in found.unparsed] == [(3, "record 3 of a.file is not an object.")]


@pytest.mark.parametrize("body", [b"[]", b'{"features": {}}', b'{"type": "Point"}'])
def test_what_is_no_feature_collection_is_refused(body):
    assert refusal(body, GEOJSON) == "a.file: there is no list `features`; write a GeoJSON feature collection (RFC 7946)."
