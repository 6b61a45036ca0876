"""Notes beside files say what each is; a tree of them is delivered by day; by hand says more than the note."""

import json
from pathlib import Path

import pytest

from ingestion.batch import delivery
from ingestion.batch.answers import answer
from ingestion.batch.statement import Statement, note_file, read_note, stated
from lakehouse import cli, tables
from lakehouse.contracts import contracts

ORG_CODES = "enterprise__org_codes__amr_org_codes"
BRONZE = contracts().sources[ORG_CODES].bronze_table
NOTE = {
    "dataset": "enterprise__org_codes", "source": "amr_org_codes", "state_of": "2014-12-31", "rows": 1, "revision": 0,
    "due_at": "2015-01-01T06:00:00+08:00", "sent_at": "2015-01-03T05:30:00+08:00", "department": "AMR",
}  # fmt: skip


def sent(folder: Path, name: str, code: str = "MA2AXXXX0", rows: int = 1, **note) -> Path:
    """A file of organisation codes with its note."""
    folder.mkdir(parents=True, exist_ok=True)
    header = contracts().sources[ORG_CODES].columns
    lines = [",".join(header), *[",".join([f"{code}{n}", "某公司", "", "20141201"]) for n in range(rows)], ""]
    (folder / name).write_bytes("\n".join(lines).encode("gb18030"))
    note_file(folder / name).write_text(json.dumps(NOTE | note), "utf-8")
    return folder / name


def test_a_note_gives_source_day_revision_rows_and_times(tmp_path):
    file = sent(tmp_path, "a.csv", revision=2, sha256="0" * 64)
    assert read_note(note_file(file)).mapping == ORG_CODES
    assert stated(file, ORG_CODES) == Statement(
        period="2014-12-31", revision=2, stated_rows=1, stated_sha256="0" * 64,
        due_at="2015-01-01T06:00:00+08:00", sent_at="2015-01-03T05:30:00+08:00",
    )  # fmt: skip
    assert stated(tmp_path / "without.csv", ORG_CODES) == Statement()


@pytest.mark.parametrize(
    ("note", "said"),
    [
        ("{", "a.csv.note.json: no delivery note, since it is no JSON in UTF-8; write it as agreed."),
        ("[]", "a.csv.note.json: no delivery note (the document: Input should be"),
        (json.dumps(NOTE | {"state_of": "31.12."}), "a.csv.note.json: no delivery note (state_of: Input should be a valid date"),
        (json.dumps(NOTE | {"rows": -1}), "a.csv.note.json: no delivery note (rows: Input should be greater than or equal to 0"),
        (json.dumps(NOTE | {"sha256": "abc"}), "a.csv.note.json: no delivery note (sha256: String should match"),
        (
            json.dumps(NOTE | {"sent_at": "2015-01-03T05:30:00"}),
            "a.csv.note.json: no delivery note (sent_at: Input should have tim",
        ),
        (
            json.dumps(NOTE | {"source": "amr"}),
            "a.csv.note.json: speaks of enterprise__org_codes__amr, not of enterprise__org_codes",
        ),
    ],
    ids="no_json no_object no_date negative no_hash no_zone other_source".split(),
)
def test_what_is_no_note_is_said_in_a_sentence(tmp_path, note, said):
    file = sent(tmp_path, "a.csv")
    note_file(file).write_text(note, "utf-8")
    with pytest.raises(ValueError) as told:
        stated(file, ORG_CODES)
    assert str(told.value).startswith(said) and "\n" not in str(told.value)


