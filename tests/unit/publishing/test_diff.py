"""Differences between two versions, counted by hand."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from publishing.change_notes import render, sentences
from publishing.diff import DatasetDiff, compare_rows

OLD = {
    "id": ["a", "b", "c", "d"],
    "day": [1, 1, 1, 1],
    "x": [1.0, 2.0, None, float("nan")],
    "y": ["p", "q", "r", "s"],
}
NEW = {
    "id": ["b", "c", "d", "e"],
    "day": [1, 1, 1, 1],
    "x": [2.0, 3.0, float("nan"), 5.0],
    "y": ["q", "R", "s", "t"],
}


def write(tmp_path: Path, name: str, rows: dict) -> Path:
    pq.write_table(pa.table(rows), tmp_path / name)
    return tmp_path / name


def test_rows_are_matched_by_key_and_values_counted_by_column(tmp_path):
    found = compare_rows(write(tmp_path, "o.parquet", OLD), write(tmp_path, "n.parquet", NEW), ["id", "day"])
    # a went, e came; c changed in x (empty -> 3) and y (r -> R); d holds no number before and after: the same
    assert (found["rows"], found["added"], found["removed"], found["changed"]) == (4, 1, 1, 1)
    assert found["changed_values"] == {"x": 1, "y": 1}
    assert found["examples"][0] == {
        "key": {"id": "c", "day": "1"},
        "column": "x",
        "before": None,
        "after": "3.0",
    }


def test_columns_that_come_go_or_change_their_type_are_told(tmp_path):
    old = write(tmp_path, "o.parquet", {"id": ["a"], "x": [1], "gone": [1]})
    new = write(tmp_path, "n.parquet", {"id": ["a"], "x": [1.0], "came": [1]})
    found = compare_rows(old, new, ["id"])
    assert (found["columns_added"], found["columns_removed"]) == (["came"], ["gone"])
    assert found["columns_retyped"] == {"x": "BIGINT -> DOUBLE"}


def test_a_path_with_a_quote_is_only_a_path(tmp_path):
    folder = tmp_path / "it's"
    folder.mkdir()
    same = write(folder, "o.parquet", OLD)
    assert compare_rows(same, same, ["id"])["changed"] == 0


def test_the_words_say_what_happened():
    diff = DatasetDiff(
        "t",
        "Daily",
        "日报",
        rows=1204,
        added=3,
        removed=1,
        changed=12,
        changed_values={"aqi": 12},
        columns_added=["x"],
    )
    assert sentences(diff, "en") == [
        "3 rows added, 1 removed, 12 changed; 1,204 rows in all.",
        "Changed values by column: aqi 12.",
        "New columns: x.",
    ]
    assert sentences(diff, "zh")[0] == "新增 3 行，删除 1 行，修改 12 行；现共 1,204 行。"
    assert sentences(DatasetDiff("t", "D", "日", rows=5), "en") == ["No row changed (5 rows)."]
    assert sentences(DatasetDiff("t", "D", "日", is_gone=True), "zh") == ["不再发布。"]
    first = render("environment", "2017.02-r1", None, [DatasetDiff("t", "Daily", "日报", is_new=True, rows=7)], "en")
    assert first.splitlines()[0] == "# Changes in environment 2017.02-r1"
    assert "- New dataset with 7 rows." in first
