"""A delivery much smaller or larger than the one before is told in receipt, report and scorecard; by chance, as a correction or
as the first it is not.

Chance: 26 and 9 rows differ by 17, less than 3 times the root of 35 (17.7), 26 and 8 by 18, more than that of 34 (17.5).
"""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from ingestion.batch import delivery, receipt
from ingestion.batch.answers import answer, rehearsal
from ingestion.batch.statement import Statement
from lakehouse import tables
from lakehouse.contracts import contracts
from lakehouse.contracts.mapping import Volume
from quality import delivery_report, scorecards, volumes

SOURCE = contracts().sources["enterprise__employment__hrss_employment"]


@pytest.mark.parametrize(
    ("before", "rows", "is_unusual"),
    [
        (1000, 500, False), (1000, 499, True), (1000, 2000, False), (1000, 2001, True), (1000, 0, True), (0, 1000, False),
        (26, 9, False), (26, 8, True), (4, 9, False), (5, 0, False),
    ],
)  # fmt: skip
def test_half_to_twice_as_many_may_come_and_what_chance_does_is_no_warning(before, rows, is_unusual):
    assert volumes.is_unusual(rows, before, SOURCE) == is_unusual


def test_the_mapping_states_how_many():
    strict = SOURCE.model_copy(update={"volume": Volume(least=0.9, most=1.1)})
    assert volumes.is_unusual(850, 1000, strict) and not volumes.is_unusual(850, 1000, SOURCE)
    events = contracts().sources["population__deaths__hc_deaths"]
    assert events.volume is None and not volumes.is_unusual(1, 1000, events)


def told(*rows: tuple[str, str | None, int, int, str]) -> None:
    """Receipts: delivery, period, revision, rows, state, in the order of their coming."""
    kept = [
        {
            "source": SOURCE.source, "delivery_id": name, "period": period, "revision": revision, "received": count,
            "state": state, "received_at": datetime(2015, 1, 1, at, tzinfo=UTC).isoformat(),
        }
        for at, (name, period, revision, count, state) in enumerate(rows)
    ]  # fmt: skip
    schema = pa.schema([(name, pa.int64() if name in ("revision", "received") else pa.string()) for name in kept[0]])
    tables.replace(volumes.RECEIPTS, pa.Table.from_pylist(kept, schema))


def test_the_one_before_is_of_an_earlier_period_whatever_came_first(home):
    told(
        ("march", "2014-03-31", 0, 1000, "landed"), ("february", "2014-02-28", 0, 300, "landed"),
        ("torn", "2014-02-28", 0, 0, "refused"), ("january", "2014-01-31", 0, 900, "landed"),
        ("correction", "2014-03-31", 1, 3, "landed"), ("april", "2014-04-30", 0, 0, "empty"),
    )  # fmt: skip
    found = [(u.delivery_id, u.rows, u.rows_before, u.period_before) for u in volumes.unusual(SOURCE)]
    assert found == [
        ("march", 1000, 300, "2014-02-28"), ("february", 300, 900, "2014-01-31"), ("april", 0, 1000, "2014-03-31"),
    ]  # fmt: skip


def test_without_a_period_the_one_before_came_before(home):
    told(("first", None, 0, 1000, "landed"), ("second", None, 0, 100, "landed"), ("third", None, 0, 110, "landed"))
    assert [(u.delivery_id, u.rows_before) for u in volumes.unusual(SOURCE)] == [("second", 1000)]
    assert volumes.remarks(SOURCE, "fourth", None, 0, 1000)[0].startswith(
        "volume_as_before: 1000 rows came, the delivery before it had"
    )


def file_of(rows: int) -> str:
    """Employers of a month, one a row."""
    lines = [f"91330122{n:010d},某公司{n},201412,1,0,0" for n in range(rows)]
    return "\n".join([",".join(SOURCE.columns), *lines, ""])


def test_receipt_report_and_rehearsal_name_the_rule(home, tmp_path):
    for name, count in (("november.csv", 400), ("december.csv", 100)):
        (tmp_path / name).write_text(file_of(count), "utf-8")
    november, december = Statement(period="2014-11-30"), Statement(period="2014-12-31")
    assert volumes.RULE not in answer(tmp_path / "november.csv", SOURCE.source, november)
    said = (
        "volume_as_before: 100 rows came, the delivery of 2014-11-30 had 400; 0.5 to 2 times as many were agreed."
        " If rows are missing or doubled, send the whole file with a higher revision; else nothing is to be done."
    )
    assert said in rehearsal(tmp_path / "december.csv", SOURCE.source, december)
    assert said in answer(tmp_path / "december.csv", SOURCE.source, december)
    [come] = [d for d in delivery.deliveries() if d.period == "2014-12-31"]
    assert receipt.read(come.receipt_file)["report"]["notes"] == [said]
    [broken] = delivery_report.of(SOURCE, come.delivery_id)
    assert (broken.rule, broken.severity, broken.rows) == ("volume_as_before", "warning", 100)
    again = answer(tmp_path / "december.csv", SOURCE.source, Statement(period="2014-12-31", revision=1))
    assert volumes.RULE not in again


def test_the_scorecard_counts_them(home, monkeypatch):
    told(("a", "2014-01-31", 0, 1000, "landed"), ("b", "2014-02-28", 0, 10, "landed"), ("c", "2014-03-31", 0, 1000, "landed"))
    card = {"department": "HRSS", "dataset": SOURCE.feeds, "source": SOURCE.source, "rows": 5, "held": 0}
    card |= {"unusual_volumes": len(volumes.unusual(SOURCE))} | dict.fromkeys(scorecards.SHARES, 1.0)
    tables.replace(scorecards.TABLE, pa.Table.from_pylist([card], scorecards.SCHEMA))
    assert scorecards.table().splitlines()[1].split()[4] == "2"