def test_a_tree_is_delivered_by_day_and_what_cannot_be_is_told(home, tmp_path, capsys):
    sent(tmp_path / "AMR", "b.csv", code="B", state_of="2014-12-01")
    sent(tmp_path / "AMR" / "late", "a.csv", code="A")
    sent(tmp_path / "AMR", "again.csv", code="A")
    sent(tmp_path / "AMR", "cut.csv", code="C")
    sent(tmp_path / "AMR", "other.csv", source="none")
    note_file(tmp_path / "AMR" / "gone.csv").write_text(json.dumps(NOTE), "utf-8")
    short = note_file(tmp_path / "AMR" / "cut.csv")
    short.write_text(json.dumps(json.loads(short.read_text("utf-8")) | {"rows": 2}), "utf-8")
    assert cli.call("deliver", "--folder", str(tmp_path)) == 0
    told = capsys.readouterr()
    assert [line.partition(":")[0] for line in told.out.splitlines()[:4]] == ["b.csv", "a.csv", "again.csv", "cut.csv"]
    last = "4 files with a note: landed 2, refused 1, without rows 0, known already 1; notes that cannot be used 2."
    assert told.out.splitlines()[-1] == last
    assert "gone.csv.note.json: there is no file gone.csv beside it; send both." in told.err
    assert "other.csv.note.json: no source enterprise__org_codes__none takes files" in told.err
    rows = tables.read(BRONZE).to_pylist()
    assert {(str(row["_period"]), row["组织机构代码"]) for row in rows} == {("2014-12-01", "B0"), ("2014-12-31", "A0")}


def test_by_hand_says_more_than_the_note(home, tmp_path):
    file = sent(tmp_path, "a.csv")
    assert cli.call("deliver", ORG_CODES, str(file)) == 0
    assert cli.call("deliver", ORG_CODES, str(file), "--period", "2015-01-31", "--revision", "1") == 0
    assert cli.call("deliver", ORG_CODES, str(file), "--period", "2015-01-31", "--revision", "1") == 0
    found = sorted((d.period, d.revision, d.sent_at) for d in delivery.deliveries())
    assert found == [("2014-12-31", 0, NOTE["sent_at"]), ("2015-01-31", 1, NOTE["sent_at"])]
    assert {str(row["_period"]) for row in tables.read(BRONZE).to_pylist()} == {"2014-12-31", "2015-01-31"}


def test_a_dry_run_of_a_tree_keeps_nothing(home, tmp_path, capsys):
    sent(tmp_path / "AMR", "a.csv")
    assert cli.call("deliver", "--folder", str(tmp_path), "--dry-run") == 0
    assert "a.csv: would land 1 of 1 records, dead letters 0; nothing was kept" in capsys.readouterr().out
    assert list(delivery.deliveries()) == []


@pytest.mark.parametrize("words", [(), (ORG_CODES,), ("--folder", ".", "--revision", "1"), (ORG_CODES, "a.csv", "--folder", ".")])
def test_half_a_command_is_told_what_is_missing(home, words):
    with pytest.raises(ValueError, match=r"Say SOURCE FILE\.\.\., or --folder DIR alone"):
        cli.call("deliver", *words)


def test_the_time_of_a_delivery_needs_its_day(home, tmp_path):
    source = "population__floating__psb_floating"
    header = contracts().sources[source].columns
    (tmp_path / "a.csv").write_bytes("\n".join([",".join(header), ",".join("1" * len(header)), ""]).encode("gbk"))
    said = "it states none; say --period YYYY-MM-DD, or send a note beside the file."
    assert answer(tmp_path / "a.csv", source).endswith(said)
    assert "landed 1" in answer(tmp_path / "a.csv", source, Statement(period="2014-12-31"))
    (row,) = tables.read(contracts().sources[source].bronze_table).to_pylist()
    assert row["_observed_at"].isoformat() == "2014-12-30T16:00:00+00:00"


def test_in_brief_only_answers_with_a_remark_are_told(delivered):
    *told, summary = delivered.told
    begun = [line for line in told if not line.startswith("  ")]
    remarks = [line for line in told if line.startswith("  ")]
    assert all("refused" in line or "receipt" in line for line in begun) and len(begun) < 20
    assert any("was read so" in line for line in remarks)
    assert summary.startswith("10") and "files with a note: landed" in summary
