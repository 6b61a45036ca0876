"""The true entities and events of a county as tables of the truth."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sample_city.city import City
from sample_city.defects.rates import Rates
from sample_city.enterprises import KINDS as ENTERPRISE_KINDS
from sample_city.enterprises import STATES
from sample_city.households import NOBODY, ROLES
from sample_city.knowledge import Office, PoliceView, usual_rows
from sample_city.parameters import parameters, words
from sample_city.people import FURTHER_ROLES, KINDS
from sample_city.presets import Window
from sample_city.randomness import Draws
from sample_city.truth import Truth
from sample_city.views.market import industry_codes


def add_entities(office: Office, window: Window, truth: Truth) -> None:
    """Append a county's entities and events to the truth."""
    city = office.city
    truth.add("persons", persons(city))
    truth.add("households", households(city))
    truth.add("addresses", addresses(city))
    truth.add("enterprises", enterprises(city))
    truth.add("lifecycle", lifecycle(city, window, office.police))
    truth.add("identity_events", identity_events(city, office.draws, office.rates))


def _coded(codes: np.ndarray, words: tuple[str, ...]) -> pa.Array:
    """Each word stands once in the dictionary: with repeated ones the bytes that Parquet writes differ from time to time."""
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(words)).cast(pa.string()).dictionary_encode()


def _kin(numbers: np.ndarray) -> pa.Array:
    return pa.array(numbers, mask=numbers == NOBODY)


def persons(city: City) -> pa.Table:
    """One row a person, registered or not; kin are person numbers."""
    people, everybody = city.people, np.arange(len(city.people.number))
    usual, _ = usual_rows(city, everybody, city.reference)
    return pa.table(
        {
            "person_no": people.number,
            "kind": _coded(people.kind, KINDS),
            "citizen_no": city.citizen_no,
            "name": city.names,
            "sex_code": people.sex,
            "birth_date": pa.array(people.birth),
            "ethnic_code": pc.if_else(pa.array(people.is_she), "22", "01"),
            "is_agricultural": people.is_agricultural,
            "household_no": city.household_no.take(pa.array(city.household_row)),
            "role": _coded(people.role, (*ROLES, *FURTHER_ROLES)),
            "father_no": _kin(people.father),
            "mother_no": _kin(people.mother),
            "spouse_no": _kin(people.spouse),
            "former_spouse_no": _kin(people.former_spouse),
            "moved_in_on": pa.array(people.moved_in),
            "left_on": pa.array(people.left),
            "married_on": pa.array(people.married),
            "divorced_on": pa.array(people.divorced),
            "widowed_on": pa.array(people.widowed),
            "phone": city.phone,
            "employer_no": pa.array(city.enterprises.number[np.maximum(city.employer, 0)], mask=city.employer < 0),
            "address_no": city.addresses.number[city.home[city.household_row]],
            "usual_address_no": city.addresses.number[usual],
        }
    )


def households(city: City) -> pa.Table:
    """One row a household, with its home on the reference day and the one before."""
    counts = parameters().slice
    return pa.table(
        {
            "household_no": city.household_no,
            "household": city.stack.numbers(counts.households).ravel(),
            "address_no": city.addresses.number[city.home],
            "former_address_no": city.addresses.number[city.former_home],
            "moved_on": pa.array(city.moved_home),
        }
    )


def addresses(city: City) -> pa.Table:
    """One row a standard address of 2014, with its building and its position (CGCS2000)."""
    found = city.addresses
    return pa.table(
        {
            "address_no": found.number,
            "building_no": found.building_key,
            "division_code": found.division_code,
            "address_text": found.text,
            "kind": _coded(found.kind, ("house", "flat", "premises")),
            "lon": found.lon,
            "lat": found.lat,
        }
    )


