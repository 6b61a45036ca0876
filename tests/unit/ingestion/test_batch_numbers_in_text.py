"""Numbers of persons within texts are tokens in bronze; the rest of the text, and codes of another kind, stay as sent.

Check characters are computed by hand by GB 11643: 33012219900307771 weighs 290, 290 mod 11 = 4, so the last is 8.
"""

import re

import pyarrow as pa
import pyarrow.csv
import pytest

from ingestion.batch import delivery, numbers_in_text, raw_file, receipt
from ingestion.batch.answers import answer
from ingestion.batch.statement import Statement
from lakehouse import tables, vault
from lakehouse.contracts import contracts
from tests.unit.ingestion.test_batch_personal import files_of_the_lake

NUMBER, OLD, PHONE = "330122199003077718", "330122900307771", "13911112222"
EMPLOYMENT, REGISTRATIONS = "enterprise__employment__hrss_employment", "enterprise__registrations__amr_registrations_delta"
DAY = Statement(period="2014-12-31")


def token(kind: str, value: str) -> str:
    return vault.token(kind, value)


def replaced(*texts: str | None) -> list[str | None]:
    return numbers_in_text.tokenised(pa.chunked_array([texts], pa.string()))[0].to_pylist()


@pytest.mark.parametrize(
    ("before", "kind", "number", "after"),
    [
        ("负责人", "citizen_no", NUMBER, "，已核"),
        ("证件号", "citizen_no", NUMBER[:-1] + "X", ""),
        ("", "phone", PHONE, "联系"),
        ("电话：＋", "phone", "19911112222", "（王）"),
        ("手机A", "phone", "12011112222", "B"),
        ("联系人1.", "phone", PHONE, "；"),
    ],
)  # fmt: skip
def test_a_number_gives_way_to_its_token_and_the_text_around_it_stays(home, before, kind, number, after):
    assert replaced(before + number + after, None, "") == [before + token_of(kind, number) + after, None, ""]


def token_of(kind: str, number: str) -> str:
    return vault.tokens(kind, pa.array([number]))[0].as_py()


@pytest.mark.parametrize(
    ("written", "kind", "meant"),
    [
        ("330122 19900307 7718", "citizen_no", NUMBER),
        ("３３０１２２１９９００３０７７７１８", "citizen_no", NUMBER),
        (OLD, "citizen_no", NUMBER),
        ("139-1111-2222", "phone", PHONE),
        ("139 1111 2222", "phone", PHONE),
    ],
)
def test_however_a_number_is_written_it_has_the_token_of_the_person(home, written, kind, meant):
    assert replaced(f"甲{written}乙") == [f"甲{token_of(kind, meant)}乙"]


def test_the_number_behind_a_country_code(home):
    assert replaced("+86 13911112222、8613911112222") == ["+86 {0}、86{0}".format(token_of("phone", PHONE))]


@pytest.mark.parametrize(
    "text",
    [
        "统一社会信用代码91330122704281123J", "注册号330122000019991", "1139111122223", "120.13911112222", "0571-64211234",
        "10086123456", "330122199013077718", "许可证2014123120150101", "13911112222333",
    ],
)  # fmt: skip
def test_codes_decimals_and_landlines_stay(home, text):
    assert replaced(text) == [text]
    assert list(vault.opened("phone")) == []


def sent(folder, source: str, row: dict[str, str], name: str = "extract.csv", more: str = "") -> str:
    header = contracts().sources[source].columns
    (folder / name).write_text("\n".join([",".join(header), ",".join(row.get(c, "") for c in header), more]), "utf-8")
    return answer(folder / name, source, DAY)


ENTITY = {
    "djxh": "1",
    "djlx": "设立",
    "hzrq": "20141230",
    "tyshxydm": "91330122704281123J",
    "zch": "330122190010010",
    "qymc": "某店",
}


def test_bronze_and_silvers_input_hold_no_number_and_codes_are_as_sent(home, tmp_path):
    told = sent(tmp_path, REGISTRATIONS, ENTITY | {"jyfw": f"零售；电话{PHONE}", "zs": f"江南镇{NUMBER}", "fddbr_zjhm": NUMBER})
    assert "Texts hold citizen or mobile numbers, which were replaced by tokens: jyfw (1), zs (1)." in told
    [row] = tables.read(f"bronze.{REGISTRATIONS}").to_pylist()
    assert row["jyfw"] == f"零售；电话{token('phone', PHONE)}"
    assert row["zs"] == f"江南镇{row['fddbr_zjhm']}" and row["fddbr_zjhm"] == token("citizen_no", NUMBER)
    assert (row["tyshxydm"], row["zch"], row["djxh"]) == ("91330122704281123J", "330122190010010", "1")
    assert not re.search(f"{NUMBER}|{PHONE}", told + files_of_the_lake())


def employer(**changed: str) -> dict[str, str]:
    return (
        dict(zip(contracts().sources[EMPLOYMENT].columns, ["91330122704281123J", "某公司", "201412", "1", "0", "0"], strict=True))
        | changed
    )


@pytest.mark.parametrize(
    ("name", "more", "is_sealed"),
    [("某公司", "", False), (f"某公司{PHONE}", "", True), ("某公司", f"{PHONE},{NUMBER}\n", True)],
    ids="nobody in_a_text in_a_row_that_is_none".split(),
)
def test_the_raw_file_of_a_source_without_identifiers_is_sealed_when_one_stands_in_it(home, tmp_path, name, more, is_sealed):
    columns = contracts().sources[EMPLOYMENT].columns
    sent(tmp_path, EMPLOYMENT, employer(**{columns[1]: name}), more=more)
    [come] = delivery.deliveries()
    assert receipt.is_landed(come) and raw_file.read(come) == (tmp_path / "extract.csv").read_bytes()
    assert [path.suffix == ".sealed" for path in come.raw_file.parent.iterdir()] == [is_sealed]
    assert not re.search(f"{NUMBER}|{PHONE}", files_of_the_lake())


def test_a_refused_file_that_nobody_could_search_stays_sealed(home, tmp_path):
    (tmp_path / "extract.csv").write_text(f"{PHONE}\n", "utf-8")
    assert "refused" in answer(tmp_path / "extract.csv", EMPLOYMENT, DAY)
    assert PHONE not in files_of_the_lake()


def test_of_an_erased_person_a_text_tells_neither_number_nor_telephone(home):
    replaced(NUMBER)
    vault.keep_erasure("X1", {}, {token("citizen_no", NUMBER): ("citizen_no_stand", "person_name_stand")})
    vault.forget([token("citizen_no", NUMBER)])
    assert replaced(f"联系{NUMBER}，电话{PHONE}", f"电话{PHONE}") == [
        "联系citizen_no_stand，电话",
        f"电话{token('phone', PHONE)}",
    ]


def test_real_registrations_hold_no_such_number(home, reference_data):
    """Nobody's number stands in the texts of 89,571 enterprises that were published with the names of persons masked."""
    files = sorted((reference_data / "enterprise" / "cn_enterprise_registration_zhejiang_1980_2004").glob("*.csv.gz"))
    texts = pyarrow.csv.ConvertOptions(include_columns=["企业名称", "经营范围", "注册地址"])
    found, rows = 0, 0
    for file in files:
        table = pyarrow.csv.read_csv(file, parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True), convert_options=texts)
        rows += table.num_rows
        found += sum(numbers_in_text.tokenised(column.cast(pa.string()))[1] for column in table.columns)
    assert (rows, found) == (89_571, 0)
