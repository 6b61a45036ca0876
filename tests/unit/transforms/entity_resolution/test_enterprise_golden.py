"""Golden records of enterprises and the register beside taxpayers, from hand-written rows of each department."""

from datetime import date

import pyarrow as pa

from lakehouse.contracts import contracts
from lakehouse.contracts.derive.schema import arrow_schema
from transforms.entity_resolution.enterprises.departments import (
    ANNUAL_REPORTS,
    EMPLOYMENT,
    ORGANISATIONS,
    REGISTRATIONS,
    TAX,
)
from transforms.entity_resolution.enterprises.facts import Facts
from transforms.entity_resolution.enterprises.golden import golden_records
from transforms.entity_resolution.enterprises.lifecycle import life_events
from transforms.entity_resolution.enterprises.mentions import enterprise_mentions
from transforms.entity_resolution.enterprises.places import NO_PLACES
from transforms.entity_resolution.enterprises.two_registers import compare_two_registers

DAY = date(2014, 12, 31)
SOURCES = {
    REGISTRATIONS: "enterprise__registrations__amr_registrations", TAX: "enterprise__tax__tax_monthly",
    EMPLOYMENT: "enterprise__employment__hrss_employment", ORGANISATIONS: "enterprise__organisations__org_register",
    ANNUAL_REPORTS: "enterprise__annual_reports__amr_annual_reports",
}  # fmt: skip
COMPANY, BRANCH, SHOP, SCHOOL = "91350100M000100Y43", "91110000600037341L", "92371000MA3MXH0E3W", "11100000000013127D"
"""Valid credit codes of an enterprise twice, a self-employed household and a government body (GB 32100, worked examples)."""


def silver(**rows: list[dict]) -> dict[str, pa.Table]:
    """Rows by dataset (last part of its name) -> silver tables; each row tells its entity under `of`."""
    found = {}
    for name, told in rows.items():
        dataset = f"enterprise__{name}"
        own = [{k: v for k, v in row.items() if k != "of"} for row in told]
        envelope = {"_source_code": SOURCES[dataset], "_data_origin": "synthetic"}
        numbered = [row | envelope | {"_record_id": f"{name}{n}"} for n, row in enumerate(own)]
        found[dataset] = pa.Table.from_pylist(numbered, arrow_schema(contracts()[dataset]))
    return found


def facts(persons: dict[str, str] | None = None, **rows: list[dict]) -> Facts:
    tables = silver(**rows)
    mentions = enterprise_mentions(tables, NO_PLACES)
    of = {f"{name}{n}#self": row["of"] for name, told in rows.items() for n, row in enumerate(told)}
    ids = mentions["mention_id"].to_pylist()
    members = pa.table({"mention_id": ids, "entity_id": [of[i] for i in ids]})
    known = persons or {}
    people = pa.table({"mention_id": pa.array(known, pa.string()), "entity_id": pa.array(known.values(), pa.string())})
    return Facts(tables, mentions, members, life_events(tables, members), people)


def event(of: str, day: date, **columns: object) -> dict:
    given = {"event_no": f"{of}-{day}", "event_code": "设立", "event_date": day, "state_of": day, "established_on": day}
    return {"of": of, **given, "status_code": "存续", **columns}


def golden(told: Facts, entity: str = "E1") -> dict:
    entities, _ = golden_records(told, DAY)
    return next(row for row in entities.to_pylist() if row["enterprise_id"] == entity)


def test_the_office_that_registers_is_believed_and_the_newest_of_its_words():
    told = facts(
        registrations=[
            event("E1", date(2010, 5, 1), uscc=COMPANY, name="桐庐甲茶业有限公司", capital_text="100万元人民币",
                  address_text="旧路1号"),
            event("E1", date(2013, 5, 1), event_code="变更", uscc=COMPANY, name="桐庐乙茶业有限公司", capital_text="2,000,000元",
                  address_text="新路2号", established_on=date(2010, 5, 1)),
        ],
        tax=[{"of": "E1", "taxpayer_no": COMPANY, "month": date(2014, 12, 1), "uscc": COMPANY, "name": "桐庐甲茶业有限公司",
              "industry_code": "1530", "declared": True, "address_text": "市场3号", "state_of": DAY}],
        annual_reports=[{"of": "E1", "year": 2013, "uscc": COMPANY, "employees": 9}],
    )  # fmt: skip
    row = golden(told)
    assert (row["name"], row["class_code"], row["status_code"]) == ("桐庐乙茶业有限公司", "enterprise", "active")
    assert (row["capital_cny10k"], row["capital_reason"], str(row["established_on"])) == (200.0, None, "2010-05-01")
    assert (row["registered_address_text"], row["operating_address_text"]) == ("新路2号", "市场3号")
    assert (row["industry_code"], row["industry_edition"], row["employees"], row["is_trading"]) == ("1530", "2011", 9, True)


CAPITALS = {
    "100万元人民币": (100.0, "CNY", 100.0, None),
    "5万": (5.0, "CNY", 5.0, "currency_assumed"),
    "30(万美元)": (30.0, "USD", None, "foreign_currency"),
    "500": (None, None, None, "unit_missing"),
    "面议": (None, None, None, "not_understood"),
    None: (None, None, None, "not_given"),
}


def test_capital_is_known_in_yuan_or_says_why_not():
    told = facts(registrations=[event(f"E{n}", DAY, uscc=COMPANY, capital_text=text) for n, text in enumerate(CAPITALS)])
    columns = ("capital_10k", "currency_code", "capital_cny10k", "capital_reason")
    found = [tuple(row[c] for c in columns) for row in golden_records(told, DAY)[0].to_pylist()]
    assert found == list(CAPITALS.values())


