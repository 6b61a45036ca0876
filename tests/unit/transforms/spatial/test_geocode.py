"""Doors found by what departments write, and how sure each answer is. Doors are invented, divisions are real."""

import pyarrow as pa
import pytest

from tests.support import sent_places
from tests.support.sample_city import build, truth
from transforms.conform.gazetteer import gazetteer
from transforms.spatial.geocode import different, geocode
from transforms.spatial.sources import city_gazetteer, division_list

HEAD = "浙江省杭州市桐庐县"
LIST = [
    ("A1", "B1", "330122002200", f"{HEAD}旧县街道旧县村晨露里1号", 119.700, 29.700),
    ("A5", "B5", "330122002200", f"{HEAD}旧县街道旧县村晨露里5号", 119.704, 29.708),
    ("A6", "B6", "330122003001", f"{HEAD}桐君街道迎宾社区晨露苑1幢2单元101室", 119.710, 29.710),
    ("A7", "B7", "330122109263", f"{HEAD}分水镇三合村晨露路7号", 119.720, 29.720),
    ("A8", "B8", "330122002200", f"{HEAD}旧县街道旧县村振兴路8号", 119.730, 29.730),
]
VILLAGES = pa.table({"division_code": ["330122002200", "330122003001"], "lon": [119.5, 119.6], "lat": [29.5, 29.6]})
CASES = [
    (f"{HEAD}旧县街道旧县村晨露里1号", None, "A1", "A", "door"),
    ("桐庐县旧县街道旧县村晨露里１号", None, "A1", "A", "door"),
    (f"{HEAD}旧县街道旧县村晨露里1", None, "A1", "A", "door"),
    ("旧县村晨露里5号", "330122002200", "A5", "A", "door"),
    (f"{HEAD}桐君街道迎宾社区晨露苑1-2-101", None, "A6", "A", "door"),
    (f"{HEAD}桐君街道迎宾社区晨露苑1栋二单元101", None, "A6", "A", "door"),
    (f"{HEAD}旧县街道旧县村人民公社路8号", None, "A8", "A", "door"),
    ("晨露苑1幢2单元101室", "330122003001", "A6", "A", "door_in_sent_village"),
    (f"{HEAD}旧县街道晨露里5号", None, "A5", "A", "door_in_township"),
    (f"{HEAD}晨露苑1幢2单元101室", None, "A6", "A", "door_in_county"),
    (f"{HEAD}旧县街道旧县村晨露里3号", None, None, "B", "between_numbers"),
    (f"{HEAD}旧县街道旧县村晨露里9号", None, None, "C", "place"),
    (f"{HEAD}旧县街道旧县村晨露里", None, None, "C", "place"),
    (f"{HEAD}旧县街道旧县村暮雪里3号", None, None, "D", "village"),
    (f"{HEAD}旧县街道", None, None, "E", "division"),
    ("外省晨露里1号", None, None, None, "none"),
    ("娴欐睙鐪佹澀宸炲競", None, None, None, "none"),
]


@pytest.fixture(scope="module")
def found() -> dict[str, dict]:
    names = ("address_id", "building_id", "division_code", "address_text", "lon", "lat")
    listed = pa.table({name: list(values) for name, values in zip(names, zip(*LIST, strict=True), strict=True)})
    texts = pa.table({"address_text": [c[0] for c in CASES], "division_hint": pa.array([c[1] for c in CASES], pa.string())})
    return {row["address_text"]: row for row in geocode(texts, listed, VILLAGES, gazetteer("330122")).to_pylist()}


@pytest.mark.parametrize(("text", "hint", "address", "quality", "method"), CASES)
def test_what_an_address_means_and_how_surely(found, text, hint, address, quality, method):
    row = found[text]
    assert (row["address_id"], row["geocode_quality"], row["method"]) == (address, quality, method)
    assert row["building_id"] == (address and address.replace("A", "B"))


def test_a_number_between_two_lies_between_them(found):
    """3 is half way from 1 to 5."""
    row = found[f"{HEAD}旧县街道旧县村晨露里3号"]
    assert (row["lon"], row["lat"]) == (pytest.approx(119.702), pytest.approx(29.704))
    assert row["division_code"] == "330122002200"


def test_a_door_that_two_villages_have_is_nobodys_without_the_village():
    two = [
        ("A1", "B1", "330122002200", f"{HEAD}旧县街道旧县村晨露里1号"),
        ("A2", "B2", "330122002201", f"{HEAD}旧县街道西武山村晨露里1号"),
    ]
    names = ("address_id", "building_id", "division_code", "address_text")
    listed = pa.table(
        {n: list(v) for n, v in zip(names, zip(*two, strict=True), strict=True)} | {"lon": [1.0, 2.0], "lat": [1.0, 2.0]}
    )
    texts = pa.table({"address_text": [f"{HEAD}旧县街道晨露里1号"] * 2, "division_hint": [None, "330122002201"]})
    rows = geocode(texts, listed, VILLAGES, gazetteer("330122")).to_pylist()
    assert [row["address_id"] for row in rows] == [None, "A2"] and rows[0]["geocode_quality"] == "E"


def test_texts_are_asked_once_each_and_empty_ones_not():
    texts = pa.table({"address_text": ["乙", "甲", "", "甲", None], "division_hint": ["1", None, "1", None, "1"]})
    assert different(texts).to_pylist() == sorted(
        [{"address_text": "乙", "division_hint": "1"}, {"address_text": "甲", "division_hint": None}],
        key=lambda r: r["address_text"],
    )


def test_precision_and_recall_on_a_sample_city(tmp_path):
    """By the truth: the building of the address that was meant, or of the outdated one that was written (D11)."""
    city = build(tmp_path)
    sent = sent_places.sent(city)
    listed = sent["geography__addresses"]
    building = dict(zip(listed["address_text"].to_pylist(), listed["building_id"].to_pylist(), strict=True))
    wrong = {(d["file"], d["row_no"]): d for d in truth(city, "defects") if d["field"] in ("address_text", "mother_address")}
    rows = list(sent_places.address_texts(city))
    texts = {"address_text": [r[2] for r in rows], "division_hint": pa.array([r[3] or None for r in rows], pa.string())}
    places = city_gazetteer(division_list(sent["geography__divisions"]))
    answers = geocode(different(pa.table(texts)), listed, VILLAGES, places).to_pylist()
    found = {(a["address_text"], a["division_hint"]): a["building_id"] for a in answers}
    right = given = asked = 0
    for note, number, text, hint in rows:
        defect = wrong.get((note["file"], number))
        meant = building.get(defect["true_value"] if defect and defect["defect_id"] != "D11" else text)
        if text and meant:
            answer = found[text, hint or None]
            asked, given, right = asked + 1, given + bool(answer), right + (answer == meant)
    assert asked > 15_000 and right / given >= 0.99 and right / asked >= 0.95, (asked, given, right)
