"""Two registers of made-up people with clerks' slips, for the benchmark of linkage; from a seed, without any real name list."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田"
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华建国文斌玉兰红梅志飞鑫波宇浩凯健俊帆雪琳晶欢颖佳倩雯婷思雨晨阳子涵梓萱欣怡诗琪"
    "天昊博轩致远皓泽铭瑞嘉懿煜城烨伟诚立轩哲语嫣梦洁凌薇美莲雅静瑶岚苑筠柔竹霭凝晓枫芸菲寒伊亚宜可姬舒影荔枝丽秀娟"
)
CHECKS = np.frombuffer(b"10X98765432", np.uint8)
WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
SLIPS = {
    "number_missing": 0.015,
    "check_wrong": 0.004,
    "name_wrong": 0.008,
    "name_swapped": 0.002,
    "day_month": 0.003,
    "moved": 0.08,
}
"""Shares of the second register's rows."""


def mentions(persons: int, seed: int) -> pa.Table:
    """Two mentions of each person and `entity_no`, the rows shuffled: columns as linkage takes them."""
    draws = np.random.default_rng(seed)
    people = _people(draws, persons)
    number = np.arange(persons).astype(str)
    first = people | {"mention_id": np.char.add("PSB", number), "source_code": np.repeat("PSB", persons)}
    second = _with_slips(draws, people) | {"mention_id": np.char.add("HSA", number), "source_code": np.repeat("HSA", persons)}
    rows = draws.permutation(2 * persons)
    columns = {name: pa.array(np.concatenate([first[name], second[name]])[rows]) for name in first}
    told = {name: pc.if_else(pc.equal(column, ""), None, column) for name, column in columns.items()}
    as_of = pa.repeat(pa.scalar("20141231"), 2 * persons)
    return pa.table(told | {"as_of": as_of, "entity_no": np.tile(np.arange(persons), 2)[rows]})


def _people(draws: np.random.Generator, persons: int) -> dict[str, NDArray]:
    day = np.datetime64("1925-01-01") + draws.integers(0, 89 * 365, persons)
    birth = np.char.replace(day.astype(str), "-", "")
    weight = 1 / np.arange(2, len(SURNAMES) + 2)
    surname = np.array(list(SURNAMES))[draws.choice(len(SURNAMES), persons, p=weight / weight.sum())]
    given = np.array(list(GIVEN))[draws.integers(0, len(GIVEN), (2, persons))]
    name = np.char.add(np.char.add(surname, given[0]), np.where(draws.random(persons) < 0.85, given[1], ""))
    household = np.arange(persons) // 3
    return {
        "citizen_no": _numbers(birth, np.arange(persons)),
        "name": name,
        "birth_date": birth,
        "sex_code": draws.integers(1, 3, persons).astype(str),
        "address_id": np.char.add("A", household.astype(str)),
    }


def _numbers(birth: NDArray, order: NDArray) -> NDArray:
    """Citizen numbers (GB 11643) of made-up divisions 99xxxx; no two alike."""
    division = (990_000 + order // 1000).astype(str)
    body = np.char.add(np.char.add(division, birth), np.char.zfill((order % 1000).astype(str), 3)).astype("S17")
    digits = body.view(np.uint8).reshape(-1, 17) - ord("0")
    return np.char.add(body, CHECKS[digits @ WEIGHTS % 11][:, None].copy().view("S1").ravel()).astype(str)


def _with_slips(draws: np.random.Generator, people: dict[str, NDArray]) -> dict[str, NDArray]:
    chance = {slip: draws.random(len(people["name"])) < rate for slip, rate in SLIPS.items()}
    number, name, birth = people["citizen_no"], people["name"], people["birth_date"]
    first, second, third = (np.array([n[i : i + 1] for n in name]) for i in range(3))
    other = np.array(list(GIVEN))[draws.integers(0, len(GIVEN), len(name))]
    ends = np.array([n[-1] for n in number])
    wrong = np.char.add(number.astype("U17"), np.where(ends == "5", "6", "5"))
    day_month = np.array([b[:4] + b[6:] + b[4:6] for b in birth])
    moved = np.char.add("B", draws.integers(0, len(name), len(name)).astype(str))
    return people | {
        "citizen_no": np.where(chance["number_missing"], "", np.where(chance["check_wrong"], wrong, number)),
        "name": np.where(
            chance["name_wrong"],
            np.char.add(np.char.add(first, other), third),
            np.where(chance["name_swapped"], np.char.add(np.char.add(first, third), second), name),
        ),
        "birth_date": np.where(chance["day_month"], day_month, birth),
        "address_id": np.where(chance["moved"], moved, people["address_id"]),
    }
