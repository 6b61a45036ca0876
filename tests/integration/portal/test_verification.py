"""The verification service: who may ask what, what is answered, limits, and that absent and withheld look alike."""

import base64
import time
from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from fastapi.testclient import TestClient

from ingestion.batch.receipt import canonical, signing_key
from lakehouse import accounts, vault
from lakehouse.settings import settings
from portal.app import create_app
from portal.verification import access_log, api
from portal.verification import service as work
from publishing import register_index

LI, WANG, GONE = "990122198403160025", "99012219820126001X", "990122193906300023"
WITHHELD, ABSENT = "990122197110080019", "990122196510160013"
CODE = "92990122812888359T"
ROOT = api.ROOT


@pytest.fixture
def keys(home, monkeypatch) -> dict[str, str]:
    """A register of four persons, one of them withheld, one enterprise; an officer's key per department."""
    monkeypatch.setenv("LAKE_AS_OF", "2014-12-31T00:00:00+08:00")
    settings.cache_clear()
    monkeypatch.setattr(accounts, "COST", 2)  # these passwords guard nothing
    numbers, names = [LI, WANG, GONE, WITHHELD], ["李霞", "王国", "张刚", "钱江"]
    persons = pa.table({
        "number_token": vault.tokens("citizen_no", pa.array(numbers)), "name_token": vault.tokens("person_name", pa.array(names)),
        "person_id": ["P1", "P2", "P3", "P4"], "sex_code": ["2", "1", "2", "1"],
        "birth_date": [date(1984, 3, 16), date(1982, 1, 26), date(1939, 6, 30), date(1971, 10, 8)],
        "death_date": [None, None, date(2014, 12, 10), None], "is_dead": [0, 0, 1, 0], "is_resident": [1, 0, 0, 1],
        "is_enrolled": [None, None, None, None], "household_id": ["H1", "H1", "H2", "H1"],
        "division_code": ["330122003"] * 4, "is_withheld": [0, 0, 0, 1],
    })  # fmt: skip
    enterprises = pa.table({"uscc": [CODE], "enterprise_id": ["E1"], "is_active": [1], "legal_person_id": ["P1"]})
    addresses = pa.table({"address_text": ["浙江省杭州市桐庐县旧县街道旧县村塘边1号"]})
    register_index.publish(1, persons, enterprises, addresses, date(2014, 12, 31))
    accounts.all_accounts()
    officers = {code: f"officer_{code.lower()}" for code in ("EDU", "HSA", "AMR", "PSB")}
    for code, name in officers.items():
        accounts.add(name, "officer", code)
    return {code: accounts.new_key(name) for code, name in officers.items()} | {"steward": accounts.new_key("steward")}


@pytest.fixture
def service(keys) -> TestClient:
    return TestClient(create_app(), raise_server_exceptions=False, headers={"Accept-Language": "en"})


def ask(service, key: str, statement: str, purpose: str, **arguments: str):
    body = {"purpose": purpose, "statement": statement, "arguments": arguments}
    return service.post(f"{ROOT}/verify", json=body, headers={"Authorization": f"Bearer {key}"})


def look(service, key: str, purpose: str, number: str):
    body = {"purpose": purpose, "arguments": {"citizen_no": number}}
    return service.post(f"{ROOT}/lookup", json=body, headers={"Authorization": f"Bearer {key}"})