def test_class_follows_the_code_then_the_name_and_a_branch_finds_its_parent():
    told = facts(
        registrations=[
            event("E1", date(2010, 5, 1), uscc=COMPANY, name="桐庐甲茶业有限公司"),
            event("E2", date(2011, 5, 1), uscc=BRANCH, name="桐庐甲茶业有限公司城南分公司"),
            event("E3", date(2012, 5, 1), uscc=SHOP, name="桐庐县城南街道丙经营部"),
            event("E4", date(2012, 5, 1), reg_no="330122000000013", name="桐庐丁竹笋专业合作社"),
        ],
        organisations=[
            {"of": "E5", "state_of": DAY, "uscc": SCHOOL, "name": "桐庐县第一小学", "registered_on": date(2001, 9, 1)}
        ],
    )
    found = {row["enterprise_id"]: row for row in golden_records(told, DAY)[0].to_pylist()}
    classes = {entity: row["class_code"] for entity, row in found.items()}
    assert classes == {"E1": "enterprise", "E2": "branch", "E3": "self_employed", "E4": "cooperative", "E5": "body"}
    assert {entity: row["parent_id"] for entity, row in found.items() if row["parent_id"]} == {"E2": "E1"}


def test_a_class_of_industry_that_was_replaced_counts_as_its_successor():
    """The list of the sample city: 6510 was replaced by 6513 on 2017-10-01, 6511 by 5211 before 2014."""
    coded = {"E1": ("6510", date(2014, 12, 31)), "E2": ("6510", date(2017, 12, 31)), "E3": ("6511", date(2014, 12, 31))}
    told = [event(e, date(2010, 5, 1), uscc=COMPANY, industry_code=code, state_of=day) for e, (code, day) in coded.items()]
    found = golden_records(facts(registrations=told), DAY)[0].to_pylist()
    assert [(r["industry_code"], r["industry_edition"]) for r in found] == [("6510", "2011"), ("6513", "2017"), ("5211", "2011")]


def test_the_legal_person_is_the_one_of_the_record_that_survived():
    told = facts(
        {"registrations0#legal_person": "P1", "registrations1#legal_person": "P2"},
        registrations=[
            event("E1", date(2010, 5, 1), uscc=COMPANY, legal_person_name="person_name_a"),
            event("E1", date(2012, 5, 1), event_code="变更", uscc=COMPANY, legal_person_name="person_name_b"),
        ],
    )
    row = golden(told)
    assert (row["legal_person_name"], row["legal_person_id"]) == ("person_name_b", "P2")


def test_who_neither_files_nor_insures_for_six_months_does_not_trade():
    def filed(entity: str, month: date, declared: bool) -> dict:
        return {"of": entity, "taxpayer_no": entity, "month": month, "uscc": COMPANY, "declared": declared}

    told = facts(
        registrations=[event(e, date(2010, 5, 1), uscc=COMPANY) for e in ("E1", "E2", "E3", "E4")],
        tax=[filed("E1", date(2014, 7, 1), True), filed("E2", date(2014, 5, 1), True), filed("E3", date(2014, 12, 1), False)],
        employment=[{"of": "E4", "month": date(2014, 12, 1), "uscc": COMPANY, "insured_persons": 3}],
    )
    trading = {row["enterprise_id"]: row["is_trading"] for row in golden_records(told, DAY)[0].to_pylist()}
    assert trading == {"E1": True, "E2": False, "E3": False, "E4": True}
    assert golden(facts(registrations=[event("E1", date(2010, 5, 1), uscc=COMPANY)]))["is_trading"] is None, "nobody told"


def test_what_one_register_has_and_the_other_has_not():
    def filed(entity: str, **columns: object) -> dict:
        return {"of": entity, "taxpayer_no": entity, "month": date(2014, 12, 1), "declared": True, **columns}

    ended = {"event_code": "注销", "status_code": "注销", "established_on": date(2009, 1, 1)}
    told = facts(
        registrations=[
            event("E1", date(2010, 5, 1), uscc=COMPANY, legal_person_name="person_name_a"),
            event("E2", date(2010, 5, 1), uscc=BRANCH),
            event("E3", date(2014, 11, 15), uscc=SHOP),
            event("E4", date(2014, 10, 1), uscc=SCHOOL, **ended),
            event("E5", date(2014, 12, 1), uscc=SCHOOL, **ended),
        ],
        tax=[
            filed("E1", uscc=COMPANY, legal_person_name="person_name_z"),
            filed("E4", uscc=SCHOOL),
            filed("E5", uscc=SCHOOL),
            filed("E6", uscc=SHOP),
        ],
    )
    found = compare_two_registers(told, golden_records(told, DAY)[0], DAY).to_pylist()
    assert {(f["entity_id"], f["kind"], f["source"], f["value"]) for f in found} == {
        ("E1", "legal_person_differs", "AMR", "person_name_a"),
        ("E1", "legal_person_differs", "TAX", "person_name_z"),
        ("E2", "no_tax_file", "AMR", "active"),
        ("E4", "no_registration", "TAX", "E4"),
        ("E6", "no_registration", "TAX", "E6"),
    }, "E3 is registered for less than 60 days, E5 deregistered for less"
    assert all(f["is_open"] and not f["is_chosen"] for f in found)
    alone = facts(registrations=[event("E2", date(2010, 5, 1), uscc=BRANCH)])
    assert compare_two_registers(alone, golden_records(alone, DAY)[0], DAY).num_rows == 0, "there is no second register"
