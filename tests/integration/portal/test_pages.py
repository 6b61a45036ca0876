"""Pages over a lake made by hand: what they say, in both languages, and what a reader's words may not do."""

import json

import pytest
from fastapi.testclient import TestClient

from lakehouse import tables
from lakehouse.settings import settings
from portal.app import create_app
from publishing import serving
from tests.support import open_data as od

DAILY = "/api/v1/agg_air_quality_daily"
FILE = "/releases/environment/2017.03-r1/agg_air_quality_daily.csv"
PAGES = [
    "/", "/?q=daily&band=historical", "/datasets/agg_air_quality_daily",
    "/datasets/fct_air_quality_hourly", "/datasets/dim_stations",
    "/datasets/agg_air_quality_daily/rows", "/releases", "/releases/environment/2017.03-r1", "/quality", "/operations", "/models",
    "/models/pm25", "/report", "/templates", "/linkage",
]  # fmt: skip


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("address", PAGES)
def test_every_page_opens_in_both_languages(portal, address, language):
    answer = portal.get(address, headers={"accept-language": language})
    assert answer.status_code == 200
    assert f'<html lang="{"zh-CN" if language == "zh" else "en"}">' in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "<script" not in answer.text
    assert " style=" not in answer.text
    assert answer.text.count("<h1") == 1


@pytest.mark.parametrize("address", ["/", "/health", DAILY, FILE, "/static/portal.css"])
def test_head_is_answered_where_get_is(portal, address):
    assert portal.head(address).headers["content-type"] == portal.get(address).headers["content-type"]


def test_the_page_says_what_a_reader_must_know(portal):
    text = portal.get("/datasets/agg_air_quality_daily?lang=en").text
    for said in ("Historical data", "Data as of", "2017-02-28", "2 rows are provisional", "CC-BY-4.0", "How to cite",
                 "Zhang, S. et al.",
                 "2017.03-r1", "SHA-256", "Quality warning", "Only rows of the rule version in force"):  # fmt: skip
        assert said in text, said
    sums = [f["sha256"] for f in json.loads((settings().releases / "environment/2017.03-r1/manifest.json").read_text())["files"]
            if f["dataset"] == "agg_air_quality_daily"]  # fmt: skip
    assert all(s in text for s in sums)


def test_the_language_is_remembered_and_only_if_it_is_one(portal):
    assert "lang=en" in portal.get("/?lang=en").headers["set-cookie"]
    assert "set-cookie" not in portal.get("/?lang=xx").headers


def test_search_finds_by_name_column_and_either_language(portal):
    def found(q: str) -> int:
        return portal.get("/", params={"q": q, "lang": "en"}).text.count('<li class="card">')

    assert [found(q) for q in ("", "daily", "细颗粒物", "DAILY pm2.5", "nothing at all")] == [3, 1, 1, 1, 0]


def test_what_a_reader_writes_is_escaped(portal):
    attack = '"><script>alert(1)</script>'
    for address in ("/", "/datasets/agg_air_quality_daily", "/datasets/agg_air_quality_daily/rows", "/report", "/nothing"):
        text = portal.get(address, params={"q": attack, "place": attack, "dataset": attack, attack: attack}).text
        assert "<script>alert" not in text
    assert "PM2.5 &lt;forecast&gt;" in portal.get("/models/pm25").text


def test_pages_answer_a_wrong_choice_with_400(portal):
    for query in ("measure=held_by", "place=nowhere", "from=yesterday"):
        answer = portal.get(f"/datasets/agg_air_quality_daily?{query}")
        assert answer.status_code == 400
        assert '<p class="lead">' in answer.text


def test_quality_and_operations_tell_no_paths(portal):
    assert "See …" in portal.get("/quality?lang=en").text
    for address in ("/quality", "/operations", "/datasets/agg_air_quality_daily"):
        assert "/srv/secret" not in portal.get(address).text
    assert "release" in portal.get("/operations").text


def test_before_the_first_run_pages_open_and_health_says_so(home, monkeypatch):
    od.use(monkeypatch, od.catalogue_of())
    client = TestClient(create_app())
    for address in (
        "/",
        "/releases",
        "/quality",
        "/operations",
        "/models",
        "/report",
        "/templates",
        "/feed.atom",
        "/openapi.json",
    ):
        assert client.get(address).status_code == 200, address
    assert client.get("/health").json() == {"status": "empty", "serving_version": None, "releases": {}}


def test_health_says_what_is_served(portal, lake):
    assert portal.get("/health").json() == {"status": "ok", "serving_version": 1, "releases": {"environment": "2017.03-r1"}}


def test_a_new_serving_file_is_seen_without_a_restart(portal):
    assert portal.get("/api/v1/dim_stations").json()["matched"] == 2
    tables.replace("gold.dim_stations", od.station_rows().slice(0, 1))
    serving.run(serving.plan())
    assert portal.get("/api/v1/dim_stations").json()["matched"] == 1


def test_a_report_is_kept_and_bounded(portal, lake, monkeypatch):
    sent = portal.post("/report", data={"dataset": "dim_stations", "text": "  Dongsi lies elsewhere.\n"})
    assert sent.status_code == 303
    number = sent.headers["location"].split("=")[1]
    assert number in portal.get(sent.headers["location"]).text
    (entry,) = [json.loads(line) for line in (lake / "portal" / "reports.jsonl").read_text("utf-8").splitlines()]
    assert (entry["id"], entry["dataset"], entry["text"]) == (number, "dim_stations", "Dongsi lies elsewhere.")
    assert set(entry) == {"id", "at", "dataset", "text"}
    for refused in ({"text": " "}, {"text": "x" * 2001}, {"text": "x", "dataset": "nothing"}):
        answer = portal.post("/report", data=refused)
        assert (answer.status_code, 'role="alert"' in answer.text) == (400, True)
    assert portal.post("/report", data={"text": "x" * 30_000}).status_code == 413
    monkeypatch.setattr("portal.pages.report.MAX_FILE_BYTES", 10)
    assert portal.post("/report", data={"text": "one more"}).status_code == 503


def test_reports_in_a_row_wait(portal):
    sent = [portal.post("/report", data={"text": "x"}).status_code for _ in range(7)]
    assert sent == [303] * 6 + [429]
