"""Person names: one way of writing, readings as a Chinese reader says them, and the slips that clerks make."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse import reference
from transforms.conform.person_names import compare_names, name_keys, normalised_names


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("陈小明", "陈小明"),
        ("陳　小 明", "陈小明"),
        ("張國榮", "张国荣"),
        ("买买提•艾力", "买买提·艾力"),
        ("买买提．艾力", "买买提·艾力"),
        ("ＺＨＡＮＧ san", "ZHANGSAN"),
        ("张**", "张"),
        ("𠮷田", "𠮷田"),
        ("長" * 30, "長" * 30),  # no name; kept as it is
        (" ", None),
        ("", None),
        (None, None),
    ],
)
def test_one_way_of_writing(written, normal):
    assert normalised_names(pa.array([written], pa.string())).to_pylist() == [normal]


@pytest.mark.parametrize(
    ("name", "surname", "given_name", "spoken"),
    [
        ("陈小明", "陈", "小明", "chen xiaoming"),
        ("单雄信", "单", "雄信", "shan xiongxin"),  # dan elsewhere
        ("仇英", "仇", "英", "qiu ying"),  # chou elsewhere
        ("曾国藩", "曾", "国藩", "zeng guofan"),  # ceng elsewhere
        ("欧阳锋", "欧阳", "锋", "ouyang feng"),
        ("尉迟恭", "尉迟", "恭", "yuchi gong"),
        ("欧阳", "欧", "阳", "ou yang"),  # two characters are a surname and a given name
        ("吕布", "吕", "布", "lv bu"),
        ("王", "王", None, "wang"),
        ("买买提·艾力", None, "买买提·艾力", "maimaiti·aili"),
        ("ZHANGSAN", None, "ZHANGSAN", "ZHANGSAN"),
        (None, None, None, None),
    ],
)
def test_surname_given_name_and_reading(name, surname, given_name, spoken):
    (row,) = name_keys(pa.array([name], pa.string())).to_pylist()
    assert (row["surname"], row["given_name"], row["name_pinyin"]) == (surname, given_name, spoken)


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("张伟明", "张伟明", "exact"),
        ("张伟明", "张炜铭", "homophone"),
        ("王芳", "汪芳", "homophone"),
        ("张伟明", "张明伟", "swapped"),
        ("张伟明", "张伟强", "one_character"),
        ("张伟明", "李伟明", "one_character"),
        ("张伟明", "张明", "one_character"),
        ("张伟", "张伟明", "one_character"),
        ("张伟", "李伟", "different"),  # of two characters one is not enough
        ("张伟明", "伟张明", "different"),  # the surname is not swapped
        ("张三丰", "李四丰", "different"),
        ("张", "张伟", "different"),
        ("张伟", None, None),
        (None, None, None),
    ],
)
def test_slips_of_the_pen(left, right, level):
    pair = pa.array([left], pa.string()), pa.array([right], pa.string())
    assert compare_names(*pair).to_pylist() == [level] == compare_names(*reversed(pair)).to_pylist()


def one_edit_apart(a: str, b: str) -> bool:
    """One replaced (of three or more) or one missing (two or more stay), tried one place after the other."""
    if len(a) == len(b):
        return len(a) >= 3 and sum(x != y for x, y in zip(a, b, strict=True)) == 1
    long, short = sorted((a, b), key=len, reverse=True)
    return len(short) >= 2 and any(long[:i] + long[i + 1 :] == short for i in range(len(long)))


names = st.text("张伟明李", min_size=1, max_size=5)


@given(st.lists(st.tuples(names, names), min_size=1, max_size=20))
def test_one_character_is_what_a_search_for_one_edit_finds(pairs):
    left, right = (pa.array(column) for column in zip(*pairs, strict=True))
    for (a, b), level in zip(pairs, compare_names(left, right).to_pylist(), strict=True):
        if level in ("one_character", "different"):
            assert (level == "one_character") == one_edit_apart(a, b)


def test_the_lists_hold_one_character_each_and_every_reading_is_plain_letters():
    assert all(len(row["variant"]) == len(row["standard"]) == 1 for row in reference.rows("name_variants"))
    standards = {row["standard"] for row in reference.rows("name_variants")}
    assert not standards & {row["variant"] for row in reference.rows("name_variants")}
    assert all(row["pinyin"].isascii() and row["pinyin"].isalpha() for row in reference.rows("pinyin"))
    assert len(reference.rows("pinyin")) > 20_900
