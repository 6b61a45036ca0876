"""Released files, feed and catalogue over a lake made by hand."""

import csv
import hashlib
import io
import subprocess
from xml.etree import ElementTree

from lakehouse.settings import settings
from publishing import release
from tests.support import open_data as od

FILE = "/releases/environment/2017.03-r1/agg_air_quality_daily.csv"


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


def test_downloads_are_verified_by_the_tool_that_everybody_has(portal, tmp_path):
    folder = "/releases/environment/2017.03-r1"
    sums = portal.get(f"{folder}/SHA256SUMS")
    assert (sums.status_code, sums.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert sums.headers["x-content-sha256"] == hashlib.sha256(sums.content).hexdigest()
    names = [line.split("  ")[1] for line in sums.text.splitlines()]
    for name in ("SHA256SUMS", *names):
        (tmp_path / name).write_bytes(portal.get(f"{folder}/{name}").content)
    done = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout.count(": OK")) == (0, len(names)), done.stdout
    assert f'"{folder}/SHA256SUMS"' in portal.get(folder).text


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


def test_a_template_holds_the_columns_of_the_source(portal):
    answer = portal.get("/templates/environment__air_quality__prsa.csv")
    assert next(csv.reader(io.StringIO(answer.text))) == ["year", "PM2.5", "station"]
