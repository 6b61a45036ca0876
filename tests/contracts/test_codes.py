"""Codes with check characters: the standards' own examples, each beside a wrong twin; both derivations agree."""

from datetime import date

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.contracts.codes import citizen_number
from lakehouse.contracts.derive import mask, spark_sql
from lakehouse.settings import settings as lake_settings

# GB 11643 (first two), python-stdnum and independent computation
CITIZENS = [
    "11010519491231002X",
    "440524188001010014",
    "360426199101010071",
    "34052419800101001X",
    "110101199003077715",
    "440308199901101512",
]
NO_CITIZENS = [
    "32010219880305291X",  # check should be 2
    "510104197202290013",  # check should be 1
    "110101199002300019",  # 30 February; 9 is the character that this body's sum asks for
    "11010519491231002x",  # small letter
    "110105491231002",
    "１1010519491231002X",
    "",
]
CREDIT_CODES = [
    "91110000600037341L",
    "91350100M000100Y43",
    "9144030071526726XG",
    "91330100799655058B",
    "914403001922038216",
    "92371000MA3MXH0E3W",
    "11100000000013127D",
]
NO_CREDIT_CODES = [
    "51100000500000154F",  # check should be E
    "12100000400001424T",  # check should be 9
    "91330109x09256432K",
    "3303021012389",
    "",
]
ORGANISATIONS = ["D2143569X", "71526726X", "600037341", "M000100Y4"]
NO_ORGANISATIONS = ["D21435691", "71526726x", "D2143569-X", "60003734"]
# ISO 7064 MOD 11,10, computed by python-stdnum 2.2; the first is the example that GS 15-2006 is quoted with
REGISTRATIONS = ["110108000000016", "440301103448669", "330100400013364", "440301103097413", "110108012660422"]
NO_REGISTRATIONS = ["110108000000017", "110000412179812", "11010800000001", "11010800000001X", "3303021012389"]


def by_duckdb(predicate: str, rows: pa.Table) -> list[bool]:
    (sql,) = sqlglot.transpile(spark_sql(predicate), read="spark", write="duckdb")
    return [held for (held,) in duckdb.sql(f"select {sql} from rows").fetchall()]


def held(predicate: str, values: list) -> list[bool]:
    """The mask, after the SQL text has said the same."""
    rows = pa.table({"x": pa.array(values, pa.string())})
    found = mask(predicate, rows).to_pylist()
    assert found == by_duckdb(predicate, rows)
    return found


@pytest.mark.parametrize(
    ("function", "right", "wrong"),
    [
        ("is_citizen_number", CITIZENS, NO_CITIZENS),
        ("is_credit_code", CREDIT_CODES, NO_CREDIT_CODES),
        ("is_organisation_code", ORGANISATIONS, NO_ORGANISATIONS),
        ("is_registration_number", REGISTRATIONS, NO_REGISTRATIONS),
    ],
)
def test_vectors_and_their_wrong_twins(function, right, wrong):
    assert held(f"{function}(x)", [*right, *wrong]) == [True] * len(right) + [False] * len(wrong)
    assert held(f"{function}(x)", [None]) == [False] and held(f"x is null or {function}(x)", [None]) == [True]


@pytest.mark.parametrize(("function", "code"), [("is_citizen_number", CITIZENS[2]), ("is_credit_code", CREDIT_CODES[3])])
def test_every_single_wrong_character_is_found(function, code):
    """Both rules take a modulus that is prime and weights that it does not divide."""
    characters = "0123456789" if function == "is_citizen_number" else "0123456789ABCDEFGHJKLMNPQRTUWXY"
    body = range(17) if function == "is_citizen_number" else range(18)
    wrong = [code[:i] + c + code[i + 1 :] for i in body for c in characters if c != code[i]]
    assert not any(held(f"{function}(x)", wrong))


