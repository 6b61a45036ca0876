"""Rules about texts: patterns, Chinese that was read with the wrong encoding, rules that a shared field writes for its column."""

from datetime import date

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.contracts.derive import mask, spark_sql
from lakehouse.contracts.load import contracts
from lakehouse.settings import settings as lake_settings


def held(predicate: str, values: list, name: str = "x") -> list[bool]:
    """The mask, after the SQL text has said the same."""
    rows = pa.table({name: pa.array(values, pa.string())})
    found = mask(predicate, rows).to_pylist()
    (sql,) = sqlglot.transpile(spark_sql(predicate), read="spark", write="duckdb")
    assert found == [holds for (holds,) in duckdb.sql(f"select {sql} from rows").fetchall()]
    return found


def misread(text: str) -> str:
    """What a clerk's program makes of UTF-8 that it takes for GBK; bytes that GBK does not know are lost."""
    return text.encode("utf-8").decode("gbk", errors="ignore")


READABLE = [
    "妗愬簮\n",
    "王小明",
    "濮存昕",
    "濮建",
    "杭州裕桓文具有限公司",
    "浙江省杭州市桐庐县城南街道下杭社区1幢2单元302室",
    "Müller",
    "12号",
    "",
    "妗",
]
MISREAD = ["王平文", "何丽", "桐庐县莪山畲族乡龙峰民族村后屋1号", "杭州西湖（集团）有限公司", "城南街道金色家园1幢3单元101室"]


LATIN = ["å¾·æ¸…", "ä½•ä¸½", "杭州å¾·æ¸…店"]


def test_misread_chinese_is_told_from_chinese():
    assert misread("桐庐") == "妗愬簮" and "德清".encode() == LATIN[0].encode("cp1252")
    assert held("is_mojibake(x)", [*LATIN, "café “»”", "Ça va…", "Ångström"]) == [True] * 3 + [False] * 3
    assert held("is_mojibake(x)", [*map(misread, MISREAD), *READABLE, None]) == [True] * 5 + [False] * 11


@settings(max_examples=25)
@given(st.lists(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=2, max_size=12), max_size=8))
def test_whatever_chinese_was_misread_both_sides_agree_and_find_it(texts):
    assert held("is_mojibake(x)", [misread(text) for text in texts]) == [True] * len(texts)


def test_real_names_and_addresses_are_readable_and_their_misread_twins_are_not(reference_data):
    """89,571 registrations; twins that are not found hold Latin letters or brackets of ASCII."""
    files = sorted((reference_data / "enterprise/cn_enterprise_registration_zhejiang_1980_2004").glob("*.csv.gz"))
    rows = duckdb.sql(
        f"select 企业名称 as x, 注册地址 as a from read_csv({[str(f) for f in files]}, all_varchar=true)"
    ).to_arrow_table()
    assert not any(pc.any(mask(f"is_mojibake({column})", rows)).as_py() for column in "xa")
    twins = pa.table({"x": [misread(name) for name in rows["x"].to_pylist()]})
    assert pc.sum(mask("is_mojibake(x)", twins)).as_py() > 0.999 * twins.num_rows


def test_a_pattern_is_looked_for_anywhere_unless_it_says_where():
    assert held("x rlike '^[0-9]{4}-[12]$'", ["2014-1", "2014-3", "a2014-1", None]) == [True, False, False, False]
    assert held("x rlike '^[a$]+$'", ["a$", "a\n", "$a\n", "$"]) == [True, False, False, True]
    assert "'^[a$]+(b|\\\\z)'" in spark_sql("x rlike '^[a$]+(b|$)'")
    assert held("not x rlike '1[0-9]{10}'", ["联系电话12045678901", "1204567890", None]) == [False, True, False]


@pytest.mark.parametrize("predicate", ["x rlike y", r"x rlike '^\\d$'", "x rlike 1"])
def test_a_pattern_is_a_text_without_backslash(predicate):
    with pytest.raises(ValueError, match="is outside the language of row rules"):
        mask(predicate, pa.table({"x": ["1"], "y": ["1"]}))


def rule(dataset: str, name: str) -> str:
    return next(r.predicate for r in contracts()[dataset].row_rules() if r.name == name)


