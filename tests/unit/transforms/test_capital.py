"""Registered capital: every way of writing that registers use, each with the sum a clerk would read."""

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from transforms.conform.capital import parse_capital

READ = [
    ("13.5万人民币", 13.5, "CNY", 13.5, None),
    ("7,000(万元人民币)", 7000.0, "CNY", 7000.0, None),
    ("1,234,567.89(万元人民币)", 1234567.89, "CNY", 1234567.89, None),
    ("50万人民币元", 50.0, "CNY", 50.0, None),
    ("1,188.1( 万人民币元)", 1188.1, "CNY", 1188.1, None),
    ("３.５（万元人民币）", 3.5, "CNY", 3.5, None),
    ("500000元", 50.0, "CNY", 50.0, None),
    ("2亿元人民币", 20000.0, "CNY", 20000.0, None),
    ("30(万)", 30.0, "CNY", 30.0, "currency_assumed"),
    ("28(万美元)", 28.0, "USD", None, "foreign_currency"),
    ("55,000(万日元)", 55000.0, "JPY", None, "foreign_currency"),
    ("60(万法国法郎)", 60.0, "FRF", None, "foreign_currency"),
    ("100(万香港元)", 100.0, "HKD", None, "foreign_currency"),
    ("50", None, None, None, "unit_missing"),
    ("1,5万人民币", None, None, None, "not_understood"),
    ("HAKAM MUNZER A", None, None, None, "not_understood"),
    ("10万卢布", None, None, None, "not_understood"),
    ("-5万人民币", None, None, None, "not_understood"),
    ("N/A", None, None, None, "not_given"),
    ("", None, None, None, "not_given"),
    (None, None, None, None, "not_given"),
]


@pytest.mark.parametrize(("text", "amount", "currency", "cny", "reason"), READ)
def test_a_sum_is_read_or_a_reason_given(text, amount, currency, cny, reason):
    (row,) = parse_capital(pa.array([text], pa.string())).to_pylist()
    assert list(row.values()) == [
        pytest.approx(amount) if amount else None,
        currency,
        pytest.approx(cny) if cny else None,
        reason,
    ]


def test_every_real_registration_has_its_capital_or_a_reason(reference_data):
    """Counts by the word in the text, which a search and not the parser finds."""
    files = sorted((reference_data / "enterprise/cn_enterprise_registration_zhejiang_1980_2004").glob("*.csv.gz"))
    texts = duckdb.sql(f"select 注册资金 as t from read_csv({[str(f) for f in files]}, all_varchar=true)").to_arrow_table()["t"]
    parsed = parse_capital(texts)
    explained = pc.or_(pc.is_valid(parsed["capital_cny10k"]), pc.is_valid(parsed["capital_reason"]))
    assert parsed.num_rows == 89_571 and pc.all(explained).as_py()
    counts = {row["values"]: row["counts"] for row in pc.value_counts(parsed["capital_reason"]).to_pylist()}
    assert counts["not_given"] == 23_958 and counts["not_understood"] == 2
    foreign = pc.sum(pc.match_substring_regex(texts, "美元|港元|香港元|日元|欧元|法郎")).as_py()
    bare = pc.sum(pc.match_substring_regex(texts, r"^[0-9,.]+\(?万\)?$")).as_py()
    assert (counts["foreign_currency"], counts["currency_assumed"]) == (foreign, bare)
    assert counts[None] == 89_571 - 23_958 - 2 - foreign - bare
