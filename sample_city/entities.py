"""The true entities and events of a county as tables of the truth."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sample_city.city import City
from sample_city.households import NOBODY, ROLES
from sample_city.parameters import parameters
from sample_city.people import KINDS
from sample_city.presets import Window
from sample_city.randomness import Draws
from sample_city.truth import Truth


def add_entities(draws: Draws, city: City, window: Window, truth: Truth) -> None:
    truth.add("persons", persons(city))
    truth.add("households", households(city))
    truth.add("addresses", addresses(city))
    truth.add("lifecycle", lifecycle(city, window))


def _coded(codes: np.ndarray, words: tuple[str, ...]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(words))


def _kin(numbers: np.ndarray) -> pa.Array:
    return pa.array(numbers, mask=numbers == NOBODY)


def persons(city: City) -> pa.Table:
    """One row a person, registered or not; kin are person numbers."""
    people = city.people
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
            "role": _coded(people.role, (*ROLES, "lodger")),
            "father_no": _kin(people.father),
            "mother_no": _kin(people.mother),
            "spouse_no": _kin(people.spouse),
            "moved_in_on": pa.array(people.moved_in),
            "left_on": pa.array(people.left),
            "married_on": pa.array(people.married),
            "divorced_on": pa.array(people.divorced),
            "widowed_on": pa.array(people.widowed),
            "phone": city.phone,
            "address_no": city.addresses.number[city.home[city.household_row]],
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


def lifecycle(city: City, window: Window) -> pa.Table:
    """One row an event of a person in the reported days, by day and person."""
    people, reference = city.people, city.reference
    dated = {
        "BIRTH": np.where(people.birth > reference - 365, people.birth, np.datetime64("NaT")),
        "MOVE_IN": np.where(people.kind == KINDS.index("floating"), np.datetime64("NaT"), people.moved_in),
        "MARRY": people.married,
        "DIVORCE": people.divorced,
        "DEATH": np.where(people.kind == KINDS.index("dead"), people.left, np.datetime64("NaT")),
        "MOVE_OUT": np.where(people.kind == KINDS.index("moved_out"), people.left, np.datetime64("NaT")),
        "MOVE_WITHIN": np.where(people.kind == 0, city.moved_home[city.household_row], np.datetime64("NaT")),
    }
    parts = []
    for code, (event, days) in enumerate(dated.items()):
        rows = np.flatnonzero((days > window.opening) & (days <= window.reference))
        parts.append((np.full(len(rows), code), people.number[rows], days[rows]))
    kinds, number, day = (np.concatenate([p[i] for p in parts]) for i in range(3))
    order = np.lexsort((kinds, number, day))
    return pa.table({"person_no": number[order], "event": _coded(kinds[order], tuple(dated)), "event_date": pa.array(day[order])})
