"""Enterprise names of every common build, invented, each with the parts that the naming rule gives it."""

import csv
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from transforms.conform.enterprise_names import parse_enterprise_names
from transforms.conform.gazetteer import gazetteer
from transforms.conform.texts import Texts

READ_BY_HAND = Path(__file__).parents[2] / "data" / "enterprise_names" / "read_by_hand.csv"
LLC, FACTORY = "limited_liability_company", "factory"
# name, parent, division, trade name, industry, form, branch
NAMES = [
    ("杭州晨露体育用品有限公司", None, "3301", "晨露", "体育用品", LLC, False),
    ("杭州市余杭区晨露塑料五金厂", None, "330110", "晨露", "塑料五金", FACTORY, False),
    ("浙江省杭州富阳晨露机械制造有限责任公司", None, "330111", "晨露", "机械制造", LLC, False),
    ("桐庐晨露针织有限公司", None, "330122", "晨露", "针织", LLC, False),
    ("慈溪市长河镇晨露轴承厂(普通合伙)", None, "330282120", "晨露", "轴承", "partnership", False),
    ("余姚市低塘镇晨露加工厂", None, "330281005", "晨露", "加工", FACTORY, False),
    ("晨露电器(宁波)有限公司", None, "3302", "晨露", "电器", LLC, False),
    ("晨露控股集团股份有限公司", None, None, "晨露", "控股", "company_limited_by_shares", False),
    ("中国晨露银行股份有限公司杭州萧东支行", "中国晨露银行股份有限公司", None, "中国晨露银行", None, "bank_branch", True),
    ("杭州晨露文具有限公司湖滨门市部", "杭州晨露文具有限公司", "3301", "晨露", "文具", "outlet", True),
    ("浙江晨露汽车销售有限公司温岭分公司", "浙江晨露汽车销售有限公司", "33", "晨露", "汽车销售", "branch", True),
    ("萧山区北干街道晨露经济合作社", None, "330109002", "晨露", None, "economic_cooperative", False),
    ("鄞县晨露印刷厂", None, "330227", "晨露", "印刷", FACTORY, False),
    ("杭州晨露大酒店", None, "3301", "晨露", None, "hotel", False),
    ("杭州市燃料有限公司", None, "3301", None, "燃料", LLC, False),
    ("平安晨露保险有限公司", None, None, "平安晨露", "保险", LLC, False),
    ("晨露", None, None, "晨露", None, None, False),
    (None, None, None, None, None, None, False),
]


@pytest.mark.parametrize("expected", NAMES)
def test_the_parts_of_a_name(expected):
    (row,) = parse_enterprise_names(pa.array([expected[0]], pa.string()), home="33").to_pylist()
    row.pop("name_note")
    assert tuple(row.values()) == expected[1:]


@pytest.mark.parametrize(
    ("text", "home", "code", "rest"),
    [
        ("浙江省浙江省金华市婺城区宾虹路", "", 330702, "宾虹路"),
        ("江干区凯旋路", "33", 330104, "凯旋路"),  # until 2021
        ("北京市朝阳区建国路", "33", 110105, "建国路"),
        ("朝阳区建国路", "", 0, "朝阳区建国路"),  # Beijing and Changchun both have one
        ("朝阳区建国路", "11", 110105, "建国路"),
        ("鼓楼区中山路", "33", 0, "鼓楼区中山路"),  # four cities elsewhere, and only a subdistrict at home
        ("金华县白龙桥", "33", 330721, "白龙桥"),  # until 2000
        ("上海浦东新区", "", 310115, None),
        ("", "33", 0, None),
    ],
)
def test_regions_are_read_step_by_step(text, home, code, rest):
    texts = Texts(pa.array([text]))
    codes, after = gazetteer(home).read_regions(texts, texts.starts, texts.ends)
    assert codes.tolist() == [code] and texts.slices(after, texts.ends).to_pylist() == [rest]


def test_a_township_is_found_under_the_district_of_its_past():
    texts = Texts(pa.array(["下城区朝晖街道"]))
    codes, after = gazetteer("33").read_regions(texts, texts.starts, texts.ends)
    town, end = gazetteer("33").read_place("township", texts, after, texts.ends, codes)
    assert (codes.tolist(), town.tolist(), end.tolist()) == ([330103], [330105016], texts.ends.tolist())


@pytest.fixture(scope="module")
def registered(reference_data) -> pa.ChunkedArray:
    files = sorted((reference_data / "enterprise/cn_enterprise_registration_zhejiang_1980_2004").glob("*.csv.gz"))
    return duckdb.sql(f"select 企业名称 as n from read_csv({[str(f) for f in files]}, all_varchar=true)").to_arrow_table()["n"]


def test_real_names_as_a_person_read_them(registered):
    """Drawn at random without banks and post offices. The first 54 have led to mends of the parser, the last 37 to none."""
    with READ_BY_HAND.open(encoding="utf-8") as file:
        read = list(csv.DictReader(file))
    parts = parse_enterprise_names(pc.take(registered, pa.array([int(row["row"]) for row in read])), home="33")
    right = {column: [row[column] == (part or "") for row, part in zip(read, parts[column].to_pylist(), strict=True)]
             for column in ("trade_name", "legal_form_code")}  # fmt: skip
    assert len(read) == 91 and all(right["legal_form_code"]) and sum(right["trade_name"]) / len(read) >= 0.9


def test_how_much_of_the_real_register_is_taken_apart(registered):
    """Lower bounds of coverage: share of 89,571 names that have each part."""
    parts = parse_enterprise_names(registered, home="33")

    def share(column: str) -> float:
        return 1 - parts[column].null_count / parts.num_rows

    assert parts.num_rows == 89_571
    assert share("legal_form_code") > 0.999 and share("division_code") > 0.91
    assert share("trade_name") > 0.95 and share("industry_words") > 0.88
    llc = pc.sum(pc.match_substring_regex(registered, r"[^份]有限(责任)?公司$")).as_py()
    assert pc.sum(pc.equal(parts["legal_form_code"], LLC)).as_py() == pytest.approx(llc, rel=0.005)
