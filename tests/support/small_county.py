"""December of a county of ten persons and three enterprises as its departments' files, written by hand, in sound form."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from lakehouse.contracts import contracts
from tests.support.linkage_town import citizen_number

VALLEY, HARBOUR = "330122113", "330122003"
"""Townships 江南镇 and 桐君街道."""
STREET = {VALLEY: "浙江省杭州市桐庐县江南镇横山埠村下畈", HARBOUR: "浙江省杭州市桐庐县桐君街道梅蓉村水碓边"}
VILLAGE = {VALLEY: "330122113201", HARBOUR: "330122003200"}
FULL, DELTA = (f"population__residents__psb_residents_{kind}" for kind in ("full", "delta"))
BIRTHS, DEATHS, FLOATING = "population__births__hc_births", "population__deaths__hc_deaths", "population__floating__psb_floating"
REGISTRATIONS = "enterprise__registrations__amr_registrations_delta"
DATASETS = sorted({contracts().sources[s].feeds for s in (FULL, BIRTHS, DEATHS, FLOATING, REGISTRATIONS)})
ENCODING = {FULL: "gbk", DELTA: "gbk", FLOATING: "gbk"}
CREDIT_SIGNS, CREDIT_WEIGHTS = "0123456789ABCDEFGHJKLMNPQRTUWXY", [pow(3, i, 31) for i in range(17)]
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True)
class Person:
    """`born` is yyyymmdd; `house` is the number of the household and of its house."""

    name: str
    sex: str
    born: str
    township: str
    house: int
    relation: str = "02"
    home: str = "330122"

    @property
    def number(self) -> str:
        return citizen_number(f"{self.home}{self.born}00{self.sex}")

    @property
    def address(self) -> str:
        return f"{STREET[self.township]}{self.house}号"


WANG = Person("王建国", "1", "19500305", VALLEY, 1)
LI = Person("李秀英", "2", "19520709", VALLEY, 1, "10")
ZHANG = Person("张伟民", "1", "19800115", VALLEY, 2)
LIU = Person("刘敏华", "2", "19820220", VALLEY, 2, "10")
CHILD = Person("张小明", "1", "20141212", VALLEY, 2, "20")
CHEN = Person("陈国强", "1", "19750505", HARBOUR, 3)
ZHAO = Person("赵丽娟", "2", "19780808", HARBOUR, 3, "10")
SUN = Person("孙永超", "1", "19300101", HARBOUR, 4)
ZHOU = Person("周桂兰", "2", "19351111", HARBOUR, 4, "10")
HE = Person("何东军", "1", "19900606", VALLEY, 5, home="340822")
OPENING = (WANG, LI, ZHANG, LIU, CHEN, ZHAO, SUN, ZHOU)


def credit_code(organisation: str) -> str:
    """GB 32100 with GB 11714: category 91, division 330122, 8 signs of the organisation and its check sign, check sign."""
    own = -sum(CREDIT_SIGNS.index(c) * w for c, w in zip(organisation, ORGANISATION_WEIGHTS, strict=True)) % 11
    body = f"91330122{organisation}{'0123456789X'[own]}"
    rest = -sum(CREDIT_SIGNS.index(c) * w for c, w in zip(body, CREDIT_WEIGHTS, strict=True)) % 31
    return body + CREDIT_SIGNS[rest]


def delimited(source: str, rows: Sequence[dict[str, str]], more: dict[str, str] | None = None) -> str:
    """The file's text; `more` is a column that nobody agreed on, with its value in every row."""
    mapping = contracts().sources[source]
    header, by = [*mapping.columns, *(more or {})], mapping.format.delimiter
    lines = [by.join(header), *(by.join((row | (more or {})).get(c, "") for c in header) for row in rows)]
    return "\n".join(["# 二零一四年十二月", *lines, ""])


def residents(day: str, *persons: Person, status: str = "0") -> list[dict[str, str]]:
    """Rows of the police register; `status` is 0 in force, 9 deceased."""
    return [
        {"TQRQ": day, "GMSFHM": p.number, "XM": p.name, "XB": p.sex, "MZ": "01", "CSRQ": p.born, "HH": f"H{p.house}",
         "YHZGX": p.relation, "RYZT": status, "XZQH": VILLAGE[p.township], "ZZ": p.address, "HKXZ": "居民"}
        for p in persons
    ]  # fmt: skip


def death(number: str, person: Person, day: str) -> dict[str, str]:
    return {"证明编号": number, "身份证号": person.number, "姓名": person.name, "性别": person.sex, "出生日期": person.born,
            "死亡日期": day, "根本死因分类": "I", "常住地址": person.address}  # fmt: skip


def born(*certificates: tuple[str, Person, Person, Person]) -> str:
    """Page of birth certificates: number, child, mother, father."""
    items = [
        {"certificateNo": number, "childName": child.name, "birthTime": f"{child.born}0830", "sex": child.sex, "weight": "3200",
         "motherIdNo": mother.number, "motherName": mother.name, "fatherIdNo": father.number, "fatherName": father.name,
         "hospitalCode": "33012201", "motherAddress": mother.address}
        for number, child, mother, father in certificates
    ]  # fmt: skip
    return json.dumps({"items": items}, ensure_ascii=False)


def lodger(person: Person, since: str) -> dict[str, str]:
    return {"DJBH": "JZ1", "GMSFHM": person.number, "XM": person.name, "XB": person.sex, "CSRQ": person.born,
            "JZDZ": person.address, "FZSFHM": ZHANG.number, "LZSY": "01", "LZRQ": since, "YXQZ": "20160101"}  # fmt: skip


@dataclass(frozen=True)
class Enterprise:
    """`since` is the day of establishment, yyyymmdd."""

    organisation: str
    name: str
    legal_person: Person
    since: str

    def event(self, number: str, kind: str, day: str, state: str = "存续", capital: str = "100万元人民币") -> dict[str, str]:
        who = self.legal_person
        return {"djxh": number, "djlx": kind, "hzrq": day, "tyshxydm": credit_code(self.organisation), "qymc": self.name,
                "qylx": "1150", "fddbr": who.name, "fddbr_zjhm": who.number, "zczb": capital, "bz": "156", "jyfw": "食品销售",
                "zs": who.address, "xzqh": VILLAGE[who.township], "hydm": "5221", "djjg": "330122AMR", "clrq": self.since,
                "djzt": state}  # fmt: skip


FOOD = Enterprise("MA2AAFD1", "桐庐江南食品有限公司", ZHANG, "20100601")
SHOP = Enterprise("MA2AAGH2", "桐庐桐君百货有限公司", ZHAO, "20110301")
ORCHARD = Enterprise("MA2AANW3", "桐庐梅蓉果业有限公司", CHEN, "20141209")