def test_a_shared_field_writes_its_rules_for_each_column():
    births = {r.name: r for r in contracts()["population__births"].row_rules()}
    assert births["mother_no_of_18"].predicate == "mother_no is null or length(mother_no) <> 15"
    assert births["father_no_valid"].field == "father_no"
    assert not [name for name in births if "{" in name]


NUMBERS = [
    "990122199003077710",  # sound
    "990101196706240013",  # sound, of another county's stand-in
    "990122199003077711",  # check should be 0
    "990122900307771",  # 15 digits
    "9.90122E+17",  # a spreadsheet's
    "99012219900307771x",
    "980122199003077719",  # no such province
    None,
]


@pytest.mark.parametrize(
    ("name", "sound"),
    [
        ("citizen_no_valid", [True, True, False, True, False, False, True, True]),
        ("citizen_no_of_18", [True, True, True, False, True, True, True, True]),
        ("citizen_no_not_synthetic", [True] * 8),
    ],
)
def test_rules_of_citizen_numbers(name, sound):
    assert held(rule("population__residents", name), NUMBERS, "citizen_no") == sound


def test_the_division_of_a_citizen_number_was_there_at_birth():
    """The mask alone: that is_division_on says the same in SQL is tested with the codes."""
    rows = pa.table({"citizen_no": NUMBERS})
    sound = mask(rule("population__residents", "citizen_no_of_division"), rows).to_pylist()
    assert sound == [True, True, True, True, True, True, False, True]


CODES = [
    "91990122047779445D",  # sound
    "91990122047779445d",
    "919901220477794450",  # check should be D
    "990122000000019",  # registration number
    "99012200000001",
    None,
]


@pytest.mark.parametrize(
    ("name", "sound"),
    [
        ("uscc_valid", [True, False, False, True, False, True]),
        ("uscc_not_registration_number", [True, True, True, False, True, True]),
        ("uscc_not_synthetic", [True] * 6),
    ],
)
def test_rules_of_credit_codes(name, sound):
    assert held(rule("enterprise__tax", name), CODES, "uscc") == sound


def test_production_takes_no_invented_numbers(monkeypatch):
    monkeypatch.setenv("LAKE_PROFILE", "production")
    lake_settings.cache_clear()
    try:
        sound = held(rule("population__residents", "citizen_no_not_synthetic"), [*NUMBERS, "330122199003077717"], "citizen_no")
        assert sound == [False, False, False, False, True, False, True, True, True]
        assert held(rule("enterprise__tax", "uscc_not_synthetic"), CODES[:3], "uscc") == [False] * 3
        assert held("is_division(x)", ["330122", "990122", "330122003004", None]) == [True, False, True, False]
    finally:
        monkeypatch.undo()
        lake_settings.cache_clear()


FREE = [
    "已核对原件",
    "联系电话12045678901",
    "证件号99012219990101049X",
    "证件号990122990101049",
    "座机0571-64211234",
    "2014年12月31日",
    "JZ001439999411",
    "联系电话phone_abcdefghijklmnopqrstuvwx23",
    None,
]


def test_numbers_of_people_in_free_text_are_seen():
    predicate = rule("population__floating", "remark_without_numbers")
    assert held(predicate, FREE, "remark") == [True, False, False, False, False, True, True, False, True]


CAPITAL = [
    "1000万元人民币",
    "13.5万元人民币",
    "28万美元",
    "10000000元人民币",
    "1,000(万元人民币)",
    "1000.000000万人民币",
    "8,000,000元",
    "800万元",
    None,
]


def test_capital_is_agreed_in_one_form():
    predicate = rule("enterprise__registrations", "capital_text_as_agreed")
    assert held(predicate, CAPITAL, "capital_text") == [True] * 3 + [False] * 5 + [True]


def test_a_class_of_industry_is_in_use_until_an_edition_replaces_it():
    rows = pa.table(
        {"c": ["5211", "6511", "0169", "0169", None, "5211"], "d": [date(2014, 12, 31)] * 3 + [date(2017, 10, 1)] * 2 + [None]}
    )
    found = mask("is_industry_on(c, d)", rows).to_pylist()
    assert found == [True, False, True, False, False, False]
    (sql,) = sqlglot.transpile(spark_sql("is_industry_on(c, d)"), read="spark", write="duckdb")
    assert found == [holds for (holds,) in duckdb.sql(f"select {sql} from rows").fetchall()]
