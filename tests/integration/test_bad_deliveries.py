"""A delivery that is wrong as a whole gets its stated outcome and message, and silver is right once the correction has come.

December's deaths by the health commission: A died on the 30th, B on the 31st. Each case sends something else first.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import date

import pyarrow.compute as pc
import pytest

from ingestion.batch import delivery, receipt
from ingestion.batch.answers import answer
from ingestion.batch.statement import Statement
from lakehouse import tables
from lakehouse.contracts import contracts
from quality.reconcile import reconcile
from tests.support.delivered_files import workbook
from tests.support.records import MAN, WOMAN
from tests.support.silver_lake import build

SOURCE, DATASET = "population__deaths__hc_deaths", "population__deaths"
HEADER = contracts().sources[SOURCE].columns
A = ["A", WOMAN, "王秀英", "2", "19491231", "20141230", "I", "江南镇"]
B = ["B", MAN, "李国强", "1", "18800101", "20141231", "C", "富春江镇"]
DECEMBER = Statement(period="2014-12-31")
RIGHT = {"A": date(2014, 12, 30), "B": date(2014, 12, 31)}
NOTHING: dict[str, date] = {}


def file_of(*rows: list[str], header=HEADER, encoding: str = "utf-8") -> bytes:
    return "\n".join(["# 十二月", *(",".join(row) for row in [header, *rows]), ""]).encode(encoding)


def with_note(stated: Statement, body: bytes, rows: int) -> Statement:
    return replace(stated, stated_rows=rows, stated_sha256=hashlib.sha256(body).hexdigest())


@dataclass(frozen=True)
class Case:
    """What comes first, how it is answered, and which deaths silver then has; `before` came earlier still."""

    body: bytes
    state: str
    said: str
    silver: dict[str, date]
    stated: Statement = DECEMBER
    before: bytes | None = None
    correction: Statement = DECEMBER


WHOLE = file_of(A, B)
MISTAKEN = [*A[:5], "20141215", *A[6:]]
RENAMED = file_of(A, B, header=["证明编号", "身份证号_NEW", *HEADER[2:]])
CASES = {
    "wrong_encoding": Case(file_of(A, B, encoding="gbk"), "landed", "The file is not utf-8, as agreed, but gb18030", RIGHT),
    "column_renamed": Case(RENAMED, "refused", "the header lacks 身份证号 (身份证号_NEW looks like 身份证号); name the", NOTHING),
    "column_added": Case(
        file_of([*A, "x"], [*B, "y"], header=[*HEADER, "备注1"]), "landed", "Column 备注1 is not in the agreement", RIGHT
    ),
    "columns_reordered": Case(file_of(A[::-1], B[::-1], header=HEADER[::-1]), "landed", "received 2, landed 2", RIGHT),
    "dates_with_dashes": Case(file_of([*A[:5], "2014-12-30", *A[6:]], B), "landed", "received 2, landed 2", RIGHT),
    "event_time_gone": Case(
        file_of([*A[:5], "", *A[6:]], B), "landed", "row 3 of deaths.csv: 死亡日期 holds no time; write %Y%m%d.",
        {"B": date(2014, 12, 31)},
    ),
    "cut_off_within_a_row": Case(
        WHOLE[:-20], "refused", "its SHA-256 begins with", NOTHING, stated=with_note(DECEMBER, WHOLE, 2),
        correction=with_note(DECEMBER, WHOLE, 2),
    ),
    "cut_off_between_rows": Case(
        file_of(A), "refused", "holds 1 rows, 2 were stated: cut off, or stated of another file;", NOTHING,
        stated=replace(DECEMBER, stated_rows=2), correction=with_note(DECEMBER, WHOLE, 2),
    ),
    "empty": Case(file_of(), "empty", "The file holds a header and no rows.", NOTHING),
    "empty_though_rows_were_stated": Case(
        file_of(), "refused", "holds 0 rows, 2 were stated: cut off", NOTHING, stated=replace(DECEMBER, stated_rows=2)
    ),
    "empty_as_stated": Case(file_of(), "empty", "no rows, as its note says", NOTHING, stated=replace(DECEMBER, stated_rows=0)),
    "twice": Case(WHOLE, "landed", "the same content as delivery", RIGHT, before=WHOLE),
    "of_last_month": Case(
        file_of(MISTAKEN), "landed",
        "1 rows (the first is row 3) will not reach silver: of the same records delivery", RIGHT,
        stated=Statement(period="2014-11-30"), before=WHOLE,
    ),
    "of_next_month": Case(
        file_of(A, B), "landed", "received 2, landed 2", RIGHT, stated=Statement(period="2015-01-31"), before=file_of(MISTAKEN)
    ),
    "corrected_without_a_revision": Case(
        file_of(MISTAKEN), "landed", "1 rows (the first is row 3) differ from delivery", RIGHT, before=file_of(A),
        correction=replace(DECEMBER, revision=1),
    ),
    "corrected_by_a_lower_revision": Case(
        file_of(MISTAKEN), "landed", "received 1, landed 1", {"A": date(2014, 12, 15)}, correction=replace(DECEMBER, revision=1)
    ),
}  # fmt: skip


@pytest.fixture
def send(home, tmp_path):
    def deliver(body: bytes, stated: Statement, name: str = "deaths.csv") -> str:
        (tmp_path / name).write_bytes(body)
        return answer(tmp_path / name, SOURCE, stated)

    return deliver


def died() -> dict[str, date]:
    build(DATASET)
    if not tables.exists(f"silver.{DATASET}"):
        return {}
    rows = tables.read(f"silver.{DATASET}", ["record_no", "death_date"], filters=pc.field("_source_code") == SOURCE).to_pylist()
    return {row["record_no"]: row["death_date"] for row in rows}


@pytest.mark.parametrize("name", CASES)
def test_each_wrong_delivery_is_answered_as_stated_and_its_correction_makes_silver_right(send, name):
    case = CASES[name]
    if case.before is not None:
        send(case.before, DECEMBER, "earlier.csv")
    said = send(case.body, case.stated)
    assert case.said in said
    states = {d.period: receipt.read(d.receipt_file)["state"] for d in delivery.deliveries() if d.file_name == "deaths.csv"}
    assert states.get(case.stated.period, "landed") == case.state
    if name != "corrected_without_a_revision":
        assert died() == case.silver
    send(WHOLE, case.correction, "correction.csv")
    assert died() == RIGHT
    assert reconcile(DATASET).mismatches == []


def test_dates_that_a_workbook_holds_as_numbers_of_days_are_read_and_told(home, tmp_path):
    """Day 42,003 is 2014-12-30: day 1 is 1900-01-01, and workbooks count a 29 February 1900 that was none."""
    source = contracts().sources["population__deaths__ca_cremations"]
    row = dict.fromkeys(source.columns, "") | {"火化编号": "1", "逝者姓名": "王秀英", "身份证号码": WOMAN, "死亡日期": 42003}
    body = workbook(source.columns, list(row.values()), title=source.format.sheet)
    (tmp_path / "cremations.xlsx").write_bytes(body)
    said = answer(tmp_path / "cremations.xlsx", source.source, DECEMBER)
    assert said.endswith("Column 死亡日期 holds 1 dates as numbers of days; they are read as dates. Format the cells as dates.")
    build(DATASET)
    assert tables.read(f"silver.{DATASET}")["death_date"].to_pylist() == [date(2014, 12, 30)]


EMPLOYER = ["91330122MA2AXXXX0A", "某公司", "201412", "12", "1", "0"]
EMPLOYMENT = "enterprise__employment__hrss_employment"


def employer(**changes: str) -> bytes:
    header = contracts().sources[EMPLOYMENT].columns
    row = dict(zip(header, EMPLOYER, strict=True)) | changes
    return "\n".join([",".join(header), ",".join(row.values()), ""]).encode()


@pytest.mark.parametrize(
    ("text", "count", "check"),
    [
        ("12人", None, "insured_persons_unreadable"),
        ("1.2", None, "insured_persons_unreadable"),
        ("-3", -3, "persons_not_negative"),
    ],
)
def test_a_count_written_in_another_way_is_told_in_its_row_until_it_is_corrected(home, tmp_path, text, count, check):
    file, dataset = tmp_path / "employers.csv", contracts().sources[EMPLOYMENT].feeds
    for sent, stated, wanted in ((text, DECEMBER, count), ("12", replace(DECEMBER, revision=1), 12)):
        file.write_bytes(employer(参保人数=sent))
        assert "landed 1" in answer(file, EMPLOYMENT, stated)
        build(dataset)
        (row,) = tables.read(f"silver.{dataset}").to_pylist()
        assert (row["insured_persons"], check in (row["_warnings"] or "")) == (wanted, sent == text)


def test_a_weight_in_kilograms_is_kept_with_a_warning_until_it_is_corrected(home, tmp_path):
    mapping = contracts().sources["population__births__hc_births"]
    record = dict.fromkeys(mapping.columns, "") | {"certificateNo": "1", "childName": "王小", "birthTime": "201412300800"}
    for weight, stated in (("3.2", DECEMBER), ("3200", replace(DECEMBER, revision=1))):
        (tmp_path / "births.json").write_text(json.dumps({"items": [record | {"weight": weight}]}), "utf-8")
        answer(tmp_path / "births.json", mapping.source, stated)
        build(mapping.feeds)
        (row,) = tables.read(f"silver.{mapping.feeds}").to_pylist()
        assert (row["weight_g"], "weight_plausible" in (row["_warnings"] or "")) == (float(weight), weight == "3.2")
