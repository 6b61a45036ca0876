"""The steward's desk on a register of three persons written by hand: who may see it, what is masked, and what is decided."""

import json
import re

import pyarrow as pa
import pytest
from fastapi.testclient import TestClient

from lakehouse import accounts, tables
from portal.app import create_app
from quality import decisions
from tests.support import disputed_register
from tests.support.disputed_register import LI, NAMES, NUMBER, OTHER, WANG, token
from transforms.entity_resolution import steward_view, stewards, waiting

PASSWORD = "a password long enough"


@pytest.fixture
def register(home, monkeypatch) -> None:
    monkeypatch.setattr(accounts, "COST", 2)  # these passwords guard nothing
    accounts.all_accounts()
    for name in ("steward", "analyst"):
        accounts.set_password(name, PASSWORD)
    disputed_register.write()


@pytest.fixture
def portal(register) -> TestClient:
    return TestClient(create_app(), raise_server_exceptions=False, follow_redirects=False, headers={"Accept-Language": "en"})


@pytest.fixture
def steward(portal) -> TestClient:
    portal.post("/login", data={"name": "steward", "password": PASSWORD})
    return portal


def text(page) -> str:
    assert page.status_code == 200 and "<script" not in page.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


PAGES = ("/desk", f"/desk/conflicts/{WANG}", f"/desk/pair/{LI}/{WANG}")


@pytest.mark.parametrize("page", PAGES)
def test_it_is_for_stewards(portal, page):
    away = portal.get(page)
    assert (away.status_code, away.headers["location"]) == (303, f"/login?next={page}")
    portal.post("/login", data={"name": "analyst", "password": PASSWORD})
    assert portal.get(page).status_code == 403


def test_only_stewards_decide(portal):
    form = {"decision": "merge", "reason": "seen the papers"}
    assert portal.post(f"/desk/pair/{LI}/{WANG}", data=form).status_code == 401
    portal.post("/login", data={"name": "analyst", "password": PASSWORD})
    assert portal.post(f"/desk/pair/{LI}/{WANG}", data=form).status_code == 403
    assert decisions.history("entity__persons") == []


@pytest.mark.parametrize("page", PAGES)
def test_no_direct_identifier_and_no_stand_in_is_shown(steward, page):
    found = steward.get(page)
    assert found.status_code == 200 and found.headers["cache-control"] == "no-store"
    for hidden in (NUMBER, *NAMES.values(), "citizen_no_", "person_name_", "1984-03-16", "1948-03-16"):
        assert hidden not in found.text, hidden


def test_the_desk_counts_what_waits(steward):
    said = text(steward.get("/desk?register=persons&conflict=shared_number"))
    assert "Two under one number Citizen number citizen_no 2" in said and "birth_date 1" in said
    assert f"{LI} – {WANG} likeness 95.00 % 1" in said


def test_the_page_of_two_says_why_and_what_a_merge_would_change(steward):
    said = text(steward.get(f"/desk/pair/{WANG}/{LI}"))
    assert "likeness, probability 95.00 %, on 2014-12-31 by rules 1" in said
    assert (
        f"{WANG} becomes another name of {LI}, 2 records stand behind it, and 2 columns that both fill" in said
    )  # the id and the name
    li, wang = (token("person_name", NAMES[e])[-4:] for e in (LI, WANG))
    assert f"Name name *** {li} *** {wang} ≠ differs *** {li}" in said  # the police register outranks social insurance


def test_a_column_that_is_empty_on_one_side_does_not_differ(register, monkeypatch):
    golden = {LI: {"sex_code": "1", "death_date": None, "birth_date": "1984-03-16"},
              WANG: {"sex_code": "2", "death_date": "2014-01-02", "birth_date": "1984-03-16"}}  # fmt: skip
    monkeypatch.setattr(waiting, "_golden", lambda _kind, entity: golden[entity])
    found = {row["name"]: row["differs"] for row in waiting.side_by_side("persons", LI, WANG)}
    assert found == {"sex_code": True, "death_date": False, "birth_date": False}


