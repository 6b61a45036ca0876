"""Deliveries by the page and by a call: who may send what, the receipt, twice, a rehearsal, and the rows' report."""

import hashlib
import io
import json

import pytest
from fastapi.testclient import TestClient

from ingestion.batch import receipt
from lakehouse import accounts, tables
from portal.app import create_app
from portal.sentences import in_chinese
from quality import delivery_report
from tests.support.english_words import english_in

PASSWORD = "a password long enough"
SOURCE = "template__noise__file"
FILE = "Site;Time;LAeq\nN1;01.05.2016 00:00;54.2\nN1;01.05.2016 01:00;-\nN1;soon;50\n"


@pytest.fixture
def keys(home, monkeypatch) -> dict[str, str]:
    monkeypatch.setattr(accounts, "COST", 2)  # these passwords guard nothing
    accounts.all_accounts()
    accounts.add("noise_officer", "officer", "DATA")
    for name in ("noise_officer", "officer", "analyst", "steward"):
        accounts.set_password(name, PASSWORD)
    return {name: accounts.new_key(name) for name in ("noise_officer", "officer", "analyst", "steward")}


@pytest.fixture
def portal(keys) -> TestClient:
    return TestClient(create_app(), raise_server_exceptions=False, follow_redirects=False, headers={"Accept-Language": "en"})


def send(portal: TestClient, key: str | None, text: str = FILE, **fields: str):
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return portal.post(
        "/deliveries",
        data={"source": SOURCE, **fields},
        files={"file": ("noise.csv", io.BytesIO(text.encode()))},
        headers=headers,
    )


def test_a_call_is_answered_by_the_signed_receipt(portal, keys) -> None:
    told = send(portal, keys["noise_officer"])
    assert told.status_code == 201
    body = told.json()
    assert (body["state"], body["received"], body["sender"]) == ("landed", 3, "noise_officer")
    assert (body["report"]["landed"], body["report"]["dead_letter"]) == (2, 1)
    assert receipt.verify(body, receipt.public_key())
    assert tables.read("bronze.template__noise__file").num_rows == 2


def test_the_same_file_again_lands_nothing(portal, keys) -> None:
    first, again = (send(portal, keys["noise_officer"]) for _ in range(2))
    assert (again.status_code, again.json()["delivery_id"]) == (200, first.json()["delivery_id"])
    assert (first.json()["known"], again.json()["known"]) == (False, True)
    assert receipt.verify(again.json(), receipt.public_key())
    assert tables.read("bronze.template__noise__file").num_rows == 2


def test_the_same_file_with_and_without_a_period_is_remarked_on(portal, keys) -> None:
    first = send(portal, keys["noise_officer"], period="2016-05-01", revision="1").json()
    second = send(portal, keys["noise_officer"]).json()
    (said,) = [note for note in second["report"]["notes"] if "same bytes" in note]
    assert said == (
        f"The same bytes came before as delivery {first['delivery_id']} with another period or revision (then 2016-05-01 and"
        " revision 1, now no period and revision 0); they are landed again. State the same period each time a file is sent."
    )
    assert "同一文件此前已作为报送" in (in_chinese(said) or "")
    assert not [note for note in first["report"]["notes"] if "same bytes" in note]


def test_each_attempt_of_a_refused_file_has_its_own_time(portal, keys) -> None:
    first, again = (send(portal, keys["noise_officer"], rows="9") for _ in range(2))
    assert (first.status_code, again.status_code, again.json()["attempt"]) == (422, 422, 2)
    assert first.json()["received_at"] < again.json()["received_at"]


def test_a_rehearsal_keeps_nothing(portal, keys, home) -> None:
    told = send(portal, keys["noise_officer"], dry_run="true")
    assert told.status_code == 200 and "would land 2 of 3 records" in told.json()["said"][0]
    assert not (home / "landing").exists() and not tables.exists("bronze.template__noise__file")


@pytest.mark.parametrize(
    ("who", "status", "said"),
    [
        (None, 401, ""),
        ("analyst", 403, "this is for officer"),
        ("officer", 403, "another department's source"),
        ("steward", 201, ""),
    ],
)  # fmt: skip
def test_who_may_deliver_what(portal, keys, who, status, said) -> None:
    told = send(portal, keys.get(who))
    assert told.status_code == status and said in told.text


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"period": "31.12.2014"}, 400, "no day"), ({"revision": "-1"}, 400, "The field revision is '-1', no whole number"),
        ({"rows": "three"}, 400, "The field rows is 'three', no whole number"), ({"sha256": "abc"}, 400, "is no SHA-256"),
        ({"source": "no_such"}, 404, "No source 'no_such' takes files"),
    ],
)  # fmt: skip
def test_a_form_that_does_not_read(portal, keys, fields, status, said) -> None:
    told = send(portal, keys["noise_officer"], **fields)
    assert told.status_code == status and said in told.json()["detail"]


@pytest.mark.parametrize(
    ("language", "said"), [("en", "No source 'no_such' takes files;"), ("zh", "没有接收文件的来源 'no_such'；")]
)
def test_an_error_is_a_problem_in_the_language_asked_for(portal, keys, language, said):
    told = send_in(portal, language, keys["noise_officer"], source="no_such")
    assert (told.headers["content-type"], told.headers["content-language"]) == ("application/problem+json", language)
    assert told.json()["title"] == "Not Found" and said in told.json()["detail"]


def send_in(portal: TestClient, language: str, key: str | None, **fields: str):
    portal.headers["Accept-Language"] = language
    return send(portal, key, **fields)


