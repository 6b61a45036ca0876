"""Departments' rows as mentions: numbers in one form wherever they were written, days, places, names taken apart."""

from datetime import date

import pyarrow as pa
import pytest

from transforms.entity_resolution.enterprises.departments import (
    ANNUAL_REPORTS,
    EMPLOYMENT,
    ORG_CODES,
    REGISTRATIONS,
    SOCIAL_INSURANCE,
)
from transforms.entity_resolution.enterprises.mentions import enterprise_mentions
from transforms.entity_resolution.enterprises.numbers import identity_numbers, number_index
from transforms.entity_resolution.enterprises.places import NO_PLACES
from transforms.entity_resolution.enterprises.premises import premises

CODE, NUMBER = "91350100M000100Y43", "330122000000013"
"""The credit code of GB 32100's example; a registration number of 14 digits and its check digit (ISO 7064 MOD 11,10), by hand."""


def rows(**columns: list) -> pa.Table:
    count = len(next(iter(columns.values())))
    table = {name: pa.array(values) for name, values in columns.items()}
    envelope = {
        "_record_id": [f"r{i}" for i in range(count)],
        "_source_code": ["s"] * count,
        "_data_origin": ["synthetic"] * count,
    }
    return pa.table(envelope | table)


def mentioned(dataset: str, places: pa.Table = NO_PLACES, **columns: list) -> list[dict]:
    return enterprise_mentions({dataset: rows(**columns)}, places, home="330122").to_pylist()


def registered(**columns: list) -> dict:
    given = {"event_no": ["1-0"], "event_date": [date(2010, 3, 1)], "uscc": [CODE]} | columns
    return mentioned(REGISTRATIONS, **given)[0]


@pytest.mark.parametrize(
    "uscc, reg_no, org_code, expected",
    [
        (CODE, None, None, (CODE, None, "M000100Y4")),
        (CODE.lower(), None, None, (CODE, None, "M000100Y4")),
        (f" {CODE} ", NUMBER, None, (CODE, NUMBER, "M000100Y4")),
        ("91350100M000100Y44", None, None, (None, None, None)),
        (NUMBER, None, "M000100Y-4", (None, NUMBER, "M000100Y4")),
        ("330122000000014", None, "M000100Y5", (None, None, None)),
        (None, None, None, (None, None, None)),
    ],
    ids=["code", "lower case", "blanks", "wrong check", "old number in its place", "old number wrong", "nothing"],
)
def test_a_number_counts_where_it_is_valid_whatever_column_it_stands_in(uscc, reg_no, org_code, expected):
    given = (pa.chunked_array([pa.array([value], pa.string())]) for value in (uscc, reg_no, org_code))
    (row,) = identity_numbers(*given).to_pylist()
    assert (row["uscc"], row["reg_no_15"], row["org_code9"]) == expected


def test_each_department_speaks_of_its_own_day():
    assert registered()["as_of"] == date(2010, 3, 1)
    assert mentioned(EMPLOYMENT, month=[date(2012, 2, 1)], uscc=[CODE])[0]["as_of"] == date(2012, 2, 29)
    assert mentioned(ANNUAL_REPORTS, year=[2013], uscc=[CODE])[0]["as_of"] == date(2013, 12, 31)
    assert mentioned(ORG_CODES, org_code9=["M000100Y4"], issued_on=pa.array([None], pa.date32()))[0]["as_of"] is None


def test_who_employs_is_mentioned_in_the_role_of_the_employer():
    found = mentioned(SOCIAL_INSURANCE, month=[date(2014, 12, 1)] * 2, employer_uscc=[CODE, None])
    assert [(m["mention_id"], m["role"], m["uscc"], m["name"]) for m in found] == [("r0#employer", "employer", CODE, None)]


def test_a_record_that_comes_again_is_mentioned_once_as_of_the_last():
    again = rows(uscc=[CODE] * 2, state_of=[date(2014, 11, 30), date(2014, 12, 31)])
    again = again.set_column(0, "_record_id", pa.array(["o1", "o1"]))
    (mention,) = enterprise_mentions({"enterprise__organisations": again}, NO_PLACES).to_pylist()
    assert mention["as_of"] == date(2014, 12, 31)


def test_a_branch_names_its_parent_and_a_misread_name_is_no_name():
    branch = registered(name=["桐庐嘉旻茶业有限公司洋塘社区分公司"])
    assert (branch["parent_name"], branch["legal_form_code"]) == ("桐庐嘉旻茶业有限公司", "branch")
    misread = "桐庐".encode().decode("gbk")
    assert misread == "妗愬簮" and registered(name=[misread])["standard_name"] is None


def test_the_place_is_the_maps_else_as_sent_else_of_the_code():
    places = pa.table(
        {
            "address_text": ["迎春南路1号"], "division_hint": ["330122003"], "address_id": ["A1"], "building_id": ["B1"],
            "division_code": ["330122003004"], "grid_code": ["330122003004001"], "geocode_quality": ["A"],
        }
    )  # fmt: skip
    known = {"address_text": ["迎春南路1号"], "division_code": ["330122003"], "places": places}
    found = registered(**known)
    assert (found["address_id"], found["division_code"], found["geocode_quality"]) == ("A1", "330122003004", "A")
    assert registered(**known | {"division_code": ["330122004"]})["division_code"] == "330122004", "another place of that name"
    assert registered(address_text=["无此路1号"])["division_code"] == "350100"


def test_an_address_that_the_map_does_not_know_lies_in_the_division_that_it_names():
    village, town, road = (
        registered(address_text=[text]) for text in ("桐庐县瑶琳镇皇甫村", "桐庐县分水镇天英路8号", "无此路1号")
    )
    assert (village["division_code"], village["geocode_quality"]) == ("330122110204", "D")
    assert (town["division_code"], town["geocode_quality"]) == ("330122109", "E")
    assert (road["geocode_quality"], village["address_id"]) == (None, None)
    assert registered(uscc=["91330122M000100Y4N"], address_text=["杭州市某处"])["division_code"] == "330122", (
        "finer than the city"
    )


def test_any_number_leads_to_the_enterprise_and_premises_keep_their_days():
    registrations = rows(
        event_no=["1-0", "1-1"], event_date=[date(2008, 1, 1), date(2012, 1, 1)], uscc=[NUMBER, CODE], reg_no=[NUMBER, NUMBER],
        address_text=["旧址1号", "新址2号"],
    )  # fmt: skip
    mentions = enterprise_mentions({REGISTRATIONS: registrations}, NO_PLACES)
    members = pa.table({"mention_id": mentions["mention_id"], "entity_id": ["E1", "E1"]})
    index = {
        (r["number_kind"], r["number"]): (str(r["first_told_on"]), r["records"])
        for r in number_index(mentions, members).to_pylist()
    }
    assert index == {
        ("uscc", CODE): ("2012-01-01", 1),
        ("org_code9", "M000100Y4"): ("2012-01-01", 1),
        ("reg_no_15", NUMBER): ("2008-01-01", 2),
    }
    told = [(p["address_text"], str(p["last_told_on"]), p["is_latest"]) for p in premises(mentions, members).to_pylist()]
    assert told == [("旧址1号", "2008-01-01", False), ("新址2号", "2012-01-01", True)]
