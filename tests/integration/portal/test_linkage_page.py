"""The page on measured linkage: figures of the newest scoring in words, in both languages, without scripts."""

import re

import pytest

from publishing import serving
from quality.gate_outcomes import write
from quality.linkage import gate
from tests.support import linkage_scores


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
        "5 of 10,000 joined pairs of records do not belong together",
        "123 of 10,000 pairs of records that belong together are not joined",
        "Township where least is found 莪山畲族乡 97.50 %", "Township where most is found 桐君街道 99.10 %",
        "996 of 1,000 errors", "3 of 20,000 rows without any error",
        "Wrong check digit citizen_no 400 399 1 citizen_no_valid (399)",
        "birth_date 99.83 %",
    ):  # fmt: skip
        assert said in text, said


def test_a_share_below_one_is_never_shown_as_one(scored):
    text = words(scored, "en")
    address = text[text.index("Addresses") : text.index("Errors put in on purpose")]
    assert "Right 99.99 %" in address and "Found 100.00 %" in address


def test_the_same_in_chinese_and_earlier_scorings_are_kept(scored):
    text = words(scored, "zh")
    for said in ("虚构的城市", "每一万对被归到一起的记录中，有 5 对并不属于一起", "校验码错误", "汉族", "90.00 %", "80.00 %"):
        assert said in text, said


def test_the_verdict_of_the_gate_is_told(scored):
    write([gate.outcome()])
    serving.run(serving.plan())
    assert "Worse than agreed" in words(scored, "en")  # enterprises were not measured
