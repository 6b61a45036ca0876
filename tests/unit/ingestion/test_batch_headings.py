"""Where the headings of a file stand and which of them were agreed: comments, titles, merged cells, renamed columns."""

import pytest

from tests.support.delivered_files import AS_SENT, HEADER, ROWS, delimited, read, refusal, source, workbook

EXCEL = source(format={"type": "excel"})
COMMENTED = source(format={"type": "csv", "comment": "#"})


def test_comment_lines_are_no_rows_and_are_counted_as_lines():
    body = b"# notice, of two\n# 2\n" + delimited(ROWS[0]) + b"# between\n" + delimited(ROWS[1]).split(b"\n", 1)[1]
    body += b"# one, two, three\nN1\n"
    rows, found = read(body, COMMENTED)
    assert rows == {4: AS_SENT[0], 6: AS_SENT[1]} and [u.row_no for u in found.unparsed] == [8]
    assert refusal(b"# only a notice\n", COMMENTED).startswith("a.file: there is no row 2, where the header should stand.")


ALIASED = source(aliases={"Level": ["Niveau", "水平"]})


def test_another_agreed_heading_is_read_as_the_first_and_told():
    rows, found = read(delimited(*ROWS, header=["Site", " Time ", "水平"]), ALIASED)
    assert list(rows.values()) == AS_SENT and found.notes == ["Column 水平 was read as Level, which was agreed, too."]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (["Site", "Time", "Level_NEW"], "a.file: the header lacks Level (Level_NEW looks like Level); name the columns as"),
        (["Site", "Time", "lvel"], "a.file: the header lacks Level (lvel looks like Level);"),
        (["Site", "Time", "数值"], "a.file: the header lacks Level (数值 looks like Level);"),
        (["Site", "Tine", "Levels"], "a.file: the header lacks Time, Level (Tine looks like Time; Levels looks like Level);"),
    ],
)
def test_a_column_that_was_renamed_is_named_with_the_one_that_looks_like_it(header, said):
    assert refusal(delimited(*ROWS, header=header)).startswith(said)


@pytest.mark.parametrize(
    ("above", "merged", "first"),
    [
        ([], None, 2),
        ([["五月汇总表", None, None]], "A1:C1", 3),
        ([["五月汇总表", None, None], ["基本", None, "业务"]], "A1:C1", 4),
    ],
    ids="plain title title_and_groups".split(),
)
def test_headings_below_titles_are_found_and_told(above, merged, first):
    rows, found = read(workbook(*above, HEADER, *ROWS, merged=merged), EXCEL)
    assert list(rows) == [first, first + 1] and list(rows.values()) == AS_SENT
    assert found.notes == ([] if first == 2 else [f"The headings stand in row {first - 1}, not in row 1, as agreed."])


def test_headings_of_two_rows_that_are_merged_downwards_are_read_together():
    rows, found = read(workbook(["Site", "Reading", None], [None, "Time", "Level"], *ROWS, merged="A1:A2"), EXCEL)
    assert list(rows) == [3, 4] and list(rows.values()) == AS_SENT and len(found.notes) == 1


def test_empty_formatted_rows_and_columns_behind_the_table_are_left_out():
    rows, found = read(workbook([*HEADER, None], *ROWS, *[[None] * 4] * 500, ["N2", "x", "1", None]), EXCEL)
    assert list(rows) == [2, 3, 504] and found.notes == ["Empty rows left out: 500."]


def test_a_number_that_a_workbook_rounded_is_kept_as_it_stands_and_looks_like_none():
    rows, _ = read(workbook(HEADER, [110105194912310000.0, 9007199254740991.0, 41997.0], ["1.10105E+17", 1e15, 2]), EXCEL)
    assert list(rows[2].values()) == ["1.1010519491231e+17", "9007199254740991", "41997"]
    assert list(rows[3].values()) == ["1.10105E+17", "1000000000000000", "2"]
