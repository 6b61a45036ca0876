"""A town of made-up people for tests of linkage: who stands in which record is known, and so are the clerks' slips."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华建国文斌玉兰"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def citizen_number(body: str) -> str:
    """GB 11643: 17 digits and their check character (ISO 7064 MOD 11-2)."""
    return body + "10X98765432"[sum(int(c) * w for c, w in zip(body, WEIGHTS, strict=True)) % 11]


def people(count: int, seed: int = 3) -> list[dict]:
    """So many people, three to a household: entity_no and what a police register says of them."""
    draws = np.random.default_rng(seed)
    made = []
    for number in range(count):
        born = date(1940, 1, 1) + timedelta(days=int(draws.integers(0, 27_000)))
        name = SURNAMES[draws.integers(0, 20)] + "".join(GIVEN[i] for i in draws.integers(0, 30, 2))
        told = {"name": name, "birth_date": f"{born:%Y%m%d}", "sex_code": str(number % 2 + 1), "address_text": f"村{number // 3}"}
        no = citizen_number(f"990122{born:%Y%m%d}{number % 1000:03d}")
        household = {"household_no": f"H{number // 3}", "relation_code": ("02", "12", "20")[number % 3]}
        made.append({"entity_no": number, "citizen_no": no, **told, **household})
    return made


def mention(person: dict, source: str, **other) -> dict:
    """What a source says of a person; `other` replaces or, with None, leaves out."""
    kept = {} if source == "PSB" else {"household_no": None, "relation_code": None}
    said = person | {"source_code": source, "as_of": "20141231", "mention_id": f"{source}-{person['entity_no']}#self"}
    return said | kept | other


def town(count: int = 900, seed: int = 3) -> pa.Table:
    """Each person in three registers; every tenth without a number in the second, every fifteenth misspelt in the third."""
    rows = []
    for person in people(count, seed):
        number, name = person["entity_no"], person["name"]
        rows.append(mention(person, "PSB"))
        rows.append(mention(person, "HSA", citizen_no=None if number % 10 == 0 else person["citizen_no"]))
        rows.append(mention(person, "EDU", name=name[0] + name[2] + name[1] if number % 15 == 0 else name))
    return pa.Table.from_pylist(rows)
