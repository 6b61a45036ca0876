"""A delivery is kept raw, landed once whatever happens, and answered by a receipt that adds up."""

import gzip
import shutil
from pathlib import Path

import pyarrow.compute as pc
import pytest

from ingestion import stage
from ingestion.batch import delivery, raw_file, receipt
from ingestion.batch.answers import answer, rehearsal
from lakehouse import cli, outcomes, tables
from lakehouse.contracts import contracts
from lakehouse.settings import CHECKOUT, settings
from tests.support.delivered_files import (
    COLUMNS,
    HEADER,
    PRSA,
    ROWS,
    delimited,
    deliver,
    prsa,
    receipts,
    source,
    workbook,
)

BRONZE = f"bronze.{PRSA}"
DEAD = "dead_letter.environment__air_quality"
SAMPLE = CHECKOUT / "samples" / "prsa" / "PRSA_Data_Dongsi_20160101-20170228.csv.gz"


def counted() -> tuple[int, int]:
    return tuple(tables.read(name).num_rows if tables.exists(name) else 0 for name in (BRONZE, DEAD))


def test_a_real_station_file_lands_as_received_with_its_missing_words_counted(home):
    assert answer(SAMPLE, PRSA).startswith(f"{SAMPLE.name}: received 10200, landed 10200, dead letters 0; receipt ")
    bronze = tables.read(BRONZE)
    with gzip.open(SAMPLE, "rt") as sent:
        header, first, *_ = (line.strip().split(",") for line in sent)
    assert [bronze[name][0].as_py() for name in header] == first
    assert bronze["_observed_at"][0].as_py().isoformat() == "2015-12-31T16:00:00+00:00"
    assert pc.count_distinct(bronze["_record_id"]).as_py() == 10200 == pc.max(bronze["_row_no"]).as_py() - 1
    (told,) = receipts()
    with gzip.open(SAMPLE, "rt") as sent:
        lines = [line.strip().split(",") for line in sent][1:]
    assert told["report"]["missing_values"]["PM2.5"] == sum(line[header.index("PM2.5")] == "NA" for line in lines)
    kept = settings().landing / "deliveries" / PRSA / told["delivery_id"] / "raw" / SAMPLE.name
    assert kept.read_bytes() == SAMPLE.read_bytes()


def test_a_dry_run_says_what_delivering_would_and_keeps_nothing(home, tmp_path):
    file = tmp_path / "may.csv"
    file.write_bytes(prsa(0, 1) + b"1,2,3\n")
    told = rehearsal(file, PRSA).splitlines()
    assert told[0] == "may.csv: would land 2 of 3 records, dead letters 1; nothing was kept"
    assert told[1].strip().startswith("row 4 of may.csv has 3 values, the header 18")
    assert counted() == (0, 0) and not list(home.rglob("*.csv")) and receipts() == []
    assert answer(file, PRSA).startswith("may.csv: received 3, landed 2, dead letters 1")
    assert "the same content as delivery" in rehearsal(file, PRSA)
    file.write_bytes(b"<html>")
    assert rehearsal(file, PRSA).startswith("may.csv: would be refused.")
    file.write_bytes(b"")
    assert rehearsal(file, PRSA).startswith("may.csv: holds no rows.")


def test_received_is_landed_plus_dead_letters_and_each_letter_names_its_row(home, tmp_path):
    body = prsa(0, 1) + b"1,2,3\n" + prsa(2).split(b"\n")[1].replace(b",5,1,2,", b",2,30,2,") + b"\n"
    assert deliver(tmp_path, body).startswith("may.csv: received 4, landed 2, dead letters 2; receipt ")
    letters = sorted(tables.read(DEAD).to_pylist(), key=lambda r: r["_row_no"])
    assert [(r["_row_no"], r["reason"]) for r in letters] == [
        (4, "row 4 of may.csv has 3 values, the header 18; quote values that hold the delimiter."),
        (5, "row 5 of may.csv: '2016 2 30 2' in year, month, day, hour is no time; write it as agreed."),
    ]
    assert letters[0]["payload"] == "1,2,3"
    (told,) = receipts()
    assert told["received"] == told["report"]["landed"] + told["report"]["dead_letter"] == 4
    assert [e["row_no"] for e in told["report"]["examples"]] == [4, 5]
    (outcome,) = tables.read(outcomes.TABLE).to_pylist()
    assert (outcome["rows_in"], outcome["rows_out"], outcome["dead_letter"]) == (4, 2, 2)