def test_a_merge_is_kept_as_the_command_keeps_it_under_the_name_of_the_login(steward):
    sent = steward.post(f"/desk/pair/{LI}/{WANG}", data={"decision": "merge", "reason": "one card", "decided_by": "mallory"})
    assert (sent.status_code, sent.headers["location"]) == (303, f"/desk/pair/{LI}/{WANG}?decided=1")
    kept = tables.read(decisions.TABLE).to_pylist()[0]
    assert (kept["dataset"], kept["hold_id"], kept["kind"]) == ("entity__persons", f"{LI}+{WANG}", "merge")
    assert json.loads(kept["changes"]) == {"left": "r1#self", "right": "r2#self"}
    assert (kept["decided_by"], kept["reason"]) == ("steward", "one card")
    assert stewards.merged_pairs("persons").num_rows == 1
    said = text(steward.get(sent.headers["location"]))
    assert "The decision is kept" in said and "waits for the next run" in said and "one card" in said
    assert "No pair waits" in text(steward.get("/desk"))


def test_a_conflict_that_is_decided_is_marked_until_the_run(steward):
    assert "carries it out" not in "\n".join(steward_view.waiting_conflicts("persons", "", 20))
    steward.post(f"/desk/pair/{LI}/{WANG}", data={"decision": "merge", "reason": "one card"})
    lines = [line for line in steward_view.waiting_conflicts("persons", "", 20) if line.startswith("P")]
    marks = {tuple(line.split()[1:3]): line.endswith("decided; the next run carries it out") for line in lines}
    assert marks == {("shared_number", "citizen_no"): True, ("values", "birth_date"): False}
    assert "decided: waits for the next run" in text(steward.get("/desk?register=persons&conflict=shared_number"))


def test_undo_takes_the_merge_back(steward):
    page = f"/desk/pair/{LI}/{WANG}"
    steward.post(page, data={"decision": "merge", "reason": "one card"})
    undone = steward.post(page, data={"decision": "undo", "about": f"{LI}+{WANG}", "reason": "another card"})
    assert undone.status_code == 303 and stewards.merged_pairs("persons").num_rows == 0
    again = steward.post(page, data={"decision": "undo", "about": f"{LI}+{WANG}", "reason": "another card"})
    assert again.status_code == 400 and "No decision" in again.text


def test_two_are_kept_apart_even_where_linkage_joins_them(steward):
    steward.post(f"/desk/pair/{LI}/{WANG}", data={"decision": "apart", "reason": "two faces"})
    joined = pa.table({"mention_id": ["r1#self", "r2#self"], "cluster": pa.array([0, 0], pa.int64())})
    assert len(set(stewards.part("persons", joined)["cluster"].to_pylist())) == 2
    assert "No pair waits" in text(steward.get("/desk"))


def test_records_are_split_off_and_one_stays(steward):
    form = {"decision": "split", "entity": OTHER, "reason": "two schools"}
    assert steward.post(f"/desk/pair/{LI}/{OTHER}", data=form | {"record": ["r4#self"]}).status_code == 303
    assert stewards.in_force("persons")[OTHER].changes == {"anchor": "r3#self", "records": ["r4#self"]}
    refused = steward.post(f"/desk/conflicts/{OTHER}", data=form | {"record": ["r3#self", "r4#self"]})
    assert refused.status_code == 400 and "All records" in refused.text


def test_a_value_is_decided_on_the_page_of_one(steward):
    page, form = f"/desk/conflicts/{WANG}", {"decision": "value", "attribute": "birth_date", "reason": "birth certificate"}
    assert steward.post(page, data=form | {"record": "r9#self"}).status_code == 303
    given = {"entity_id": WANG, "attribute": "birth_date", "value": "1948-03-16"}
    assert stewards.values("persons").to_pylist() == [given]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"decision": "merge", "reason": " "}, "needs a reason"), ({"decision": "burn", "reason": "x"}, "no decision"),
        ({"decision": "split", "entity": LI, "reason": "x"}, "at least one"),
    ],
)  # fmt: skip
def test_a_form_that_cannot_be_decided_says_so_and_keeps_nothing(steward, form, said):
    refused = steward.post(f"/desk/pair/{LI}/{WANG}", data=form)
    assert refused.status_code == 400 and said in refused.text and decisions.history("entity__persons") == []


def test_a_form_of_another_site_is_refused_and_a_day_of_work_is_not(steward):
    page, form = f"/desk/conflicts/{OTHER}", {"decision": "split", "record": "r4#self", "reason": "two schools"}
    assert steward.post(page, data=form, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert {steward.post(page, data=form).status_code for _ in range(12)} == {303}


def test_an_id_never_given_is_not_found(steward):
    assert steward.get("/desk/conflicts/PZZZZZZZZZZZZZZZ").status_code == 404
    assert steward.get(f"/desk/pair/{LI}/PZZZZZZZZZZZZZZZ").status_code == 404