@pytest.mark.parametrize(
    ("department", "purpose", "statement", "arguments", "answer"),
    [
        ("HSA", "benefit_check", "number_name_match", {"citizen_no": LI, "name": "李霞"}, "yes"),
        ("HSA", "benefit_check", "number_name_match", {"citizen_no": LI, "name": "李 霞"}, "yes"),
        ("HSA", "benefit_check", "number_name_match", {"citizen_no": "990122840316002", "name": "李霞"}, "yes"),
        ("HSA", "benefit_check", "number_name_match", {"citizen_no": LI, "name": "李霜"}, "no"),
        ("HSA", "benefit_check", "alive_on", {"citizen_no": GONE, "date": "2014-12-10"}, "yes"),
        ("HSA", "benefit_check", "alive_on", {"citizen_no": GONE, "date": "2014-12-11"}, "no"),
        ("HSA", "benefit_check", "alive_on", {"citizen_no": LI, "date": "1984-03-15"}, "no"),
        ("HSA", "benefit_check", "resident_of_county", {"citizen_no": LI}, "yes"),
        ("HSA", "benefit_check", "resident_of_county", {"citizen_no": WANG}, "no"),
        ("HSA", "benefit_check", "same_household", {"citizen_no": LI, "other_citizen_no": WANG}, "yes"),
        ("HSA", "benefit_check", "same_household", {"citizen_no": LI, "other_citizen_no": GONE}, "no"),
        ("HSA", "benefit_check", "same_household", {"citizen_no": LI, "other_citizen_no": WITHHELD}, "unknown"),
        ("HSA", "benefit_check", "enrolled", {"citizen_no": LI}, "unknown"),
        ("EDU", "school_admission", "age_at_least", {"citizen_no": LI, "years": "30"}, "yes"),
        ("EDU", "school_admission", "age_at_least", {"citizen_no": LI, "years": "31"}, "no"),
        ("AMR", "business_registration", "enterprise_active", {"uscc": CODE.lower()}, "yes"),
        ("AMR", "business_registration", "enterprise_active", {"uscc": "91990122MA00000000"}, "unknown"),
        ("AMR", "business_registration", "legal_representative", {"uscc": CODE, "citizen_no": LI}, "yes"),
        ("AMR", "business_registration", "legal_representative", {"uscc": CODE, "citizen_no": WANG}, "no"),
        ("AMR", "business_registration", "address_exists", {"address": "浙江省杭州市桐庐县旧县街道旧县村塘边1号"}, "yes"),
        ("AMR", "business_registration", "address_exists", {"address": "浙江省杭州市桐庐县旧县街道旧县村塘边2号"}, "no"),
        ("HSA", "benefit_check", "number_name_match", {"citizen_no": ABSENT, "name": "李霞"}, "unknown"),
        ("HSA", "benefit_check", "number_name_match", {"citizen_no": WITHHELD, "name": "钱江"}, "unknown"),
    ],
)  # fmt: skip
def test_statements(service, keys, department, purpose, statement, arguments, answer) -> None:
    told = ask(service, keys[department], statement, purpose, **arguments)
    assert (told.status_code, told.json()["answer"]) == (200, answer)


@pytest.mark.parametrize(
    ("who", "purpose", "statement", "status", "said"),
    [
        ("", "benefit_check", "resident_of_county", 401, "Bearer"),
        ("wrong", "benefit_check", "resident_of_county", 401, "Bearer"),
        ("steward", "benefit_check", "resident_of_county", 403, "this is for officer"),
        ("EDU", "benefit_check", "resident_of_county", 403, "it has school_admission"),
        ("EDU", "idle_curiosity", "resident_of_county", 403, "no purpose 'idle_curiosity'"),
        ("EDU", "school_admission", "alive_on", 403, "does not ask 'alive_on'"),
    ],
)
def test_who_may_not_ask(service, keys, who, purpose, statement, status, said) -> None:
    told = ask(service, keys.get(who, who), statement, purpose, citizen_no=LI)
    assert told.status_code == status and said in told.json()["detail"]
    logged = [(c.caller, c.purpose, c.statement, c.answer) for c in access_log.calls_since("")]
    named = {"EDU": "officer_edu"}.get(who)
    assert logged == ([(named, purpose, statement, None)] if named else [])


@pytest.mark.parametrize("call", ["verify", "compare", "lookup"])
@pytest.mark.parametrize(("who", "status"), [("wrong", 401), ("steward", 403), ("PSB", 422)])
@pytest.mark.parametrize("body", [b"", b"{", b"{}"])
def test_the_key_is_looked_at_before_the_body(service, keys, call, who, status, body) -> None:
    told = service.post(f"{ROOT}/{call}", content=body, headers={"Authorization": f"Bearer {keys.get(who, who)}"})
    assert told.status_code == status


@pytest.mark.parametrize("number", ["x", "12345", LI + "0", LI[:-1] + "Y", "99012284031600X"])
def test_what_has_not_the_form_of_a_number_is_said_so_and_not_repeated(service, keys, number) -> None:
    looked = look(service, keys["PSB"], "household_registration", number)
    asked = ask(service, keys["PSB"], "resident_of_county", "household_registration", citizen_no=number)
    other = ask(service, keys["PSB"], "same_household", "household_registration", citizen_no=LI, other_citizen_no=number)
    for told, name in ((looked, "citizen_no"), (asked, "citizen_no"), (other, "other_citizen_no")):
        said = f"'{name}' must be a citizen number: 17 digits and a digit or X, or 15 digits."
        assert (told.status_code, told.json()["detail"]) == (422, said)


