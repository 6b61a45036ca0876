"""What names a person leaves the rows before anything is written; raw files are sealed, expire, and what was told stays."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion import stage
from ingestion.batch import delivery, land, raw_file, receipt
from ingestion.batch.answers import answer, rehearsal
from ingestion.batch.statement import Statement, note_file
from lakehouse import cli, tables, vault
from lakehouse.contracts import contracts
from lakehouse.settings import settings
from tests.support.sample_city import notes, records

DEATHS = "population__deaths__hc_deaths"
MAPPING = contracts().sources[DEATHS]
DEAD = "dead_letter.population__deaths"
NUMBER, NAME, PHONE = "990122193001010017", "欧阳测试", "13911112222"
ROW = {
    "证明编号": "1",
    "身份证号": NUMBER,
    "姓名": NAME,
    "性别": "1",
    "出生日期": "19300101",
    "死亡日期": "20141230",
    "常住地址": "江南镇",
}
DAY = Statement(period="2014-12-31")


def deaths(*rows: dict[str, str], more: tuple[str, ...] = ()) -> bytes:
    header = [*MAPPING.columns, *more]
    lines = [",".join((ROW | row).get(column, "") for column in header) for row in rows]
    return "\n".join(["# notice", ",".join(header), *lines, ""]).encode()


@pytest.fixture
def sent(home, tmp_path):
    def write(body: bytes, name: str = "deaths.csv") -> Path:
        (tmp_path / "sender").mkdir(exist_ok=True)
        (tmp_path / "sender" / name).write_bytes(body)
        return tmp_path / "sender" / name

    return write


def files_of_the_lake() -> str:
    """All files below the homes as text: Parquet decoded, others in both encodings that departments use."""
    found = []
    for path in (p for home in (settings().data_home, settings().secrets) for p in sorted(home.rglob("*")) if p.is_file()):
        if path.suffix == ".parquet":
            found.append(str(pq.read_table(path).to_pydict()))
        else:
            found += [path.read_bytes().decode(encoding, errors="replace") for encoding in ("utf-8", "gb18030")]
    return "\n".join(found)


def test_bronze_holds_tokens_whose_values_the_vault_gives_back(sent):
    assert "landed 2" in answer(sent(deaths({}, {"证明编号": "2", "身份证号": "", "姓名": f" {NAME} "})), DEATHS, DAY)
    first, second = tables.read(MAPPING.bronze_table).sort_by("_row_no").to_pylist()
    assert re.fullmatch(r"citizen_no_[a-z2-7]{26}", first["身份证号"]) and second["身份证号"] == ""
    assert re.fullmatch(r"person_name_[a-z2-7]{26}", first["姓名"]) and first["姓名"] == second["姓名"]
    assert vault.clear(pa.array([first["身份证号"], first["姓名"]])).to_pylist() == [NUMBER, NAME]
    assert (first["出生日期"], first["常住地址"], first["_row_no"]) == ("19300101", "江南镇", 3)
    assert first["_period"].isoformat() == "2014-12-31"


def test_a_column_that_nobody_agreed_may_hold_anything_and_is_sealed(sent):
    told = answer(sent(deaths({"电话": PHONE}, more=("电话",))), DEATHS, DAY)
    assert "Column 电话 is not in the agreement; it is kept in bronze and used nowhere." in told
    [token] = tables.read(MAPPING.bronze_table)["电话"].to_pylist()
    assert token.startswith("free_text_") and vault.clear(pa.array([token]))[0].as_py() == PHONE


def test_what_is_no_record_is_sealed_and_neither_reason_nor_report_repeats_it(sent):
    body = deaths({}) + f"2,{NUMBER},{NAME}\n".encode() + deaths({"死亡日期": NAME}).splitlines(keepends=True)[2]
    told = answer(sent(body), DEATHS, DAY)
    letters = tables.read(DEAD).sort_by("_row_no").to_pylist()
    assert [(letter["_row_no"], letter["reason"]) for letter in letters] == [
        (4, "row 4 of deaths.csv has 3 values, the header 8; quote values that hold the delimiter."),
        (5, "row 5 of deaths.csv: 死亡日期 holds no time; write %Y%m%d."),
    ]
    assert vault.clear(pa.array([letters[0]["payload"]]))[0].as_py() == f"2,{NUMBER},{NAME}"
    assert NUMBER not in told + files_of_the_lake() and NAME not in told + files_of_the_lake()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            deaths({"证明编号": "A1", "根本死因分类": "5"}).split(b"\n", 2)[2],
            "What stands there is not repeated, since it may be a row",
        ),
        (f"{NUMBER},{NUMBER}\n".encode(), "columns 1 and 2 have the same name"),
        (f"_{NAME},{NUMBER}\n".encode(), "the name of column 1 begins with _"),
        (deaths({}).replace("死亡日期".encode(), "死亡日".encode()), "(死亡日 looks like 死亡日期)"),
    ],
    ids="no_header twice_the_same underscore renamed".split(),
)
def test_a_refusal_repeats_no_row_that_stands_where_the_header_should(sent, body, said):
    told = answer(sent(body), DEATHS, DAY)
    assert "refused" in told and said in told
    assert all(text not in told + files_of_the_lake() for text in (NUMBER, NAME))


def test_a_dry_run_stores_nothing_in_the_vault(sent):
    assert "would land 1 of 1 records" in rehearsal(sent(deaths({})), DEATHS, DAY)
    assert not settings().secrets.exists()


def test_the_raw_file_is_sealed_and_is_opened_only_to_land_it_again(sent, monkeypatch):
    with monkeypatch.context() as patched, pytest.raises(ZeroDivisionError):
        patched.setattr(tables, "append", lambda *_: 1 / 0)
        answer(sent(deaths({})), DEATHS, DAY)
    [waiting] = delivery.pending()
    [raw] = waiting.raw_file.parent.iterdir()
    assert raw.name == "deaths.csv.sealed" and raw_file.read(waiting) == deaths({})
    stage.run(stage.plan())
    assert receipt.is_landed(waiting) and tables.read(MAPPING.bronze_table).num_rows == 1
    assert NUMBER not in files_of_the_lake()


def test_upkeep_destroys_sealed_files_after_their_time_and_what_was_told_stays(sent, capsys):
    answer(sent(deaths({})), DEATHS, DAY)
    answer(sent(b"\xff", "bad.csv"), DEATHS, DAY)
    old, young = sorted(delivery.deliveries(), key=lambda d: d.file_name, reverse=True)
    before = receipt.read(old.receipt_file)
    received(old, datetime.now(UTC) - timedelta(days=31))
    assert cli.call("upkeep") == 0
    assert f"{DEATHS} {old.delivery_id}: the raw file has expired; receipt and rows stay" in capsys.readouterr().out
    assert not raw_file.is_there(old) and raw_file.is_there(young) and not vault.destroy_file_key(f"{DEATHS}/{old.delivery_id}")
    assert receipt.read(old.receipt_file) == before and receipt.verify(before, receipt.public_key())
    assert "the same content as delivery" in answer(sent(deaths({})), DEATHS, DAY)
    assert tables.read(MAPPING.bronze_table).num_rows == 1 and stage.plan() == {}
    with pytest.raises(LookupError, match=r"deaths\.csv of delivery .* has expired; have it sent again"):
        land.land(old)


def test_a_refused_file_that_has_expired_can_be_sent_again(sent):
    torn = deaths({}).replace("死亡日期".encode(), b"?")
    answer(sent(torn), DEATHS, DAY)
    [refused] = delivery.deliveries()
    received(refused, datetime.now(UTC) - timedelta(days=31))
    assert len(list(raw_file.expire())) == 1 and list(raw_file.expire()) == []
    assert f"refused and kept as {refused.delivery_id}" in answer(sent(torn), DEATHS, DAY)
    assert raw_file.read(refused) == torn


def received(old: delivery.Delivery, at: datetime) -> None:
    """As if the delivery had come at that time."""
    path = old.folder / "delivery.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"received_at": at.isoformat()}), "utf-8")


def test_the_inbox_takes_the_note_and_leaves_nothing_in_clear(sent):
    inbox = stage.inbox(DEATHS)
    inbox.mkdir(parents=True)
    file = inbox / "deaths.csv"
    note = {
        "dataset": "population__deaths",
        "source": "hc_deaths",
        "state_of": "2014-12-31",
        "rows": 1,
        "sent_at": "2015-01-01T05:30:00+08:00",
    }
    note_file(file).write_text(json.dumps(note), "utf-8")
    file.write_bytes(deaths({}))
    stage.run(stage.plan())
    [come] = delivery.deliveries()
    assert (come.period, come.sent_at) == ("2014-12-31", "2015-01-01T05:30:00+08:00") and receipt.is_landed(come)
    assert list(inbox.iterdir()) == [] and NUMBER not in files_of_the_lake()


def test_a_file_of_the_inbox_whose_note_is_wrong_stays_there_and_is_told(sent, capsys):
    inbox = stage.inbox(DEATHS)
    inbox.mkdir(parents=True)
    (inbox / "deaths.csv").write_bytes(deaths({}))
    note_file(inbox / "deaths.csv").write_text("{}", "utf-8")
    stage.run(stage.plan())
    said = (
        "deaths.csv stays in the inbox of population__deaths__hc_deaths: deaths.csv.note.json: no delivery note (dataset: Field"
    )
    assert said in capsys.readouterr().out and len(list(inbox.iterdir())) == 2 and not list(delivery.deliveries())


def test_no_number_phone_or_name_of_a_city_is_found_in_any_file_of_the_lake(lake_of_the_city):
    direct, cells = set(), set()
    for note in notes(lake_of_the_city.city):
        mapping = contracts().sources[f"{note['dataset']}__{note['source']}"]
        kinds = contracts()[mapping.feeds].direct
        headings = [f.reads for name, f in mapping.fields.items() if kinds.get(name) in ("citizen_no", "phone", "person_name")]
        places = [at for at, heading in enumerate(note["agreed"]["columns"].values()) if heading in headings]
        direct |= {row[at].strip() for row in records(note).values() for at in places}
    for name in tables.names("bronze"):
        rows = tables.read(name)
        cells |= {cell for column in rows.columns if pa.types.is_string(column.type) for cell in column.unique().to_pylist()}
    numbers = {text for text in direct if len(text) >= 11}
    text = files_of_the_lake()
    found = set(re.findall(r"[0-9]{11,18}[0-9X]?", text))
    assert len(numbers) > 5_000 and len(direct - numbers) > 2_000
    assert found & numbers == set() and direct & cells <= {""}