def enterprises(city: City) -> pa.Table:
    """One row a market entity or organisation, those deregistered since the year before the calibrated day included."""
    found, rows = city.enterprises, np.flatnonzero(city.enterprises.exists)
    picked = pa.array(rows)
    industry = found.industry[rows]
    listed = words("enterprises")["industries"]
    parent = found.parent[rows]
    return pa.table(
        {
            "enterprise_no": found.number[rows],
            "kind": _coded(found.kind[rows], ENTERPRISE_KINDS),
            "state": _coded(found.state[rows], STATES),
            "uscc": found.uscc.take(picked),
            "org_code9": found.org_code.take(picked),
            "reg_no_15": found.reg_no.take(picked),
            "name": found.name.take(picked),
            "industry_code": _coded(industry, tuple(industry_codes(city.reference))),
            "sector": _coded(industry, tuple(i["sector"] for i in listed)),
            "established_on": pa.array(found.established[rows]),
            "deregistered_on": pa.array(found.ended[rows]),
            "revoked_on": pa.array(found.revoked[rows]),
            "capital_cny10k": found.capital[rows],
            "output_cny10k": found.output[rows],
            "legal_person_no": city.people.number[found.legal_person[rows]],
            "parent_no": pa.array(found.number[np.maximum(parent, 0)], mask=parent < 0),
            "address_no": city.addresses.number[found.address[rows]],
        }
    )


def identity_events(city: City, draws: Draws, rates: Rates) -> pa.Table:
    """Facts of identity that linkage must not undo: who carries whose number, who was given a second one."""
    people = city.people
    shared = np.flatnonzero(draws.chance("defect|number_of_another", people.number, rates["D08"]))
    second = np.flatnonzero(
        draws.chance("defect|two_numbers", people.number, rates["D09"]) & ~np.isin(np.arange(len(people.number)), shared)
    )
    other = np.concatenate([people.number[city.double_row[shared]], np.full(len(second), NOBODY)])
    numbers = pa.concat_arrays([city.citizen_no.take(pa.array(city.double_row[shared])), city.second_no.take(pa.array(second))])
    kinds = np.repeat([0, 1], [len(shared), len(second)])
    return pa.table(
        {
            "person_no": people.number[np.concatenate([shared, second])],
            "event": _coded(kinds, ("NUMBER_OF_ANOTHER", "SECOND_NUMBER")),
            "other_person_no": _kin(other),
            "citizen_no": numbers,
        }
    )


def lifecycle(city: City, window: Window, police: PoliceView) -> pa.Table:
    """One row an event in the reported days, persons' and enterprises', by day and entity."""
    people, found = city.people, city.enterprises
    never = np.datetime64("NaT", "D")
    is_kind = {kind: people.kind == KINDS.index(kind) for kind in KINDS}
    resident = ~is_kind["floating"]
    of_persons = {
        "BIRTH": np.where(resident, people.birth, never),
        "REGISTER": np.where(resident, police.entered, never),
        "MOVE_IN": np.where(resident, people.moved_in, never),
        "MARRY": people.married,
        "DIVORCE": people.divorced,
        "MOVE_WITHIN": np.where(is_kind["registered"], city.moved_home[city.household_row], never),
        "MOVE_OUT": np.where(is_kind["moved_out"], people.left, never),
        "DEATH": np.where(is_kind["dead"], people.left, never),
        "DEREGISTER": np.where(resident, police.struck, never),
    }
    of_enterprises = {
        "SET_UP": np.where(found.exists, found.established, never),
        "REVOKED": np.where(found.exists, found.revoked, never),
        "DEREGISTERED": np.where(found.exists, found.ended, never),
    }
    tables = [_events("person", people.number, of_persons, window), _events("enterprise", found.number, of_enterprises, window)]
    return pa.concat_tables(tables).sort_by([(c, "ascending") for c in ("event_date", "entity_kind", "entity_no")])


def _events(kind: str, number: np.ndarray, dated: dict[str, np.ndarray], window: Window) -> pa.Table:
    """The events of one kind of entity that lie in the reported days."""
    found = [np.flatnonzero((days > window.opening) & (days <= window.reference)) for days in dated.values()]
    rows = np.concatenate(found)
    code = np.repeat(np.arange(len(dated)), [len(f) for f in found])
    day = np.concatenate([days[f] for days, f in zip(dated.values(), found, strict=True)])
    names = pa.array(list(dated)).take(pa.array(code))
    kinds = pa.repeat(pa.scalar(kind), len(rows))
    return pa.table({"entity_kind": kinds, "entity_no": number[rows], "event": names, "event_date": pa.array(day)})