@pytest.mark.parametrize("number", [ABSENT, WITHHELD, LI[:-1] + "6", "990122198402300025", ABSENT.replace("99", "９９")])
def test_a_number_that_has_the_form_is_answered_alike_whether_absent_withheld_or_mistyped(service, keys, number) -> None:
    looked = look(service, keys["PSB"], "household_registration", number)
    assert (looked.status_code, looked.json()["profile"]) == (200, None)
    asked = ask(service, keys["PSB"], "resident_of_county", "household_registration", citizen_no=number)
    assert (asked.status_code, asked.json()["answer"]) == (200, "unknown")


def test_a_row_whose_number_is_none_spoils_no_comparison(service, keys) -> None:
    rows = [{"citizen_no": "x", "name": "李霞"}, {"citizen_no": LI, "name": "李霞"}]
    told = service.post(
        f"{ROOT}/compare", json={"purpose": "benefit_check", "rows": rows}, headers={"Authorization": f"Bearer {keys['HSA']}"}
    )
    assert [row["name"] for row in told.json()["rows"]] == ["missing", "agree"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [({}, "needs 'citizen_no'"), ({"citizen_no": LI}, "needs 'date'"), ({"citizen_no": LI, "date": "31.12.2014"}, "a day like")],
)
def test_a_statement_that_lacks_something(service, keys, arguments, said) -> None:
    told = ask(service, keys["HSA"], "alive_on", "benefit_check", **arguments)
    assert told.status_code == 422 and said in told.json()["detail"]


@pytest.mark.parametrize(
    ("call", "body", "said"),
    [
        ("compare", {"rows": [{"citizen_no": LI}, {"citizen_no": LI, "birth": "1984"}]}, "Row 2 of 'rows' has no field 'birth'"),
        ("lookup", {"arguments": {"citizen_no": LI, "name": "李霞"}}, "A lookup has no field 'name'; it takes citizen_no."),
        ("verify", {"statement": "number_name_match", "arguments": {"citizen_no": LI, "sex": "2"}}, "no field 'sex'"),
    ],
)  # fmt: skip
def test_a_field_that_the_call_does_not_take_is_named(service, keys, call, body, said) -> None:
    purpose = {"purpose": "household_registration"}
    told = service.post(f"{ROOT}/{call}", json=purpose | body, headers={"Authorization": f"Bearer {keys['PSB']}"})
    assert told.status_code == 422 and said in told.json()["detail"] and LI not in told.text


def test_a_number_where_a_text_is_due_is_one_sentence_without_what_was_sent(service, keys) -> None:
    body = {"purpose": "school_admission", "statement": "age_at_least", "arguments": {"citizen_no": LI, "years": 18}}
    told = service.post(f"{ROOT}/verify", json=body, headers={"Authorization": f"Bearer {keys['EDU']}"})
    assert told.status_code == 422 and LI not in told.text
    assert told.json()["detail"] == "The call does not fit: arguments.years: Input should be a valid string."


def test_a_subject_is_not_guessed_at(service, keys) -> None:
    """Five failed statements on one subject and day; a yes does not count; absent subjects are counted alike."""
    for number in (LI, ABSENT):
        names = ["李霜", "李双", "李爽", "李香", "李湘", "李想"]
        told = [ask(service, keys["HSA"], "number_name_match", "benefit_check", citizen_no=number, name=n) for n in names]
        assert [t.status_code for t in told] == [200] * 5 + [429]
    assert ask(service, keys["AMR"], "number_name_match", "business_registration", citizen_no=LI, name="李霞").status_code == 429


def test_sixty_calls_a_minute(service, keys) -> None:
    rows = {"purpose": "benefit_check", "rows": [{"citizen_no": LI}]}
    told = [
        service.post(f"{ROOT}/compare", json=rows, headers={"Authorization": f"Bearer {keys['HSA']}"}).status_code
        for _ in range(61)
    ]
    assert told == [200] * 60 + [429]


def test_rows_are_compared_field_by_field(service, keys) -> None:
    rows = [
        {"citizen_no": LI, "name": "李霞", "birth_date": "1984-03-16", "sex_code": "1"},
        {"citizen_no": LI, "birth_date": "1984-03-17"},
        {"citizen_no": ABSENT, "name": "李霞", "sex_code": "1"},
        {"citizen_no": WITHHELD, "name": "钱江", "sex_code": "1"},
    ]
    told = service.post(
        f"{ROOT}/compare", json={"purpose": "benefit_check", "rows": rows}, headers={"Authorization": f"Bearer {keys['HSA']}"}
    )
    nothing = {"name": "missing", "birth_date": "missing", "sex_code": "missing"}
    assert told.json()["rows"] == [
        {"name": "agree", "birth_date": "agree", "sex_code": "disagree"}, nothing | {"birth_date": "disagree"}, nothing, nothing,
    ]  # fmt: skip


