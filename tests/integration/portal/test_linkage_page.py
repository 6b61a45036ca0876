"""The page on measured linkage: figures of the newest scoring in words, in both languages, without scripts."""

import re

import pytest

from portal import linkage_figures
from portal.catch_words import catcher_words, column_words
from portal.texts import Texts
from publishing import serving
from quality.gate_outcomes import write
from quality.linkage import gate
from tests.support import linkage_scores
from tests.support.english_words import english_in


@pytest.fixture
def scored(portal):
    linkage_scores.write()
    serving.run(serving.plan())
    return portal


def words(portal, language: str) -> str:
    """The page's text without its markup."""
    page = portal.get("/linkage", headers={"accept-language": language})
    assert page.status_code == 200 and "<script" not in page.text and " style=" not in page.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


def test_before_the_first_scoring_the_page_says_what_to_run(portal):
    assert "lake sample-city score" in words(portal, "en")


def test_the_figures_stand_there_in_words(scored):
    text = words(scored, "en")
    for said in (
        "Synthetic data", "40,830 registered persons, 105 files",
        "Of 10,000 pairs of records that the register joins, 5 do not belong together. Measured on 5,000 records."
        " 95 % interval 99.85 % to 99.95 %. Agreed: at least 99.90 %.",
        "Of 10,000 pairs of records that belong together, 123 are not joined.",
        "Township where least is found 莪山畲族乡 97.50 % Measured on 5,000 records. 95 % interval 97.40 % to 97.50 %."
        " 1.60 points below the best. Agreed: at most 2.",
        "Township where most is found 桐君街道 99.10 %",
        "996 of 1,000 noticed, 4 missed.", "3 of 20,000 rows without any error",
        "Wrong check digit Citizen number citizen_no 400 399 1 The number has not 18 characters with a birth date that exists and"
        " the right check character (GB 11643) (399)",
        "birth_date 99.83 %",
        "599 of 700 noticed, 101 missed.",  # all single kinds of errors, not only those of fixed checks
    ):  # fmt: skip
        assert said in text, said


def test_the_threshold_stands_there_with_its_cost(scored):
    """Cost by hand: 7 false links at 10 and 261 missed at 1 are 331; at 0.9919 they are 311."""
    text = words(scored, "en")
    assert "At 0.99, the threshold in force, 7 pairs were joined wrongly and 261 missed: cost 331." in text
    assert "The cost would be least (311) at 0.9919." in text and "0.9900 99.96 % 98.00 % 7 261 331 ✓ in force" in text
    assert text.count("Where the line is drawn") == 1  # addresses have no threshold, enterprises were not measured


def test_a_single_wrong_pair_is_not_told_as_none():
    assert [linkage_figures.of_all(share) for share in (0.0, 0.00001, 0.0005, 0.5)] == ["0", "<1", "5", "5,000"]


def test_a_share_below_one_is_never_shown_as_one(scored):
    text = words(scored, "en")
    address = text[text.index("Addresses") : text.index("Errors put in on purpose")]
    assert "Joined rightly (precision) 99.99 %" in address and "Found (recall) 100.00 %" in address


def test_the_same_in_chinese_and_earlier_scorings_are_kept(scored):
    text = words(scored, "zh")
    assert english_in(scored.get("/linkage", headers={"accept-language": "zh"}).text) == []
    for said in (
        "虚构的城市",
        "登记库归到一起的每一万对记录中，有 5 对其实不属于一起",
        "按内容识别为重复",
        "校验码错误",
        "汉族",
        "90.00 %",
        "80.00 %",
    ):
        assert said in text, said


def test_errors_and_what_notices_them_have_names_in_both_languages():
    zh, en = Texts("zh"), Texts("en")
    assert (column_words("lon,lat", zh), column_words("guardian_name", zh)) == ("经度、纬度", "监护人")
    assert catcher_words("position from_gcj02", zh) == "坐标由 GCJ-02 换算"
    assert catcher_words("door_in_sent_township", en) == "door found in the township sent"
    assert catcher_words("birth_date_agrees", zh) == "出生日期与公民身份号码中的不一致"
    assert column_words("", zh) == ""


def test_the_verdict_of_the_gate_is_told(scored):
    write([gate.outcome()])
    serving.run(serving.plan())
    assert "Worse than agreed" in words(scored, "en")  # enterprises were not measured