def test_authority_and_category_belong_together():
    def with_check(body: str) -> str:
        values = "0123456789ABCDEFGHJKLMNPQRTUWXY"
        total = sum(values.index(c) * 3**i for i, c in enumerate(body))  # the weights are 3^i mod 31
        return body + values[(31 - total % 31) % 31]

    codes = [with_check(pair + "33010079965505"[:6] + "799655058") for pair in ("91", "94", "N1", "A1", "Y1", "Y2", "B1")]
    assert held("is_credit_code(x)", codes) == [True, False, True, True, True, False, False]


def test_what_a_citizen_number_tells():
    rows = pa.table({"x": [*CITIZENS[:2], "110101199002300019", None]})
    born = citizen_number.birth_dates(rows["x"]).to_pylist()
    assert born == [date(1949, 12, 31), date(1880, 1, 1), None, None]
    assert held("sex_code_of(x) = '1'", CITIZENS) == [int(number[16]) % 2 == 1 for number in CITIZENS]
    told = pa.table({"x": CITIZENS[:2], "born": [date(1949, 12, 31), date(1880, 1, 2)]})
    assert mask("birth_date_of(x) = born", told).to_pylist() == [True, False] == by_duckdb("birth_date_of(x) = born", told)


def test_fifteen_digits_become_eighteen_and_the_way_of_writing_is_made_one():
    sent = [
        "110105491231002",
        "130503670401001",
        "１１０１０５１９４９１２３１００２x",
        " 110105 19491231002X ",
        "110105491331002",
        "n/a",
        None,
    ]
    made = citizen_number.normalised(pa.array(sent)).to_pylist()
    assert made == ["11010519491231002X", "130503196704010016", *["11010519491231002X"] * 2, "110105491331002", "N/A", None]


DIVISIONS = [
    ("330104", date(2021, 4, 8), True),  # Jianggan, until the reform
    ("330104", date(2021, 4, 9), False),
    ("330114", date(2021, 4, 8), False),  # Qiantang, from the reform on
    ("330114", date(2021, 4, 9), True),
    ("330121", date(1985, 5, 5), True),  # Xiaoshan county
    ("330121", date(1995, 5, 5), False),
    ("330181", date(1995, 5, 5), True),  # Xiaoshan city
    ("330122", date(1949, 10, 1), True),
    ("110103", date(2011, 1, 1), False),  # Chongwen, until 2010
    ("33", date(2020, 1, 1), True),
    ("330000", date(2020, 1, 1), True),
    ("330100", date(2020, 1, 1), True),
    ("330001", date(2020, 1, 1), False),
    ("330122109", date(2023, 6, 30), True),
    ("999999", date(2020, 1, 1), False),
    (None, date(2020, 1, 1), False),
    ("330122", None, False),
]


def test_a_division_is_known_in_its_period():
    codes, days, known = (list(column) for column in zip(*DIVISIONS, strict=True))
    rows = pa.table({"c": pa.array(codes, pa.string()), "d": pa.array(days, pa.date32())})
    assert mask("is_division_on(c, d)", rows).to_pylist() == known == by_duckdb("is_division_on(c, d)", rows)


@pytest.mark.parametrize(("profile", "known"), [("sample", True), ("production", False)])
def test_synthetic_divisions_belong_to_the_sample_profile(monkeypatch, profile, known):
    monkeypatch.setenv("LAKE_PROFILE", profile)
    lake_settings.cache_clear()
    try:
        rows = pa.table({"c": ["990122"], "d": [date(2014, 12, 31)]})
        assert mask("is_division_on(c, d)", rows).to_pylist() == [known]
        assert ("'990122'" in spark_sql("is_division_on(c, d)")) == known
    finally:
        monkeypatch.undo()
        lake_settings.cache_clear()


FUNCTIONS = [
    "is_citizen_number(x)",
    "birth_date_of(x) is null",
    "sex_code_of(x) in ('1')",
    "is_credit_code(x)",
    "is_organisation_code(substring(x, 9, 9))",
    "is_registration_number(x)",
]
SEEDS = [*CITIZENS, *CREDIT_CODES, *ORGANISATIONS, *REGISTRATIONS]
near_codes = st.builds(
    lambda code, place, character: code[: place % 19] + character + code[place % 19 + 1 :],
    st.sampled_from(SEEDS),
    st.integers(0, 18),
    st.sampled_from([*"0123456789XxIAZ -９零\n", ""]),
)


