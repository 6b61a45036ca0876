"""Gold of the registers on a small county: right once wrong deliveries were corrected, and of the same totals after an erasure.

What gold must say is counted by hand from the county's files. One lake goes through both, so gold is built twice.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from erasure import person
from erasure import run as erasure
from ingestion.batch.answers import answer
from ingestion.batch.statement import Statement
from lakehouse import cli, tables, vault
from lakehouse.settings import settings
from publishing import release, serving
from tests.support import gold_lake, silver_lake
from tests.support import small_county as county
from tests.support.erased_city import files_with
from tests.support.small_county import HARBOUR, VALLEY
from transforms.entity_resolution import stage as registers

pytestmark = [pytest.mark.spark, pytest.mark.slow]

CLOCK = "2015-01-01T08:00:00+08:00"
LIVING = (county.LI, county.ZHANG, county.LIU, county.CHILD, county.CHEN, county.ZHAO, county.ZHOU)
CLOSE = county.delimited(county.FULL, county.residents("20141231", *LIVING))
SUNS_DEATH, WANGS_DEATH, MISTAKEN = (
    county.delimited(county.DEATHS, [county.death(*told)])
    for told in (("S1", county.SUN, "20141205"), ("S2", county.WANG, "20141228"), ("S2", county.WANG, "20141215"))
)
CHILDS_ENTRY = county.delimited(county.DELTA, county.residents("20141212", county.CHILD))
MORE = "300万元人民币"
FOUNDED = [county.ORCHARD.event("R3", "设立", "20141209")]
ENDED = [
    county.SHOP.event("R4", "注销", "20141222", "注销"),
    county.FOOD.event("R5", "变更", "20141222", capital="300万元人民币"),
]
SOUND = {
    (county.FULL, "2014-12-01"): county.delimited(county.FULL, county.residents("20141201", *county.OPENING)),
    (county.DELTA, "2014-12-05"): county.delimited(county.DELTA, county.residents("20141205", county.SUN, status="9")),
    (county.DELTA, "2014-12-12"): CHILDS_ENTRY,
    (county.DELTA, "2014-12-28"): county.delimited(county.DELTA, county.residents("20141228", county.WANG, status="9")),
    (county.DEATHS, "2014-12-29"): WANGS_DEATH,
    (county.FLOATING, "2014-12-31"): county.delimited(county.FLOATING, [county.lodger(county.HE, "20140101")]),
    (county.REGISTRATIONS, "2014-12-01"): county.delimited(
        county.REGISTRATIONS, [county.FOOD.event("R1", "设立", "20100601"), county.SHOP.event("R2", "设立", "20110301")]
    ),
}
"""What comes as agreed, before all else, by source and day."""


@dataclass(frozen=True)
class Wrong:
    """A wrong delivery, words of its answer, and the text that corrects it; encoded as agreed where nothing else is said."""

    source: str
    day: str
    text: str
    said: str
    right: str
    encoding: str = ""
    stated_rows: int | None = None
    revision: int = 0


WRONG = {
    "in a wrong encoding": Wrong(county.FULL, "2014-12-31", CLOSE, "not gbk, as agreed, but utf-8", CLOSE, encoding="utf-8"),
    "with a renamed column": Wrong(
        county.DEATHS, "2014-12-08", SUNS_DEATH.replace("身份证号", "身份证号_NEW"), "refused and kept", SUNS_DEATH
    ),
    "with an extra column": Wrong(
        county.REGISTRATIONS, "2014-12-10", county.delimited(county.REGISTRATIONS, FOUNDED, {"备注1": "x"}),
        "Column 备注1 is not in the agreement", county.delimited(county.REGISTRATIONS, FOUNDED),
    ),
    "truncated": Wrong(
        county.REGISTRATIONS, "2014-12-22", county.delimited(county.REGISTRATIONS, ENDED[:1]),
        "holds 1 rows, 2 were stated: cut off", county.delimited(county.REGISTRATIONS, ENDED), stated_rows=2,
    ),
    "empty": Wrong(
        county.BIRTHS, "2014-12-15", county.born(), "holds no rows and kept",
        county.born(("T1", county.CHILD, county.LIU, county.ZHANG)),
    ),
    "twice": Wrong(county.DELTA, "2014-12-12", CHILDS_ENTRY, "the same content as delivery", CHILDS_ENTRY),
    "of last month": Wrong(
        county.DEATHS, "2014-11-30", MISTAKEN, "1 rows (the first is row 3) will not reach silver", WANGS_DEATH, revision=1
    ),
}  # fmt: skip


def deliver(folder: Path, source: str, text: str, stated: Statement, encoding: str = "") -> str:
    """The answer to the text as a file."""
    body = text.encode(encoding or county.ENCODING.get(source, "utf-8"))
    file = folder / f"{source}_{stated.period}_{hashlib.sha256(body).hexdigest()[:6]}"
    file.write_bytes(body)
    return answer(file, source, stated)


def build_registers() -> None:
    for dataset in county.DATASETS:
        silver_lake.build(dataset)
    registers.run(registers.plan())


def publish() -> None:
    """Gold, the serving file, and the open data of enterprises."""
    gold_lake.run_gold()
    serving.run(serving.plan())
    release.build("enterprise")


@pytest.fixture(scope="module")
def corrected(spark, tmp_path_factory) -> Iterator[dict[str, str]]:
    """The lake after every wrong delivery and its correction; the answers to the wrong ones."""
    folder, sent = tmp_path_factory.mktemp("county"), tmp_path_factory.mktemp("sent")
    with pytest.MonkeyPatch.context() as patch, gold_lake.lake(spark, folder / "data", as_of=CLOCK):
        patch.setenv("LAKE_HOME", str(folder / "lake"))
        settings.cache_clear()
        for (source, day), text in SOUND.items():
            deliver(sent, source, text, Statement(period=day))
        said = {
            name: deliver(sent, w.source, w.text, Statement(period=w.day, stated_rows=w.stated_rows), w.encoding)
            for name, w in WRONG.items()
        }
        build_registers()
        for w in WRONG.values():
            deliver(sent, w.source, w.right, Statement(period=w.day, revision=w.revision))
        build_registers()
        publish()
        yield said


def gold(query: str, *names: str) -> list[tuple]:
    with tables.duck(*(f"gold.{name}" for name in names)) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_delivery_is_answered_as_stated(corrected, name):
    assert WRONG[name].said in corrected[name]


def test_persons_at_the_end_of_the_month(corrected):
    """Of nine who were ever registered two died; the lodger, whose address names no division as sent, is a usual resident."""
    counted = """
    select township_code, sex_code, age_years, sum(persons), sum(registered), sum(usual_residents)
    from gold.fct_population_monthly where month_end = '2014-12-31' group by all order by all
    """
    assert gold(counted, "fct_population_monthly") == [
        (HARBOUR, "1", 39, 1, 1, 1), (HARBOUR, "2", 36, 1, 1, 1), (HARBOUR, "2", 79, 1, 1, 1),
        (VALLEY, "1", 0, 1, 1, 1), (VALLEY, "1", 34, 1, 1, 1), (VALLEY, "2", 32, 1, 1, 1), (VALLEY, "2", 62, 1, 1, 1),
        ("unknown", "1", 24, 1, 0, 1),
    ]  # fmt: skip


def test_births_and_deaths_are_those_of_the_corrected_files(corrected):
    events = "select event_date, event_kind, township_code, sex_code, age_years, persons from gold.fct_vital_events order by 1"
    assert gold(events, "fct_vital_events") == [
        (date(2014, 12, 5), "death", HARBOUR, "1", 84, 1),
        (date(2014, 12, 12), "birth", VALLEY, "1", 0, 1),
        (date(2014, 12, 28), "death", VALLEY, "1", 64, 1),
    ]
    balance = "select township_code, stock_before, births, deaths, stock from gold.agg_population_balance order by 1"
    assert gold(balance, "agg_population_balance") == [(HARBOUR, 4, 0, 1, 3), (VALLEY, 4, 1, 1, 4)]


def test_enterprises_of_the_month(corrected):
    """One was founded, one ended, one raised its capital from 100 to 300 ten thousand yuan."""
    counted = """
    select township_code, sum(stock_before), sum(births), sum(deaths), sum(stock), sum(capital_cny10k)
    from gold.agg_enterprise_monthly where month_start = '2014-12-01' group by all order by all
    """
    assert gold(counted, "agg_enterprise_monthly") == [(HARBOUR, 1, 1, 1, 1, 100.0), (VALLEY, 1, 0, 0, 1, 300.0)]


def totals() -> dict[str, list[tuple]]:
    """What an erasure leaves as it is: all but the age within a year and the grid."""
    asked = {
        "fct_population_monthly": "month_end, township_code, sex_code, residency_kind, sum(persons), sum(registered)",
        "fct_vital_events": "date_trunc('month', event_date), event_kind, township_code, sex_code, sum(persons)",
        "agg_population_balance": "*",
        "agg_enterprise_monthly": "*",
    }
    return {name: gold(f"select {what} from gold.{name} group by all order by all", name) for name, what in asked.items()}


def test_an_erased_person_stays_counted_and_is_in_no_file(corrected):
    """Last in the module. The legal person of an enterprise: number, name and birth date are nobody else's.

    In clear the person is in no file at all. Tokens and the id, which lead nowhere now, are in no file of rows, of whichever
    version, but for the identity log, which says that the id retired.
    """
    number = vault.tokens("citizen_no", pa.array([county.ZHANG.number]))[0].as_py()
    golden = tables.read("silver.entity__persons", filters=pc.field("citizen_no") == number)
    who, before = golden["person_id"][0].as_py(), totals()
    led_to_him = [who, *person.find(erasure.begin(who)).tokens]
    in_clear = [county.ZHANG.number, county.ZHANG.name]
    born = [repr(date(1980, 1, 15)), "1980-01-15", "19800115"]
    assert rows_with([who]) and rows_with([number]) and rows_with(born)

    assert cli.call("erase", "person", who, "--reason", "the person asked") == 0
    build_registers()
    publish()
    assert totals() == before
    assert files_with(in_clear, settings().home, settings().data_home, settings().secrets) == []
    assert rows_with(born) == []
    log = tables.location("silver.identity_log__persons")
    assert [path for path in rows_with(led_to_him) if not path.is_relative_to(log)] == []


def rows_with(values: list[str]) -> list[Path]:
    """Files of tables, of the serving file and of releases that hold one of the values."""
    home = settings().data_home
    found = files_with(values, settings().tables, home / "serving", home / "releases")
    return [path for path in found if "_delta_log" not in path.parts]
