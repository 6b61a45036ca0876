"""Pages, API and files over a lake made by hand: what is there, what is refused, what is out of reach."""

import csv
import io
import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
from fastapi.testclient import TestClient

from lakehouse import tables
from lakehouse.settings import settings
from portal.app import create_app
from publishing import release, serving
from tests.support import open_data as od

DAILY = "/api/v1/agg_air_quality_daily"
FILE = "/releases/environment/2017.03-r1/agg_air_quality_daily.csv"
PAGES = [
    "/", "/?q=daily&band=historical", "/datasets/agg_air_quality_daily",
    "/datasets/fct_air_quality_hourly", "/datasets/dim_stations",
    "/datasets/agg_air_quality_daily/rows", "/releases", "/releases/environment/2017.03-r1", "/quality", "/operations", "/models",
    "/models/pm25", "/report", "/templates",
]  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lake, its release and its serving file, made once."""
    folder = tmp_path_factory.mktemp("portal")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAKE_DATA_HOME", str(folder))
        settings.cache_clear()
        od.use(patch, od.catalogue_of())
        od.fill()
        release.build("environment")
        write_operations()
        serving.run(serving.plan())
    settings.cache_clear()
    card = folder / "models" / "pm25" / "card.json"
    card.parent.mkdir(parents=True)
    card.write_text(json.dumps({"title": "PM2.5 <forecast>", "metrics": [{"horizon_hours": 6, "mae": 12.25}]}), "utf-8")
    return folder


@pytest.fixture
def lake(made: Path, home: Path, monkeypatch) -> Path:
    """A copy of it for one test."""
    shutil.copytree(made, home, symlinks=True, dirs_exist_ok=True)
    od.use(monkeypatch, od.catalogue_of())
    return home


def write_operations() -> None:
    import pyarrow as pa

    at = pa.array([od.datetime(2017, 3, 1, tzinfo=od.UTC)] * 2, od.UTC_TIME)
    tables.replace(
        "ops.gate_outcomes",
        pa.table({
            "run_id": ["r1", "r1"], "at": at, "dataset": ["agg_air_quality_daily"] * 2,
            "table": ["gold.agg_air_quality_daily"] * 2,
            "check": ["has_rows", "pm25_share"], "kind": ["aggregate"] * 2, "severity": ["error", "warning"],
            "passed": [True, False],
            "observed": ["6", "2 %"], "expected": ["> 0", "< 1 %"],
            "message": ["The table holds rows.", "See /srv/secret/place/x.log"],
        }),
    )  # fmt: skip


@pytest.fixture
def portal(lake) -> TestClient:
    return TestClient(create_app(calls_per_minute=10_000), raise_server_exceptions=False, follow_redirects=False)


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


def test_rows_by_the_api_with_filters_order_and_pages(portal):
    answer = portal.get(
        DAILY, params={"pm25_ugm3.gte": 30, "sort": "-pm25_ugm3", "columns": "station_id,date_local,pm25_ugm3", "limit": 2}
    )
    body = answer.json()
    assert body["rows"] == [
        {"station_id": "prsa-dongsi", "date_local": "2017-02-28", "pm25_ugm3": 110.0},
        {"station_id": "prsa-shunyi", "date_local": "2017-02-28", "pm25_ugm3": 80.25},
    ]
    assert (body["matched"], body["returned"], body["release"], body["origins"]) == (3, 2, "2017.03-r1", ["public_reference"])
    assert f'<{body["links"]["next"]}>; rel="next"' in answer.headers["link"]
    rest = portal.get(body["links"]["next"]).json()
    assert [row["pm25_ugm3"] for row in rest["rows"]] == [35.5]
    assert set(rest["links"]) == {"prev"}


def test_csv_of_the_api_has_the_form_of_the_released_file(portal):
    whole = portal.get(DAILY, params={"format": "csv"})
    assert whole.content == portal.get(FILE).content
    assert whole.headers["content-disposition"] == 'attachment; filename="agg_air_quality_daily.csv"'
    assert whole.headers["content-type"] == "text/csv; charset=utf-8"


def test_only_rows_in_force_and_open_columns_are_there(portal):
    body = portal.get(DAILY).json()
    assert {row["rule_version"] for row in body["rows"]} == {"HJ 633-2012"}
    assert portal.get(DAILY, params={"rule_version": "HJ 633-2026"}).json()["matched"] == 0
    assert "held_by" not in json.dumps(body)
    assert "desk 4" not in portal.get("/datasets/agg_air_quality_daily/rows").text


@pytest.mark.parametrize(
    "address", [f"{DAILY}?held_by=x", f"{DAILY}?columns=held_by", f"{DAILY}?sort=held_by", f"{DAILY}?lang=en", f"{DAILY}?limit=0"]
)
def test_a_wrong_parameter_is_answered_with_400_and_a_sentence(portal, address):
    answer = portal.get(address)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"].endswith((".", "?"))


def test_pages_answer_a_wrong_choice_with_400(portal):
    for query in ("measure=held_by", "place=nowhere", "from=yesterday"):
        answer = portal.get(f"/datasets/agg_air_quality_daily?{query}")
        assert answer.status_code == 400
        assert '<p class="lead">' in answer.text


@pytest.mark.parametrize(
    "address",
    [
        "/datasets/environment__air_quality", "/api/v1/environment__air_quality", "/api/v1/run_outcomes",
        "/api/v1/ops.run_outcomes",
        "/api/v1/gold.dim_stations", "/api/v1/sqlite_master", "/datasets/..%2f..%2fetc%2fpasswd",
        "/releases/environment/2017.03-r1/..%2f..%2f..%2ftables%2fgold%2fdim_stations%2f_delta_log%2f00000000000000000000.json",
        "/releases/environment/2017.03-r1/%2e%2e%2findex.json", "/releases/environment/2017.03-r1/../index.json",
        "/releases/environment/2017.03-r1/%00", "/releases/environment/%2e%2e", "/releases/..%2f..%2f/2017.03-r1/manifest.json",
        "/releases/environment/index.json", "/releases/environment/.building-x/manifest.json", "/releases/nothing/2017.03-r1",
        "/static/..%2fapp.py", "/static/app.py", "/templates/..%2f..%2fx.csv", "/templates/nothing.csv",
        "/models/%2e%2e", "/models/..%2f..%2fsecrets", "/models/nothing", "/portal/reports.jsonl", "/docs", "/redoc",
    ],
)  # fmt: skip
def test_nothing_else_of_the_machine_is_reachable(portal, address):
    answer = portal.get(address)
    assert answer.status_code == 404, answer.text[:300]


def test_links_on_disk_are_not_followed(portal, lake, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("do not read")
    folder = settings().releases / "environment" / "2017.03-r1"
    (folder / "dim_stations.csv").unlink()
    (folder / "dim_stations.csv").symlink_to(secret)
    assert portal.get("/releases/environment/2017.03-r1/dim_stations.csv").status_code == 404
    (lake / "models" / "linked").symlink_to(tmp_path)
    (tmp_path / "card.json").write_text('{"title": "do not read"}')
    assert portal.get("/models/linked").status_code == 404
    assert "do not read" not in portal.get("/models").text


def test_sql_of_the_serving_file_cannot_read_the_machine(portal):
    from portal.serving_data import data

    for attack in (
        "select * from read_text('/etc/passwd')",
        "copy (select 1) to '/tmp/x.csv'",
        "attach '/tmp/x.db'",
        "create table gold.x as select 1",
    ):
        with pytest.raises(Exception, match=r"(?i)permission|disabled|read-only|cannot"):
            data.query(attack)


def test_a_table_without_list_and_a_made_up_one_are_not_shown(lake, monkeypatch):
    made_up = od.replace(od.stations(), origin="synthetic")
    od.use(monkeypatch, od.catalogue_of(od.daily(), od.replace(od.hourly(), publish=()), made_up))
    client = TestClient(create_app())
    assert "Synthetic data" in client.get("/datasets/dim_stations?lang=en").text
    assert client.get("/datasets/fct_air_quality_hourly").status_code == 404
    monkeypatch.setenv("LAKE_PROFILE", "production")
    settings.cache_clear()
    assert client.get("/datasets/dim_stations").status_code == 404
    assert client.get("/api/v1/dim_stations").status_code == 404


def test_downloads_have_names_types_checksums_and_ranges(portal):
    whole = portal.get(FILE)
    tag = whole.headers["etag"]
    assert tag.strip('"') == whole.headers["x-content-sha256"]
    assert whole.headers["content-disposition"] == 'attachment; filename="agg_air_quality_daily_2017.03-r1.csv"'
    assert whole.headers["content-type"] == "text/csv; charset=utf-8"
    part = portal.get(FILE, headers={"range": "bytes=3-12"})
    assert (part.status_code, part.content) == (206, whole.content[3:13])
    assert part.headers["content-range"] == f"bytes 3-12/{len(whole.content)}"
    assert portal.get(FILE, headers={"range": "bytes=999999-"}).status_code == 416
    assert portal.get(FILE, headers={"if-none-match": tag}).status_code == 304
    assert portal.get(FILE, headers={"range": "bytes=0-2", "if-range": '"other"'}).status_code == 200
    head = portal.head(FILE)
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(whole.content)), b"")
    assert portal.get(FILE.replace(".csv", ".parquet")).headers["content-type"] == "application/vnd.apache.parquet"
    assert "spreadsheetml" in portal.get(FILE.replace(".csv", ".xlsx")).headers["content-type"]


def test_pages_are_compressed_and_released_files_are_not(portal):
    packed = {"accept-encoding": "gzip"}
    assert portal.get("/datasets/agg_air_quality_daily", headers=packed).headers["content-encoding"] == "gzip"
    file = portal.get("/releases/environment/2017.03-r1/dcat.jsonld", headers=packed)
    assert "content-encoding" not in file.headers
    assert int(file.headers["content-length"]) == len(file.content) > 2048


def test_latest_leads_to_the_number(portal):
    answer = portal.get("/releases/environment/latest/dim_stations.csv?lang=en")
    assert (answer.status_code, answer.headers["location"]) == (307, "/releases/environment/2017.03-r1/dim_stations.csv?lang=en")


def test_a_withdrawn_version_is_gone_and_says_why(portal):
    release.withdraw("environment", "2017.03-r1", "Dongsi's sensor was out of order.")
    for address in ("/releases/environment/2017.03-r1", FILE, "/releases/environment/2017.03-r1/manifest.json"):
        answer = portal.get(address, headers={"accept-language": "en"})
        assert answer.status_code == 410
        assert "Dongsi&#39;s sensor was out of order." in answer.text
    assert portal.get("/releases/environment/latest/dim_stations.csv").status_code == 404
    assert "withdrawn" in portal.get("/releases?lang=en").text
    assert portal.get("/catalog").status_code == 404
    assert "Dongsi's sensor was out of order." in portal.get("/feed.atom").text


def test_the_feed_is_atom_and_tells_the_changes(portal):
    od.fill(od.daily_rows({("prsa-dongsi", od.DAYS[0]): 13.0}))
    release.build("environment")
    root = ElementTree.fromstring(portal.get("/feed.atom", headers={"accept-language": "en"}).content)
    space = "{http://www.w3.org/2005/Atom}"
    entries = root.findall(f"{space}entry")
    assert [e.findtext(f"{space}title") for e in entries] == [
        "Environment: version 2017.03-r2 published",
        "Environment: version 2017.03-r1 published",
    ]
    assert "Changed values by column: pm25_ugm3 1." in entries[0].findtext(f"{space}summary")
    assert all(root.findtext(f"{space}{name}") for name in ("id", "title", "updated"))
    assert len({e.findtext(f"{space}id") for e in entries}) == 2


def test_the_catalogue_is_json_ld_with_absolute_addresses(portal, monkeypatch):
    monkeypatch.setenv("LAKE_PUBLIC_URL", "https://data.example.org/")
    settings.cache_clear()
    answer = portal.get("/catalog")
    assert answer.headers["content-type"] == "application/ld+json"
    links = [d["dcat:downloadURL"]["@id"] for s in answer.json()["dcat:dataset"] for d in s["dcat:distribution"]]
    assert "https://data.example.org/releases/environment/2017.03-r1/dim_stations.csv" in links
    assert all(portal.get(link.removeprefix("https://data.example.org")).status_code == 200 for link in links)


def test_calls_beyond_the_limit_wait(lake):
    client = TestClient(create_app(calls_per_minute=2))
    first, second, third = (client.get(DAILY) for _ in range(3))
    assert [first.headers["ratelimit-remaining"], second.headers["ratelimit-remaining"]] == ["1", "0"]
    assert third.status_code == 429
    assert 0 < int(third.headers["retry-after"]) <= 60
    assert "download the whole file" in third.json()["detail"]
    assert client.get("/").status_code == 200  # pages are not counted


def test_other_sites_may_read_the_api_but_not_write_the_form(portal):
    assert portal.get(DAILY, headers={"origin": "https://app.example.org"}).headers["access-control-allow-origin"] == "*"
    preflight = portal.options(DAILY, headers={"origin": "https://app.example.org", "access-control-request-method": "DELETE"})
    assert preflight.status_code == 400
    forged = portal.post("/report", data={"text": "x"}, headers={"sec-fetch-site": "cross-site"})
    assert forged.status_code == 403


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


def test_quality_and_operations_tell_no_paths(portal):
    assert "See …" in portal.get("/quality?lang=en").text
    for address in ("/quality", "/operations", "/datasets/agg_air_quality_daily"):
        assert "/srv/secret" not in portal.get(address).text
    assert "release" in portal.get("/operations").text


def test_a_template_holds_the_columns_of_the_source(portal):
    answer = portal.get("/templates/environment__air_quality__prsa.csv")
    assert next(csv.reader(io.StringIO(answer.text))) == ["year", "PM2.5", "station"]


def test_health_says_what_is_served(portal, lake):
    assert portal.get("/health").json() == {"status": "ok", "serving_version": 1, "releases": {"environment": "2017.03-r1"}}


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


def test_a_new_serving_file_is_seen_without_a_restart(portal):
    assert portal.get("/api/v1/dim_stations").json()["matched"] == 2
    tables.replace("gold.dim_stations", od.station_rows().slice(0, 1))
    serving.run(serving.plan())
    assert portal.get("/api/v1/dim_stations").json()["matched"] == 1


def test_the_description_has_no_outside_references(portal):
    text = portal.get("/openapi.json").text
    body = json.loads(text)
    assert "$ref" in text
    assert not [
        line for line in text.split('"') if line.startswith("http") or (line.endswith(".json") and not line.startswith("/"))
    ]
    names = {p["name"] for p in body["paths"][DAILY]["get"]["parameters"]}
    assert {"station_id", "pm25_ugm3.gte", "date_local.lt", "aqi.null", "limit"} <= names
    assert not any("held_by" in name for name in names)


@pytest.mark.slow
def test_the_api_keeps_to_its_own_description(lake):
    """Generated calls, right and wrong ones: never a 5xx, answers of the promised form, wrong parameters refused."""
    import schemathesis
    from hypothesis import HealthCheck, given
    from hypothesis import settings as effort
    from schemathesis import GenerationMode

    schema = schemathesis.openapi.from_asgi("/openapi.json", create_app(calls_per_minute=1_000_000))
    for found in schema.get_all_operations():
        operation = found.ok()
        modes = list(GenerationMode) if operation.query else [GenerationMode.POSITIVE]
        for mode in modes:

            @effort(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
            @given(case=operation.as_strategy(generation_mode=mode))
            def check(case):
                case.call_and_validate()

            check()