@settings(max_examples=150)
@given(st.sampled_from(FUNCTIONS), st.lists(st.none() | near_codes | st.sampled_from(SEEDS) | st.text(max_size=18), max_size=6))
def test_mask_and_sql_agree_on_codes_near_and_far(function, values):
    held(function, values)


def test_rules_over_an_empty_table():
    """What the linter does with each rule of a contract."""
    rows = pa.table({"x": pa.array([], pa.string()), "d": pa.array([], pa.date32())})
    for predicate in (*FUNCTIONS, "is_division_on(x, d)"):
        assert mask(predicate, rows).to_pylist() == []


def test_what_is_no_function_or_no_text_is_refused():
    with pytest.raises(ValueError, match=r"`IS_CITIZEN\(x\)` \(Anonymous\) is outside the language of row rules"):
        mask("is_citizen(x)", pa.table({"x": ["1"]}))
    with pytest.raises(ValueError, match="outside the language"):
        spark_sql("is_credit_code(x, x)")
    with pytest.raises(ValueError, match=r"^A code is text, and this column is int64; read it as text"):
        mask("is_credit_code(x)", pa.table({"x": [914403001922038216]}))
    with pytest.raises(ValueError, match="outside the language"):
        mask("substring(x, n, 2) = 'a'", pa.table({"x": ["ab"], "n": [1]}))


def test_the_real_registrations(reference_data):
    """89,571 rows, of which the data's own description says 99.97 % right, 2 of 13 digits, 21 repeated."""
    files = sorted((reference_data / "enterprise/cn_enterprise_registration_zhejiang_1980_2004").glob("*.csv.gz"))
    assert len(files) == 25
    codes = duckdb.sql(
        f"select 统一社会信用代码 as x from read_csv({[str(f) for f in files]}, all_varchar=true)"
    ).to_arrow_table()
    right = mask("is_credit_code(x)", codes)
    assert (codes.num_rows, right.true_count) == (89_571, 89_542)
    assert mask("is_credit_code(x) and not is_organisation_code(substring(x, 9, 9))", codes).true_count == 0
    wrong = codes.filter(pc.invert(right))["x"].to_pylist()
    assert sorted(code for code in wrong if len(code) == 13) == ["3303021012389", "3303262002952"]
    assert all("x" in code for code in wrong if len(code) == 18)
    assert codes.num_rows - len(set(codes["x"].to_pylist())) == 21


def test_every_real_registration_names_a_division_of_its_time(reference_data):
    """Authorities of 2024 or abolished before; one code of 89,542 has the right check character and a county that never was."""
    files = sorted((reference_data / "enterprise/cn_enterprise_registration_zhejiang_1980_2004").glob("*.csv.gz"))
    codes = duckdb.sql(
        f"select 统一社会信用代码 as x from read_csv({[str(f) for f in files]}, all_varchar=true)"
    ).to_arrow_table()
    valid = codes.filter(mask("is_credit_code(x)", codes))
    known = {
        year: mask(
            "is_division_on(substring(x, 3, 6), d)", valid.append_column("d", pa.array([date(year, 7, 1)] * valid.num_rows))
        )
        for year in (2000, 2010, 2024)
    }
    ever = pc.or_(pc.or_(known[2000], known[2010]), known[2024])
    assert valid.filter(pc.invert(ever))["x"].to_pylist() == ["91330908704654723L"]
    gone = valid.filter(pc.and_(ever, pc.invert(known[2024])))["x"].to_pylist()
    assert {code[2:8] for code in gone} == {
        "330103", "330104", "330183", "330185", "330204", "330283", "330322", "330621", "331021",
    }  # fmt: skip