def test_a_profile_is_masked_and_only_for_its_purpose(service, keys) -> None:
    shown = look(service, keys["PSB"], "household_registration", LI).json()["profile"]
    assert (shown["name"], shown["citizen_no"], shown["birth_year"]) == ("李*", "990122********0025", 1984)
    absent, withheld = (look(service, keys["PSB"], "household_registration", n).json() for n in (ABSENT, WITHHELD))
    assert absent["profile"] is withheld["profile"] is None
    assert look(service, keys["HSA"], "benefit_check", LI).status_code == 403


def test_every_answer_is_logged_with_its_purpose_and_signed(service, keys) -> None:
    told = ask(service, keys["HSA"], "alive_on", "benefit_check", citizen_no=LI, date="2014-12-31").json()
    (call,) = access_log.calls_since("")
    assert (call.receipt, call.caller, call.department, call.purpose) == (told["receipt"], "officer_hsa", "HSA", "benefit_check")
    assert call.legal_basis and call.data_as_of == told["data_as_of"] == "2014-12-31" and call.answer == "yes"
    unsigned = {k: v for k, v in told.items() if k != "signature"}
    signing_key().public_key().verify(base64.b64decode(told["signature"]), canonical(unsigned))


def test_no_number_or_name_lies_in_the_index_or_the_log(service, keys) -> None:
    ask(service, keys["HSA"], "number_name_match", "benefit_check", citizen_no=LI, name="李霞")
    for file in (register_index.index_file(), access_log.file(), access_log.file().with_name("access_log.sqlite-wal")):
        found = file.read_bytes() if file.exists() else b""
        assert LI.encode() not in found and "李霞".encode() not in found
        assert not file.exists() or file.stat().st_mode & 0o077 == 0


def test_before_the_registers_are_built(home) -> None:
    accounts.all_accounts()
    accounts.add("officer_hsa", "officer", "HSA")
    vault.tokens("citizen_no", pa.array([LI]))
    told = ask(TestClient(create_app()), accounts.new_key("officer_hsa"), "resident_of_county", "benefit_check", citizen_no=LI)
    assert told.status_code == 503 and "lake run" in told.json()["detail"]


@pytest.mark.slow
def test_absent_and_withheld_take_the_same_time(service, keys, monkeypatch) -> None:
    """Permutation test over 2,000 pairs on the difference of the mean times of the work itself, before it is paced.

    Chance alone gives p <= 0.01 once in a hundred runs, so that a difference counts when a second measurement shows it, too.
    """
    monkeypatch.setattr(access_log, "failed_today", lambda *a: 0)
    monkeypatch.setattr(access_log, "calls_in_last_minute", lambda *a: 0)
    random = np.random.default_rng(7)
    numbers = random.permutation([f"9901221980{n:08d}" for n in range(4000)]).reshape(-1, 2)
    withhold(numbers[:, 1])
    assert any(probability(time_differences(numbers, random), random) > 0.01 for _ in range(2))


def time_differences(numbers: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Seconds of each pair: absent minus withheld, asked in random order."""
    caller, differences = accounts.all_accounts()["officer_hsa"], []
    for absent, withheld in numbers:
        pair = {}
        for number in random.permutation([absent, withheld]):
            begun = time.perf_counter()
            work.verify(caller, "benefit_check", "resident_of_county", {"citizen_no": str(number)})
            pair[number] = time.perf_counter() - begun
        differences.append(pair[absent] - pair[withheld])
    return np.array(differences)


def probability(differences: np.ndarray, random: np.random.Generator) -> float:
    """Share of random signs that give a mean as far from zero."""
    flips = random.choice([-1, 1], size=(5000, len(differences)))
    by_chance = np.abs((flips * differences).mean(axis=1))
    return float((by_chance >= abs(differences.mean())).mean())


def withhold(numbers: np.ndarray) -> None:
    """Publish a register of these persons alone, all of them withheld."""
    rows = len(numbers)
    persons = pa.table({
        "number_token": vault.tokens("citizen_no", pa.array(numbers)), "person_id": [f"P{n}" for n in range(rows)],
        "is_resident": [1] * rows, "is_withheld": [1] * rows,
    })  # fmt: skip
    nothing = pa.table({"uscc": pa.nulls(0, pa.string())}), pa.table({"address_text": pa.nulls(0, pa.string())})
    register_index.publish(2, persons, *nothing, date(2014, 12, 31))
