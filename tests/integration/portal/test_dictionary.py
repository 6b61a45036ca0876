"""The dictionary: every theme's datasets column by column, in both languages, whether open or not, and no values."""

import pytest
from fastapi.testclient import TestClient

from portal.app import create_app
from tests.support.english_words import english_in


@pytest.fixture
def portal(home) -> TestClient:
    return TestClient(create_app(), raise_server_exceptions=False)


def page(portal, address: str, language: str = "en") -> str:
    told = portal.get(address, headers={"accept-language": language})
    assert told.status_code == 200, address
    return told.text


@pytest.mark.parametrize(
    ("dataset", "title", "column"),
    [
        ("fct_population_monthly", "人口月报", "常住人口：户在人在，或居住满半年"),
        ("entity__persons", "", "姓名的代号"),
        ("population__residents", "户籍人口", "公民身份号码"),
        ("agg_enterprise_monthly", "企业月报", "吊销数"),
        ("entity__enterprises", "", "注册资本"),
        ("dim_divisions", "本市行政区划", "区划代码"),
        ("entity__addresses", "", "门牌"),
    ],
)
def test_population_enterprise_and_geography_are_told_in_chinese_and_english(portal, dataset, title, column):
    chinese = page(portal, f"/dictionary/{dataset}", "zh")
    assert title in chinese and column in chinese and english_in(chinese) == []
    english = page(portal, f"/dictionary/{dataset}")
    assert "Data dictionary" in english and 'lang="zh-CN"' in english


def test_all_themes_are_listed_and_every_link_leads_somewhere(portal):
    text = page(portal, "/dictionary", "zh")
    assert english_in(text) == [] and all(f'id="{t}"' in text for t in ("population", "enterprise", "geography", "environment"))
    links = {part.split('"')[0] for part in text.split('href="')[1:] if part.startswith("/dictionary/")}
    assert len(links) > 40
    for link in ("/dictionary/entity__households", "/dictionary/fct_vital_events"):
        assert link in links


def test_what_names_a_person_is_marked_and_no_example_is_shown(portal):
    text = page(portal, "/dictionary/population__residents", "zh")
    assert "受限 · 可识别个人，以代号保存" in text and "990122199003077710" not in text


@pytest.mark.parametrize("name", ["no_such", "xref__persons", "agg_noise_daily"])
def test_work_tables_and_the_template_are_not_in_it(portal, name):
    assert portal.get(f"/dictionary/{name}").status_code == 404