def test_without_a_key_a_program_reads_a_problem_and_a_browser_a_page(portal):
    program = send(portal, None)
    assert (program.status_code, program.headers["content-type"]) == (401, "application/problem+json")
    assert program.headers["www-authenticate"] == "Bearer" and program.json()["status"] == 401
    portal.headers["Accept"] = "text/html,application/xhtml+xml,*/*;q=0.8"
    page = send(portal, None)
    assert page.status_code == 401 and page.headers["content-type"].startswith("text/html")


def test_rows_and_digest_that_are_stated_must_be_those_of_the_file(portal, keys):
    digest = hashlib.sha256(FILE.encode()).hexdigest()
    cut = send(portal, keys["noise_officer"], text=FILE[:-15], rows="3", sha256=digest)
    assert cut.status_code == 422 and "its SHA-256 begins with" in cut.json()["reason"]
    fewer = send(portal, keys["noise_officer"], text=FILE[: FILE.index("N1;soon")], rows="3")
    assert fewer.status_code == 422 and "holds 2 rows, 3 were stated: cut off" in fewer.json()["reason"]
    assert send(portal, keys["noise_officer"], rows="3", sha256=digest.upper()).status_code == 201


def test_a_file_that_was_refused_says_so_when_it_comes_again_and_lands_once_what_was_stated_fits(portal, keys):
    first, again, mended = (send(portal, keys["noise_officer"], rows=rows).json() for rows in ("4", "4", "3"))
    assert (first["state"], first["report"]["notes"], again["state"], again["attempt"]) == ("refused", [], "refused", 2)
    said = f"The same file was refused before, when it came on {first['received_at'][:10]}: {first['reason']}"
    assert again["report"]["notes"] == [said] and "holds 3 rows, 4 were stated" in said
    assert (mended["state"], mended["delivery_id"], mended["report"]["notes"]) == ("landed", first["delivery_id"], [said])


def test_a_form_without_a_file(portal, keys) -> None:
    told = portal.post("/deliveries", data={"source": SOURCE}, headers={"Authorization": f"Bearer {keys['noise_officer']}"})
    assert told.status_code == 400 and "no file" in told.text


def test_a_file_in_another_form_is_refused_with_the_reason_and_kept(portal, keys, home) -> None:
    answered = send(portal, keys["noise_officer"], text="Place;When\nN1;x\n")
    told = answered.json()
    assert answered.status_code == 422
    assert told["state"] == "refused" and "Site" in told["reason"]
    assert list((home / "landing" / "deliveries" / SOURCE / told["delivery_id"] / "raw").iterdir())


def log_in(portal: TestClient, name: str, password: str = PASSWORD):
    return portal.post("/login", data={"name": name, "password": password, "next": "/deliveries"})


def test_an_officer_logs_in_sends_and_reads_the_receipt(portal) -> None:
    away = portal.get("/deliveries")
    assert (away.status_code, away.headers["location"]) == (303, "/login?next=/deliveries")
    entered = log_in(portal, "noise_officer")
    assert (entered.status_code, entered.headers["location"]) == (303, "/deliveries")
    assert "samesite=strict" in entered.headers["set-cookie"] and "httponly" in entered.headers["set-cookie"].lower()
    sent = send(portal, None)
    assert sent.status_code == 303
    page = portal.get(sent.headers["location"]).text
    assert "soon" in page and "is no time" in page and "landed" in page
    listed = portal.get("/deliveries").text
    assert "noise.csv" in listed and "psb" not in listed
    body = json.loads(portal.get(sent.headers["location"] + "/receipt.json").text)
    assert receipt.verify(body, receipt.public_key())


def test_a_wrong_password_a_foreign_page_and_a_removed_account(portal) -> None:
    assert log_in(portal, "noise_officer", "wrong password!").status_code == 401
    assert (
        portal.post("/login", data={"name": "noise_officer", "password": PASSWORD, "next": "//evil.example"}).headers["location"]
        == "/"
    )
    accounts.remove("noise_officer")
    assert portal.get("/deliveries").status_code == 303


def test_a_new_password_ends_the_sessions(portal) -> None:
    log_in(portal, "noise_officer")
    assert portal.get("/deliveries").status_code == 200
    accounts.set_password("noise_officer", PASSWORD + "!")
    assert portal.get("/deliveries").status_code == 303


def test_a_chinese_page_says_it_in_chinese(portal) -> None:
    """What is wrong with a row, with a whole file, and with a form: no English but names and code."""
    portal.headers["Accept-Language"] = "zh"
    log_in(portal, "noise_officer")
    landed, refused = send(portal, None), send(portal, None, text="Place;When\nN1;x\n")
    pages = [
        portal.get(at).text for at in ("/deliveries", "/templates", *(sent.headers["location"] for sent in (landed, refused)))
    ]
    other = FILE + "N1;01.05.2016 02:00;51\n"
    pages += [send(portal, None, text=other, dry_run="true").text, send(portal, None, period="31.12.2014").text]
    assert [english_in(page) for page in pages] == [[]] * len(pages)
    assert "不是时间" in pages[2] and "表头缺少" in pages[3] and "将入库 3 条" in pages[4] and "31.12.2014" in pages[5]


def test_rules_that_rows_break_stand_there_by_column_and_sentence(portal, monkeypatch) -> None:
    rule = delivery_report.BrokenRule(
        "noise_db", "noise_db_floor", "Below 20 dB the instrument measures its own noise.", "error", 2, [2, 3]
    )
    monkeypatch.setattr(delivery_report, "of", lambda source, delivery: [rule])
    portal.headers["Accept-Language"] = "zh"
    log_in(portal, "noise_officer")
    page = portal.get(send(portal, None).headers["location"]).text
    assert "低于 20 分贝时仪器测到的是自身噪声。" in page and english_in(page) == []