WRONG = {
    "torn.csv": (prsa(0).replace(b"Dongsi", b"\xff\xb6"), "byte 0xff in line 2 (offset "),
    "torn.csv.gz": (gzip.compress(prsa(*range(24)))[:-20], "the gzip archive is damaged ("),
    "changed.csv.gz": (b"\x1f\x8b\x08" + prsa(0), "the gzip archive is damaged ("),
    "plain.csv.gz": (prsa(0), "the gzip archive is damaged (Not a gzipped file"),
    "bomb.csv.gz": (gzip.compress(b"0" * 200_000), "unpacks to more than 100000 bytes; split the file."),
    "large.csv": (b"0" * 200_000, "holds more than 100000 bytes; split the file."),
    "short.csv": (prsa(0, names=COLUMNS[:-1]), "the header lacks station (found: No, year,"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_file_that_cannot_be_read_is_refused_in_a_sentence_and_kept(home, tmp_path, monkeypatch, name):
    monkeypatch.setattr(raw_file, "LARGEST_BYTES", 100_000)
    body, why = WRONG[name]
    said = deliver(tmp_path, body, name)
    (told,) = receipts()
    assert said.startswith(f"{name}: refused and kept as {told['delivery_id']}. {name}: {why}") and "\n" not in said
    assert (told["state"], told["received"]) == ("refused", 0) and counted() == (0, 0)
    assert (settings().landing / "deliveries" / PRSA / told["delivery_id"] / "raw" / name).read_bytes() == body
    assert receipt.verify(told, receipt.public_key())


@pytest.mark.parametrize(
    ("body", "why"), [(b"", "The file is empty (0 bytes)."), (delimited(header=COLUMNS), "The file holds a header and no")]
)
def test_a_file_without_rows_is_kept_and_answered_each_time(home, tmp_path, body, why):
    for attempt in (1, 2):
        said = deliver(tmp_path, body, "june.csv")
        (told,) = receipts()
        assert said.startswith(f"june.csv: holds no rows and kept as {told['delivery_id']}. {why}") and "\n" not in said
        assert (told["state"], told["received"], told["attempt"]) == ("empty", 0, attempt)
    assert counted() == (0, 0) and delivery.pending() == [] and receipt.verify(told, receipt.public_key())
    assert (settings().landing / "deliveries" / PRSA / told["delivery_id"] / "raw" / "june.csv").read_bytes() == body
    assert [(r["state"], r["rows_in"]) for r in tables.read(outcomes.TABLE).to_pylist()] == [("ok", 0), ("ok", 0)]


def test_the_same_content_is_one_delivery_whatever_its_name(home, tmp_path):
    deliver(tmp_path, prsa(0, 1))
    for name in ("may.csv", "again.csv"):
        assert deliver(tmp_path, prsa(0, 1), name).startswith(f"{name}: the same content as delivery ")
    assert counted() == (2, 0) and len(receipts()) == 1


def test_a_refused_delivery_may_come_again_when_the_mapping_is_mended(home, tmp_path, monkeypatch):
    body = prsa(0).replace(b"Dongsi", b"K\xf6ln")
    assert "refused" in deliver(tmp_path, body)
    form = {"type": "csv", "encoding": "latin-1"}
    mended = contracts().sources[PRSA].model_copy(update={"format": source(format=form).format})
    monkeypatch.setitem(contracts().sources, PRSA, mended)
    assert "received 1, landed 1" in deliver(tmp_path, body) and counted() == (1, 0)
    noted = sorted(tables.read(receipt.TABLE).to_pylist(), key=lambda r: r["attempt"])
    assert [(r["attempt"], r["state"], r["received"]) for r in noted] == [(1, "refused", 0), (2, "landed", 1)]
    assert receipts()[0]["attempt"] == 2


def test_columns_in_another_order_are_the_same_records(home, tmp_path):
    deliver(tmp_path, prsa(0, 1))
    deliver(tmp_path, prsa(0, 1, names=[*reversed(COLUMNS), "Weather"][:-1]), "reversed.csv")
    found = tables.read(BRONZE).to_pylist()
    assert len(found) == 4 and len({r["_record_id"] for r in found}) == 2 and len({r["_delivery_id"] for r in found}) == 2


def test_a_revision_is_kept_with_its_rows(home, tmp_path):
    deliver(tmp_path, prsa(0))
    deliver(tmp_path, prsa(0, pm25="36"), "corrected.csv", revision=2)
    assert {(r["PM2.5"], r["_revision"]) for r in tables.read(BRONZE).to_pylist()} == {("35", 0), ("36", 2)}


@pytest.mark.parametrize("at", ["write", "write_whole"])
def test_a_crash_between_commit_and_receipt_lands_nothing_twice(home, tmp_path, monkeypatch, at):
    real = getattr(receipt, at)
    monkeypatch.setattr(receipt, at, lambda *a: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        deliver(tmp_path, prsa(0, 1) + b"1,2\n")
    assert counted() == (2, 1) and len(delivery.pending()) == 1
    monkeypatch.setattr(receipt, at, real)
    stage.run(stage.plan())
    assert counted() == (2, 1) and delivery.pending() == [] and stage.plan() == {}
    assert receipts()[0]["received"] == 3 and tables.read(receipt.TABLE).num_rows == 1
    assert [r["state"] for r in tables.read(outcomes.TABLE).to_pylist()].count("ok") == 1


def test_a_crash_between_bronze_and_dead_letters_completes(home, tmp_path, monkeypatch):
    real = tables.append
    monkeypatch.setattr(tables, "append", lambda name, *a: 1 / 0 if name == DEAD else real(name, *a))
    with pytest.raises(ZeroDivisionError):
        deliver(tmp_path, prsa(0) + b"1,2\n")
    monkeypatch.setattr(tables, "append", real)
    stage.run(stage.plan())
    assert counted() == (1, 1) and receipts()[0]["received"] == 2


def test_a_file_that_changes_while_it_is_read_is_not_accepted(home, tmp_path, monkeypatch):
    real = shutil.copyfile
    monkeypatch.setattr(shutil, "copyfile", lambda a, b: (real(a, b), Path(b).write_bytes(b"more"))[0])
    with pytest.raises(RuntimeError, match=r"may\.csv changed while it was read; deliver it again when it is complete"):
        deliver(tmp_path, prsa(0))
    assert delivery.pending() == []


def test_the_inbox_is_emptied_by_the_stage_and_unfinished_files_are_left(home):
    inbox = stage.inbox(PRSA)
    inbox.mkdir(parents=True)
    for name in ("a.csv", "b.csv.part", ".c.csv"):
        (inbox / name).write_bytes(prsa(0))
    work = stage.plan()
    assert work["inbox"] == [[PRSA, str(inbox / "a.csv")]]
    stage.run(work)
    assert sorted(p.name for p in inbox.iterdir()) == [".c.csv", "b.csv.part"] and counted() == (1, 0)


def test_a_workbook_goes_the_same_way(home, tmp_path, monkeypatch):
    mapping = source(format={"type": "excel"})
    monkeypatch.setitem(contracts().sources, mapping.source, mapping)
    said = deliver(tmp_path, workbook(HEADER, *ROWS, ["N1", "soon", "2"]), "may.xlsx", to=mapping.source)
    assert said.startswith("may.xlsx: received 3, landed 2, dead letters 1;")
    assert tables.read("dead_letter.environment__weather")["_row_no"].to_pylist() == [4]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("nothing", "a.csv"),
            "No source nothing that takes files; there are .*environment__air_quality__prsa",
        ),
        (("environment__weather__prsa", "a.csv"), "No source environment__weather__prsa that takes files"),
        ((PRSA, "no-such.csv"), "no-such.csv: there is no such file."),
    ],
)
def test_what_cannot_be_delivered_is_named(home, words, said):
    with pytest.raises((LookupError, FileNotFoundError), match=said):
        cli.call("deliver", *words)


def test_a_refused_file_that_comes_again_is_told_why_it_was_refused_before(home, tmp_path):
    torn = prsa(0).replace(b"Dongsi", b"\xff\xb6")
    first, again = (deliver(tmp_path, torn, "torn.csv") for _ in range(2))
    reason = first.partition(". ")[2]
    assert "byte 0xff in line 2" in reason and "before" not in first
    day = receipts()[0]["received_at"][:10]
    assert again == f"{first}\n  The same file was refused before, when it came on {day}: {reason}"
    rehearsed = rehearsal(tmp_path / "torn.csv", PRSA)
    assert (
        rehearsed == f"torn.csv: would be refused. {reason}\n  The same file was refused before, when it came on {day}: {reason}"
    )
