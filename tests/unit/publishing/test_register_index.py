"""The index behind the verification service, from register tables made by hand; who is withheld; the log copied once."""

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from lakehouse import tables, vault
from lakehouse.settings import settings
from portal.verification import access_log, index, stage, statements
from portal.verification.access_log import Call
from publishing import register_index, register_stage
from quality import withheld

LI, WANG, SHARED = "990122198403160025", "99012219820126001X", "990122197110080019"
PERSONS = [
    ("P1", LI, "李霞", "school", None), ("P2", WANG, "王 国", None, None), ("P3", SHARED, "钱江", None, None),
    ("P4", SHARED, "钱河", None, None), ("P5", None, "无名", None, None), ("P1", LI, "李双", None, date(2014, 6, 1)),
]  # fmt: skip
UNTIL = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def registers(home, monkeypatch) -> None:
    monkeypatch.setenv("LAKE_AS_OF", "2014-12-31T00:00:00+08:00")
    settings.cache_clear()
    ids, numbers, names, schools, ended = zip(*PERSONS, strict=True)
    n = len(ids)
    rows = pa.table({
        "person_id": ids, "citizen_no": vault.tokens("citizen_no", pa.array(numbers)),
        "name": vault.tokens("person_name", pa.array(names)), "sex_code": ["2"] * n, "birth_date": [date(1984, 3, 16)] * n,
        "death_date": pa.nulls(n, pa.date32()), "is_dead": [False] * n, "is_usual_resident": [True] * n,
        "school_code": pa.array(schools, pa.string()), "household_id": ["H1"] * n, "usual_division_code": ["330122003"] * n,
        "registered_division_code": ["330122004"] * n, "valid_to": pa.array(ended, pa.date32()),
    })  # fmt: skip
    tables.replace("silver.entity__persons", rows)
    tables.replace("silver.mentions__persons", pa.table({"as_of": [date(2014, 12, 29), date(2014, 12, 30), date(2099, 1, 1)]}))


def held() -> dict[str, dict]:
    with closing(sqlite3.connect(register_index.index_file())) as base:
        base.row_factory = sqlite3.Row
        return {row["person_id"]: dict(row) for row in base.execute("select * from persons")}


def build() -> None:
    register_stage.run(register_stage.plan())


def test_persons_in_force_by_number_and_name_as_they_are_asked_for(registers) -> None:
    build()
    found = held()
    assert set(found) == {"P1", "P2"}  # P3 and P4 claim one number, P5 has none, the former record of P1 has ended
    assert found["P1"]["number_token"] == statements.number_token({"citizen_no": "990122840316002"}, "citizen_no")
    assert found["P1"]["name_token"] == statements.name_token("李霞") and found["P2"]["name_token"] == statements.name_token(
        "王国"
    )
    assert (found["P1"]["is_enrolled"], found["P2"]["is_enrolled"], found["P1"]["is_resident"]) == (1, 0, 1)
    assert found["P1"]["division_code"] == "330122003" and found["P1"]["birth_date"] == "1984-03-16"


def test_the_data_are_of_the_day_that_the_newest_record_speaks_of(registers) -> None:
    """Not of the day of the build, nor of a record from the future; a newer record makes a new index."""
    build()
    assert index.data_as_of() == date(2014, 12, 30)
    tables.replace("silver.mentions__enterprises", pa.table({"as_of": [date(2014, 12, 31)]}))
    build()
    assert index.data_as_of() == date(2014, 12, 31)


def test_nothing_new_until_a_register_or_a_word_on_a_person_changes(registers) -> None:
    assert register_stage.plan()
    build()
    assert register_stage.plan() == {}
    withheld.withhold("P1", "court order", UNTIL)
    build()
    assert (held()["P1"]["is_withheld"], held()["P2"]["is_withheld"]) == (1, 0)
    withheld.release("P1", "order lifted")
    build()
    assert held()["P1"]["is_withheld"] == 0
    assert [file.name for file in register_index.index_file().parent.glob("registers-v*")] == ["registers-v3.sqlite"]


def test_a_withheld_person_takes_that_along_into_a_merge(registers) -> None:
    withheld.withhold("P9", "court order", UNTIL)
    log = {"event_no": [1], "event": ["MERGE"], "entity_id": ["P9"], "to_ids": ["P1"]}
    tables.replace("silver.identity_log__persons", pa.table(log))
    build()
    assert held()["P1"]["is_withheld"] == 1


@pytest.mark.parametrize(("reason", "until"), [(" ", UNTIL), ("court order", datetime(2014, 1, 1, tzinfo=UTC))])
def test_withholding_needs_a_reason_and_an_end(registers, reason, until) -> None:
    with pytest.raises(ValueError, match=r"--reason|--until"):
        withheld.withhold("P1", reason, until)
    assert withheld.in_force() == {}


def test_who_is_not_withheld_cannot_be_released(registers) -> None:
    with pytest.raises(LookupError, match="P1 is not withheld"):
        withheld.release("P1", "order lifted")


def test_before_there_are_registers_there_is_nothing_to_do(home) -> None:
    assert register_stage.plan() == {}


def test_calls_are_copied_once(home) -> None:
    assert stage.plan() == {}
    call = Call("V1", "2014-12-31T00:00:00+00:00", "hsa", "HSA", "verify", "benefit_check", "law", "enrolled", "t", 1, "yes", "d")
    access_log.write(call)
    work = stage.plan()
    stage.run(work)
    stage.run(work)
    assert stage.plan() == {}
    access_log.write(Call(**vars(call) | {"receipt": "V2"}))
    stage.run(stage.plan())
    assert sorted(tables.read("ops.access_log")["receipt"].to_pylist()) == ["V1", "V2"]
