"""The police: registered residents, daily changes, and floating persons."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sample_city.city import City
from sample_city.extract import Extract, Source, constant, text_of
from sample_city.households import MALE, NOBODY, PARENT
from sample_city.identifiers import record_numbers
from sample_city.knowledge import Office, home_rows
from sample_city.parameters import parameters
from sample_city.people import DEAD, FLOATING
from sample_city.views.persons import person_extract

RELATIONS = pa.array(["02", "11", "12", "20", "30", "51", "52", "28", "38", "41", "42", "98"])
"""GB/T 4761: head, husband, wife, son, daughter, father, mother, sons- and daughters-in-law, grandsons and -daughters, others."""
UNIFIED_REGISTRATION = np.datetime64("2015-12-10")
"""From when on (Zhejiang, assumed) registration knows no agricultural and non-agricultural kind."""
IN_FORCE, MOVED_AWAY, DECEASED = "0", "8", "9"
PURPOSES = pa.array(["01", "02", "03", "04", "99"])


def relation_codes(city: City, rows: np.ndarray) -> pa.Array:
    """Relation to the head of the household by kinship; late parents by their former place in it."""
    people = city.people
    head = city.head_row[city.household_row[rows]]
    head_no = np.where(head == NOBODY, -2, people.number[head])
    mate_no = np.where((head == NOBODY) | (people.spouse[head] == NOBODY), -2, people.spouse[head])
    own = people.number[rows]

    def is_child(row: np.ndarray) -> np.ndarray:
        kin = (people.father[row], people.mother[row])
        return np.any([np.isin(k, (NOBODY,), invert=True) & ((k == head_no) | (k == mate_no)) for k in kin], axis=0)

    def of(kin: np.ndarray) -> np.ndarray:
        return is_child(np.where(kin[rows] == NOBODY, 0, people.row(kin[rows]))) & (kin[rows] != NOBODY)

    is_parent = (people.father[head] == own) | (people.mother[head] == own) | (people.role[rows] == PARENT)
    is_head, is_spouse = own == head_no, people.spouse[rows] == head_no
    grandchild = of(people.father) | of(people.mother)
    found = np.select([is_head, is_spouse, is_child(rows), is_parent, of(people.spouse), grandchild], [0, 1, 3, 5, 7, 9], 11)
    sexed = (found > 0) & (found < 11)
    return RELATIONS.take(pa.array(found + sexed * (people.sex[rows] - MALE)))


def _residents(office: Office, source: Source, day: np.datetime64, rows: np.ndarray, status: pa.Array) -> Extract:
    city, view = office.city, office.police
    people, codes = city.people, parameters().ethnic
    home, _ = home_rows(city, rows, day, view.rehoused)
    columns = {
        "extract_date": constant(str(day).replace("-", ""), len(rows)),
        "former_name": constant("", len(rows)),
        "ethnic_code": pc.if_else(pa.array(people.is_she[rows]), codes["she"], codes["han"]),
        "household_no": city.household_no.take(pa.array(city.household_row[rows])),
        "relation_code": relation_codes(city, rows),
        "status_code": status,
        "division_code": city.addresses.division_code.take(pa.array(home)),
        "registration_kind": _registration_kind(people.is_agricultural[rows], day),
    }
    return person_extract(city, source, day, rows, columns, view.rehoused)


def _registration_kind(is_agricultural: np.ndarray, day: np.datetime64) -> pa.Array:
    if day >= UNIFIED_REGISTRATION:
        return constant("居民", len(is_agricultural))
    return pc.if_else(pa.array(is_agricultural), "农业", "非农业")


def residents_full(office: Office, source: Source, day: np.datetime64, since: np.datetime64) -> Extract:
    """Everybody whom the register holds at the end of the day."""
    rows = np.flatnonzero(office.police.holds(day))
    return _residents(office, source, day, rows, constant(IN_FORCE, len(rows)))


def residents_delta(office: Office, source: Source, day: np.datetime64, since: np.datetime64) -> Extract:
    """Persons taken in, struck off or rehoused since the last delivery; the status says which were struck off and why."""
    view, kind = office.police, office.city.people.kind
    is_new = (view.entered > since) & (view.entered <= day)
    is_gone = (view.struck > since) & (view.struck <= day)
    is_changed = (view.rehoused > since) & (view.rehoused <= day) & view.holds(day)
    rows = np.flatnonzero(is_new | is_gone | is_changed)
    left = pc.if_else(pa.array(kind[rows] == DEAD), DECEASED, MOVED_AWAY)
    return _residents(office, source, day, rows, pc.if_else(pa.array(is_gone[rows]), left, IN_FORCE))


def floating(office: Office, source: Source, day: np.datetime64, since: np.datetime64) -> Extract:
    """Residence registrations in force: persons registered elsewhere who have lived here for some days."""
    draws, city = office.draws, office.city
    people = city.people
    rows = np.flatnonzero((people.kind == FLOATING) & (people.moved_in < day))
    number = people.number[rows]
    landlord = city.head_row[city.household_row[rows]]
    columns = {
        "registration_no": pc.binary_join_element_wise("JZ", record_numbers(source.register, number, 12), ""),
        "landlord_no": pc.if_else(pa.array(landlord == NOBODY), "", city.citizen_no.take(pa.array(np.maximum(landlord, 0)))),
        "purpose_code": PURPOSES.take(pa.array(draws.pick("floating_purpose", number, (70, 10, 8, 7, 5)))),
        "from_date": text_of(people.moved_in[rows]),
        "to_date": text_of(people.moved_in[rows] + 365 * (1 + draws.below("floating_years", number, 3))),
        "remark": constant("", len(rows)),
    }
    made = person_extract(city, source, day, rows, columns)
    return replace(
        made, entities=made.entities | {"landlord": ("person", np.where(landlord == NOBODY, NOBODY, people.number[landlord]))}
    )
