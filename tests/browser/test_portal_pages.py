"""The portal in a real browser: both languages, desk and phone, without scripts, without the outside world."""

import hashlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from itertools import product
from pathlib import Path

import pyarrow as pa
import pytest

from ingestion.batch.answers import answer
from lakehouse import accounts, tables
from lakehouse.settings import CHECKOUT, settings
from tests.support import disputed_register, gold_fixture, linkage_scores
from tests.support.disputed_register import LI, WANG
from tests.support.english_words import english_in

PASSWORD = "a password long enough"
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
PAGES = {
    "catalogue": "/", "daily": "/datasets/agg_air_quality_daily?place=prsa-aotizhongxin",
    "hourly": "/datasets/fct_air_quality_hourly",
    "rows": "/datasets/agg_air_quality_daily/rows", "release": "/releases/environment/latest", "quality": "/quality",
    "operations": "/operations", "linkage": "/linkage", "report": "/report", "missing": "/nothing", "templates": "/templates",
    "dictionary": "/dictionary", "columns": "/dictionary/population__residents",
}  # fmt: skip
NOISE = b"Site;Time;LAeq\nN1;01.05.2016 00:00;54.2\nN1;soon;50\n"
BEHIND_THE_DOOR = {
    "deliveries": "/deliveries", "delivery": f"/deliveries/template__noise__file/{hashlib.sha256(NOISE).hexdigest()[:32]}",
    "desk": "/desk?register=persons&conflict=shared_number", "conflict": f"/desk/conflicts/{WANG}",
    "pair": f"/desk/pair/{LI}/{WANG}",
}  # fmt: skip
CONTRAST = """() => {
  const parse = c => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = c => { const [r, g, b] = c.map(v => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
    return .2126 * r + .7152 * g + .0722 * b; };
  const ground = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c.slice(0, 3); } return [255, 255, 255]; };
  const weak = [];
  for (const e of document.querySelectorAll('body *:not(svg):not(svg *)')) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || e.closest('[aria-hidden=true]') || !e.checkVisibility()) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color).slice(0, 3)), light(ground(e))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) weak.push(`${e.tagName}.${e.className} ${ratio.toFixed(2)} ${e.textContent.trim().slice(0, 30)}`);
  }
  return weak;
}"""
UNLABELLED = """() => [
  ...[...document.querySelectorAll('input:not([type=hidden]), select, textarea')]
    .filter(e => !e.labels.length && !e.ariaLabel).map(e => e.outerHTML),
  ...[...document.querySelectorAll('img:not([alt]), svg:not([role=img])')].map(e => e.outerHTML.slice(0, 80)),
  ...[...document.querySelectorAll('th:not([scope]), table:not(:has(caption))')].map(e => e.outerHTML.slice(0, 80)),
]"""
OUT_OF_REACH = """() => [...document.querySelectorAll('.scroll, pre')]
  .filter(e => e.checkVisibility() && e.scrollWidth > e.clientWidth && e.tabIndex < 0 && !e.querySelector('a, button, input'))
  .map(e => e.outerHTML.slice(0, 80))"""
"""What moves sideways and cannot be moved by the keyboard."""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(
        not Path(CHROMIUM).exists() and not os.environ.get("CI"), reason="Chromium is not installed (apt install chromium)"
    ),
]


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A portal process over two real stations of Beijing; its address."""
    source = gold_fixture.source_folder(Path(os.environ["LAKE_REFERENCE_DATA"]) if "LAKE_REFERENCE_DATA" in os.environ else None)
    if source is None:
        pytest.skip("neither samples nor LAKE_REFERENCE_DATA hold PRSA files")
    home, port = tmp_path_factory.mktemp("portal"), _free_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAKE_DATA_HOME", str(home))
        patch.setenv("LAKE_SECRETS_HOME", str(home / "secrets"))
        settings.cache_clear()
        _fill(home, source)
    settings.cache_clear()
    own = {"LAKE_DATA_HOME": str(home), "LAKE_SECRETS_HOME": str(home / "secrets"), "LAKE_PORTAL_PORT": str(port)}
    environment = {**os.environ, **own, "LAKE_AS_OF": "2017-03-01T00:00:00Z"}
    process = subprocess.Popen([sys.executable, "-m", "portal"], cwd=CHECKOUT, env=environment)
    try:
        _wait(f"http://127.0.0.1:{port}/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _fill(home: Path, source: Path) -> None:
    from publishing import release, serving

    gold_fixture.write(home, source, station_count=2, start="2016-10-01")
    linkage_scores.write()
    tables.replace("bronze.environment__air_quality__prsa", pa.table({"station": ["Dongsi"]}))
    release.build("environment")
    serving.run(serving.plan())
    disputed_register.write()
    accounts.all_accounts()
    accounts.set_password("steward", PASSWORD)
    delivered = home / "noise.csv"
    delivered.write_bytes(NOISE)
    answer(delivered, "template__noise__file")


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait(address: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--headless=new", "--disable-gpu"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def steward(portal, browser) -> dict:
    """The session of a steward who has logged in by the form."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{portal}/login")
    page.fill("#name", "steward")
    page.fill("#password", PASSWORD)
    page.click("main button")
    session = context.storage_state()
    context.close()
    return session


@pytest.mark.parametrize(("name", "language"), [*product(PAGES, ("zh", "en")), *product(BEHIND_THE_DOOR, ("zh",))])
def test_a_page_is_whole_readable_and_alone(portal, browser, steward, name, language):
    """At the width of a desk, then of a phone; pages have no script of their own that asks for the width."""
    session = steward if name in BEHIND_THE_DOOR else None
    context = browser.new_context(locale="zh-CN" if language == "zh" else "en-GB", storage_state=session)
    page, outside, complaints = context.new_page(), [], []
    page.on("request", lambda r: None if r.url.startswith(portal) else outside.append(r.url))
    page.on("console", lambda m: complaints.append(m.text) if "404" not in m.text else None)
    page.goto(portal + (PAGES | BEHIND_THE_DOOR)[name])
    assert page.locator("h1").count() == 1 and "/login" not in page.url
    assert language == "en" or english_in(page.content()) == []
    assert page.get_attribute("html", "lang") == ("zh-CN" if language == "zh" else "en")
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(CONTRAST) == []
        assert page.evaluate(UNLABELLED) == []
        assert page.evaluate(OUT_OF_REACH) == []
    assert (outside, complaints) == ([], [])
    context.close()


def test_the_core_works_without_scripts(portal, browser):
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(portal)
    page.fill("#q", "daily")
    page.click("form.search button")
    page.click("li.card h2 a")
    assert page.url.endswith("/datasets/agg_air_quality_daily")
    page.select_option("select[name=measure]", "aqi")
    page.select_option("select[name=place]", "prsa-aotizhongxin")
    page.click("form.choose button")
    assert page.locator("svg.chart.wide path.chosen").count() == 1
    assert "Aotizhongxin" in page.locator("svg.chart.wide text.chosen").text_content()
    with page.expect_download() as download:
        page.click("a[download]:has-text('agg_air_quality_daily.csv')")
    assert download.value.suggested_filename.startswith("agg_air_quality_daily_")
    page.click("a.language")
    assert "空气质量日报" in page.locator("h1").inner_text()
    page.click("a:has-text('浏览并筛选全部行')")
    page.fill("input[name='date_local.gte']", "2017-02-28")
    page.click("form.choose button")
    assert "符合条件 2 行" in page.locator(".bar").inner_text()
    context.close()


def test_the_keyboard_reaches_the_content_first(portal, browser):
    page = browser.new_page()
    page.goto(portal)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.close()
