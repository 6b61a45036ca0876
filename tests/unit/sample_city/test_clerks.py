"""Every kind of error on values worked out by hand, and on values it cannot befall."""

from datetime import date

import pytest

from sample_city.defects import clerks
from sample_city.lunar import lunar_date, new_year

ADDRESS = "浙江省杭州市桐庐县分水镇里湖村上村12号"
FLAT = "浙江省杭州市桐庐县桐君街道圆通社区兰花苑3幢2单元501室"


@pytest.mark.parametrize(
    ("year", "day"),
    [
        (1924, "02-05"),
        (1950, "02-17"),
        (1963, "01-25"),
        (1979, "01-28"),
        (1985, "02-20"),
        (1995, "01-31"),
        (2000, "02-05"),
        (2014, "01-31"),
    ],
)
def test_lunar_new_years(year: int, day: str) -> None:
    """Spring festivals of almanacs."""
    assert new_year(year).isoformat() == f"{year}-{day}"


def test_lunar_dates() -> None:
    """2013-09-19 was the 15th of the 8th month; 2012 had a second 4th month from 2012-05-21."""
    assert lunar_date(date(2013, 9, 19)) == (2013, 8, 15)
    assert lunar_date(date(2012, 5, 21)) == (2012, 4, 1)
    assert lunar_date(date(2012, 4, 21)) == (2012, 4, 1)


def test_d01_changes_exactly_one_character_to_one_confused_with_it() -> None:
    made = {clerks.confuse_character("王建国", draw) for draw in range(200)}
    assert {"王健国", "王建國"} <= made
    assert all(sum(a != b for a, b in zip("王建国", name, strict=True)) == 1 for name in made)
    assert clerks.confuse_character("乂乂", 3) == "乂乂"


def test_d02_swaps_the_given_name_and_leaves_one_character_names() -> None:
    assert clerks.swap_given_name("申屠建国", 0) == "申屠国建"
    assert clerks.swap_given_name("王伟", 0) == "王伟"


def test_d03_and_d04() -> None:
    assert clerks.swap_day_and_month("19800512", 0) == "19801205"
    assert clerks.lunar_for_solar("20130919", 0) == "20130815"


def test_d06_changes_only_the_check() -> None:
    made = {clerks.wrong_check("11010519491231002X", draw) for draw in range(100)}
    assert {m[:-1] for m in made} == {"11010519491231002"}
    assert {m[-1] for m in made} == set("0123456789")


def test_d07_gives_the_number_before_1999_only_to_those_born_before_2000() -> None:
    """110105491231002 is the 15-digit form of the standard's example."""
    assert clerks.fifteen_digits("11010519491231002X", 0) == "110105491231002"
    assert clerks.fifteen_digits("990122200112310020", 0) == "990122200112310020"


def test_d16_as_a_spreadsheet_shows_it() -> None:
    assert clerks.as_float("110105194912310021", 0) == "1.10105E+17"
    assert clerks.as_float("11010519491231002X", 0) == "11010519491231002X"


@pytest.mark.parametrize("address", [ADDRESS, FLAT])
def test_d12_always_shortens(address: str) -> None:
    made = {clerks.shorten_address(address, draw) for draw in range(8)}
    assert address not in made
    assert address.removeprefix("浙江省杭州市") in made


def test_d12_forms() -> None:
    assert "浙江省杭州市桐庐县里湖村上村12号" in {clerks.shorten_address(ADDRESS, d) for d in range(8)}
    assert "浙江省杭州市桐庐县桐君街道圆通社区兰花苑3-2-501" in {clerks.shorten_address(FLAT, d) for d in range(8)}
    road = "浙江省杭州市桐庐县桐君街道圆通社区滨河路3号"
    assert "浙江省杭州市桐庐县桐君街道圆通社区码头路3号" in {clerks.shorten_address(road, d) for d in range(8)}


def test_d15_is_utf8_read_as_gbk() -> None:
    """E6 B5 99 E6 B1 9F taken two by two: 娴 欐 睙."""
    assert clerks.mojibake("浙江", 0) == "娴欐睙"


def test_d19_codes_of_an_earlier_edition() -> None:
    assert clerks.outdated("division_code")("330122109215", 0) == "330122103215"
    assert clerks.outdated("industry_code")("7271", 0) == "7481"
    assert clerks.outdated("industry_code")("4700", 0) == "4700"


def test_d20_keeps_the_amount() -> None:
    made = {clerks.other_capital("1000万元人民币", draw) for draw in range(8)}
    assert made == {"10000000元人民币", "1,000(万元人民币)", "1000.000000万人民币", "10,000,000元"}
    assert clerks.without_currency("50万元人民币", 0) == "50万元"


def test_d25_and_d26() -> None:
    code = "91990122314159276J"
    made = {clerks.lower_case(code, draw) for draw in range(100)}
    assert code not in made and code.lower() in made
    assert {clerks.illegal_state(s, 0) for s in ("存续", "吊销")} == {"注销", "存续"}
