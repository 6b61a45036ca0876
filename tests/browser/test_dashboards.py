"""The open dashboard in a real browser, as somebody who is not logged in."""

import os
import shutil
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Page, Response, expect, sync_playwright

from lakehouse import accounts
from tests.support.dashboards_server import Running

pytestmark = [pytest.mark.browser, pytest.mark.slow]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
DRAWN_WITHIN = 90_000  # milliseconds, on a busy machine


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium: ./lake doctor says how to install it")
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser.new_page(viewport={"width": 1500, "height": 3000}, locale="zh-CN")
        browser.close()


@pytest.fixture(scope="module")
def opened(superset: Running, page: Page) -> dict[str, list]:
    """The page with all charts drawn; answers and requests that it caused."""
    seen: dict[str, list] = {"answers": [], "elsewhere": []}
    host = urlsplit(superset.address).netloc

    def note_failure(request) -> None:
        if urlsplit(request.url).netloc not in (host, ""):
            seen["elsewhere"].append((request.url, request.failure))

    def note_answer(answer: Response) -> None:
        seen["answers"].append((answer.status, answer.url))
        if urlsplit(answer.url).netloc not in (host, ""):
            seen["elsewhere"].append((answer.url, "answered"))

    page.on("requestfailed", note_failure)
    page.on("response", note_answer)
    page.goto(f"{superset.address}/superset/dashboard/air-quality/")
    page.locator(".slice_container canvas").nth(3).wait_for(timeout=DRAWN_WITHIN)
    page.locator(".lake-day").first.wait_for(timeout=DRAWN_WITHIN)
    expect(page.locator(".loading")).to_have_count(0, timeout=DRAWN_WITHIN)
    return seen


def test_every_chart_is_drawn_and_none_reports_an_error(opened: dict[str, list], page: Page, tmp_path_factory) -> None:
    picture = tmp_path_factory.mktemp("dashboards") / "air-quality.png"
    page.screenshot(path=picture, full_page=True)
    assert picture.stat().st_size > 50_000
    assert page.locator(".slice_container").count() == 13
    assert page.locator(".ant-alert-error, [data-test='error-message']").count() == 0
    assert [(status, url) for status, url in opened["answers"] if status >= 400] == []


def test_nothing_is_asked_of_another_host(opened: dict[str, list]) -> None:
    """The front end's built-in usage counter is stopped by the content security policy before it leaves."""
    assert [failure for _, failure in opened["elsewhere"] if failure != "csp"] == []


def test_page_says_what_data_it_shows(opened: dict[str, list], page: Page) -> None:
    band = page.locator(".lake-band").first.inner_text()
    assert "历史数据 HISTORICAL DATA" in band
    assert "Data as of 2017-02-28" in band
    assert "All values final" in band


def test_levels_are_named_beside_their_colour(opened: dict[str, list], page: Page) -> None:
    legend = page.locator(".lake-legend").inner_text()
    for name in ("优 Excellent", "良 Good", "轻度污染", "中度污染", "重度污染", "严重污染 Severely polluted", "无数据 No data"):
        assert name in legend
    badge = page.locator(".lake-badge").first
    assert badge.inner_text().strip() in legend
    assert badge.evaluate("e => getComputedStyle(e).backgroundColor") != "rgba(0, 0, 0, 0)"


def test_calendar_has_a_field_for_each_day_of_the_last_year(opened: dict[str, list], page: Page) -> None:
    days = page.locator(".lake-day")
    assert days.count() == 365  # 2016-03-01 to 2017-02-28
    shown = [text for text in days.all_inner_texts() if text.strip() not in ("–", ">500")]
    assert all(0 <= int(text) <= 500 for text in shown)


def test_page_is_in_chinese_and_offers_no_editing(opened: dict[str, list], page: Page) -> None:
    assert page.get_by_text("登录").count() >= 1
    assert page.get_by_text("编辑看板").count() == 0
    assert page.locator("a[href*='/login/']").count() >= 1


def test_page_links_to_the_other_pages(opened: dict[str, list], page: Page) -> None:
    for title in ("人口 Population", "企业 Enterprises", "地理 Geography", "数据门户 Data portal"):
        assert page.locator("[data-test='dashboard-markdown-editor']").get_by_role("link", name=title).count() == 1


def test_station_of_test_vectors_is_not_on_the_page(opened: dict[str, list], page: Page) -> None:
    assert page.locator("td:has-text('Aotizhongxin')").count() == 1
    assert page.locator("td:has-text('Dongsi')").count() == 0


def test_station_filter_narrows_the_page(superset: Running, page: Page) -> None:
    """An analyst sees both stations; the filter of the page leaves the one that is chosen."""
    page = page.context.browser.new_page(viewport={"width": 1500, "height": 3000})  # a session of its own
    page.goto(f"{superset.address}/login/")
    page.fill("#username", "analyst")
    page.fill("#password", accounts.all_accounts()["analyst"].first_password)
    page.press("#password", "Enter")
    page.wait_for_url("**/dashboard/population/**")
    station = "东四 Dongsi"
    chosen = (
        f"(NATIVE_FILTER-0:(extraFormData:(filters:!((col:station,op:IN,val:!('{station}')))),"
        f"filterState:(label:'{station}',value:!('{station}')),id:NATIVE_FILTER-0,ownState:()))"
    )
    page.goto(f"{superset.address}/superset/dashboard/air-quality/?native_filters={quote(chosen)}")
    page.wait_for_selector("td:has-text('Dongsi')", timeout=DRAWN_WITHIN)
    expect(page.locator(".loading")).to_have_count(0, timeout=DRAWN_WITHIN)
    assert page.locator("td:has-text('Aotizhongxin')").count() == 0
