"""What the population register derives, on records of a few persons written by hand; who is whom is given, not linked."""

from datetime import date

import duckdb
import pyarrow as pa
import pytest

from lakehouse import vault
from transforms.entity_resolution.persons import deaths, golden, households, lifecycle, mentions, registration, terms
from transforms.entity_resolution.survivorship import DECIDED

OPENING, CLOSE = date(2014, 12, 1), date(2014, 12, 31)
TEXT, DAY = pa.string(), pa.date32()
RESIDENT = {"citizen_no": "11010519491231002X", "name": "李一", "former_name": None, "sex_code": "1", "ethnic_code": "01",
            "birth_date": date(1949, 12, 31), "household_no": "H1", "relation_code": "02", "status_code": "0",
            "division_code": "330122001001", "address_text": "东门1号", "registration_kind": "农业"}  # fmt: skip
FULL, DELTA = "population__residents__psb_residents_full", "population__residents__psb_residents_delta"


class Silver:
    """Silver tables, filled row by row; each row belongs to the person whose letter it is given."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict]] = {}
        self.who: dict[str, str] = {}

    def add(self, person: str, dataset: str, source: str, role: str = "self", **values) -> None:
        record = f"r{len(self.who)}"
        self.who[f"{record}#{role}"] = person
        made = {"_record_id": record, "_source_code": source, "_data_origin": "synthetic"} | values
        self.rows.setdefault(dataset, []).append({name: _token(name, value) for name, value in made.items()})

    def resident(self, person: str, on: date, source: str = FULL, **changed) -> None:
        self.add(person, "population__residents", source, extract_date=on, **RESIDENT | changed)

    def base(self, on: date = CLOSE) -> tuple[duckdb.DuckDBPyConnection, set[str]]:
        """A connection with mentions and members, and what else the derivations read."""
        base = duckdb.connect()
        for name, rows in self.rows.items():
            base.register(name, pa.Table.from_pylist(rows))
        mentions.build(base, self.rows)
        members = pa.table({"mention_id": list(self.who), "entity_id": list(self.who.values())})
        base.register("members", members)
        terms.show(base)
        registration.look_around(base)
        registration.read(base)
        deaths.judge(base, set(self.rows))
        return base, set(self.rows)

    def persons(self, on: date = CLOSE) -> dict[str, dict]:
        base, present = self.base()
        made = golden.persons(base, golden.survivors(base, on, DECIDED.empty_table()), present, on)
        return {row["person_id"]: row for row in made.to_pylist()}


def _token(name: str, value):
    kind = {"citizen_no": "citizen_no", "name": "person_name", "phone": "phone"}.get(name)
    return vault.tokens(kind, pa.array([value], TEXT))[0].as_py() if kind else value


@pytest.fixture
def silver(home) -> Silver:
    return Silver()


def floating(silver: Silver, person: str, since: date, on: date = CLOSE) -> None:
    silver.add(
        person,
        "population__floating",
        "population__floating__psb_floating",
        registration_no=f"JZ{person}",
        name="王二",
        citizen_no="440524188001010014",
        sex_code="1",
        birth_date=date(1980, 1, 1),
        address_text="西门2号",
        landlord_no=None,
        purpose_code="01",
        from_date=since,
        to_date=None,
        state_of=on,
    )


def died(silver: Silver, person: str, issuer: str, on: date) -> None:
    source = {"HC": "population__deaths__hc_deaths", "CA": "population__deaths__ca_cremations"}[issuer]
    silver.add(
        person,
        "population__deaths",
        source,
        issuer=issuer,
        record_no=f"{issuer}1",
        death_date=on,
        birth_date=None,
        cremation_date=on if issuer == "CA" else None,
        address_text=None,
        **{k: RESIDENT[k] for k in ("citizen_no", "name", "sex_code")},
    )


def insured(silver: Silver, person: str, month: date, status: str = "1") -> None:
    silver.add(
        person,
        "population__social_insurance",
        "population__social_insurance__hsa_insurance",
        month=month,
        phone="12000000001",
        scheme_code="390",
        employer_uscc=None,
        status_code=status,
        birth_date=RESIDENT["birth_date"],
        address_text="东门1号",
        **{k: RESIDENT[k] for k in ("citizen_no", "name", "sex_code")},
    )


def test_a_number_of_15_digits_has_the_token_of_its_18(silver):
    """Vector of GB 11643: 110105491231002 is 11010519491231002X."""
    silver.resident("A", OPENING)
    silver.resident("A", CLOSE, citizen_no="110105491231002")
    base, _ = silver.base()
    assert base.sql("select count(distinct citizen_no), bool_and(is_number_valid) from mentions").fetchall() == [(1, True)]


def test_a_record_repeated_word_for_word_is_one_mention(silver):
    floating(silver, "A", date(2014, 1, 1), OPENING)
    silver.rows["population__floating"].append(silver.rows["population__floating"][0] | {"state_of": CLOSE})
    base, _ = silver.base()
    assert base.sql("select mention_id, as_of from mentions").fetchall() == [("r0#self", CLOSE)]


def test_residency_follows_registration_and_months_of_residence(silver):
    silver.resident("A", OPENING)
    silver.resident("A", CLOSE)
    silver.resident("B", OPENING)
    floating(silver, "C", date(2014, 6, 30))
    floating(silver, "D", date(2014, 7, 1))
    insured(silver, "E", date(2014, 12, 1))
    people = silver.persons()
    kinds = {p: (r["residency_kind"], r["is_usual_resident"]) for p, r in people.items()}
    assert kinds == {
        "A": ("registered_local", True), "B": (None, False), "C": ("inflow_over_6_months", True),
        "D": ("inflow_under_6_months", False), "E": ("unregistered", False),
    }  # fmt: skip
    assert people["B"]["is_registered"] is False, "the last full extract no longer names B"


@pytest.mark.parametrize(
    "words, expected",
    [
        (["HC"], True),
        (["CA"], False),
        (["PSB"], False),
        (["CA", "PSB"], True),
        (["CA", "HSA"], True),
        (["HSA"], False),
        ([], False),
    ],
)
def test_dead_by_certificate_or_by_two_others(silver, words, expected):
    silver.resident("A", OPENING)
    silver.resident("A", CLOSE, DELTA, status_code="9") if "PSB" in words else silver.resident("A", CLOSE)
    for word in words:
        if word in ("HC", "CA"):
            died(silver, "A", word, date(2014, 12, 9))
    insured(silver, "A", date(2014, 12, 1), "0" if "HSA" in words else "1")
    base, present = silver.base()
    person = golden.persons(base, golden.survivors(base, CLOSE, DECIDED.empty_table()), present, CLOSE).to_pylist()[0]
    kinds = {row["kind"] for row in base.sql(deaths.conflicts(present)).to_arrow_table().to_pylist()}
    assert person["is_dead"] is expected
    assert person["death_date"] == (date(2014, 12, 9) if expected else None)
    assert kinds == ({"death_unconfirmed"} if words and not expected else set())


def test_insurance_in_a_month_after_death_is_a_conflict(silver):
    silver.resident("A", OPENING)
    died(silver, "A", "HC", date(2014, 11, 30))
    insured(silver, "A", date(2014, 11, 1))
    insured(silver, "A", date(2014, 12, 1))
    base, present = silver.base()
    found = base.sql(deaths.conflicts(present)).to_arrow_table().to_pylist()
    assert [(r["entity_id"], r["kind"], r["mention_id"]) for r in found] == [("A", "insured_after_death", "r3#self")]


def test_households_and_registered_addresses_have_their_periods(silver):
    moved = date(2014, 12, 10)
    silver.resident("A", OPENING)
    silver.resident("A", moved, DELTA, address_text="南门3号", household_no="H2", relation_code="30")
    silver.resident("A", CLOSE, address_text="南门3号", household_no="H2", relation_code="30")
    silver.resident("B", OPENING, relation_code="12")
    silver.resident("B", moved, DELTA, relation_code="12", status_code="8")
    base, present = silver.base()
    people = golden.persons(base, golden.survivors(base, CLOSE, DECIDED.empty_table()), present, CLOSE)
    base.register("persons", people)
    bridge = households.memberships(base, b"k" * 32).to_pylist()
    assert [(r["person_id"], r["relation_code"], r["valid_from"], r["valid_to"]) for r in bridge] == [
        ("A", "02", OPENING, moved), ("A", "30", moved, None), ("B", "12", OPENING, moved),
    ]  # fmt: skip
    homes = {r["household_no"]: (r["members"], r["head_id"], r["valid_to"]) for r in households.households(base).to_pylist()}
    assert homes == {"H1": (0, None, moved), "H2": (1, None, None)}
    registered = [r for r in households.residences(base).to_pylist() if r["kind_code"] == "registered"]
    assert [(r["person_id"], r["address_text"], r["valid_from"], r["valid_to"]) for r in registered] == [
        ("A", "东门1号", OPENING, moved), ("A", "南门3号", moved, None), ("B", "东门1号", OPENING, moved),
    ]  # fmt: skip


def test_events_of_life_and_what_cannot_be(silver):
    silver.resident("A", OPENING)
    silver.resident("A", CLOSE)
    silver.resident("B", OPENING, household_no="H9")
    silver.resident("N", date(2014, 12, 5), DELTA, birth_date=date(1990, 5, 5), citizen_no="360426199101010071", name="赵三")
    silver.resident("N", date(2014, 12, 20), DELTA, birth_date=date(1990, 5, 5), citizen_no="360426199101010071", name="赵三",
                    status_code="8")  # fmt: skip
    died(silver, "A", "HC", date(2014, 12, 3))
    for person, when in (("A", date(2014, 12, 8)), ("N", date(2012, 5, 4)), ("N", date(2012, 5, 5))):
        silver.add(
            person,
            "population__marriages",
            "population__marriages__ca_marriages",
            "party1",
            register_no=str(when),
            kind="结婚",
            party1_no=None,
            party1_name="某",
            party2_no=None,
            party2_name=None,
            date=when,
        )
    base, present = silver.base()
    found = golden.survivors(base, CLOSE, DECIDED.empty_table())
    golden.persons(base, found, present, CLOSE)
    told = lifecycle.life_events(base, present).to_pylist()
    assert [(r["person_id"], r["event"], r["event_date"], r["finding"]) for r in told] == [
        ("A", "DEATH", date(2014, 12, 3), None),
        ("A", "MARRY", date(2014, 12, 8), "after_death"),
        ("N", "MARRY", date(2012, 5, 4), "married_too_young"),
        ("N", "MARRY", date(2012, 5, 5), None),
        ("N", "MOVE_IN", date(2014, 12, 5), None),
        ("N", "REGISTER", date(2014, 12, 5), None),
        ("N", "DEREGISTER", date(2014, 12, 20), None),
        ("N", "MOVE_OUT", date(2014, 12, 20), None),
    ]
