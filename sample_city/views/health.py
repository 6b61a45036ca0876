"""The health commission: birth and death certificates, the index of health files."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sample_city.extract import Extract, Source, text_of
from sample_city.identifiers import numbers, record_numbers
from sample_city.knowledge import Office, lag, usual_rows
from sample_city.people import DEAD, FLOATING, NEVER
from sample_city.views.persons import person_extract

CERTIFICATE_LAG = (0, 3)
SHARE_WITH_FILE = 0.93
HOSPITALS = pa.array(["99012201", "99012202", "99012203", "99012204"])
CAUSES = ("I", "C", "J", "V", "E", "K")
"""Chapters of causes of death: circulation, neoplasms, respiration, accidents, metabolism, digestion."""


def births(office: Office, source: Source, day: np.datetime64, since: np.datetime64) -> Extract:
    """Certificates issued since the delivery before; the child has no citizen number yet."""
    draws, city = office.draws, office.city
    people = city.people
    issued = people.birth + lag(draws, "birth_certificate_lag", people.number, CERTIFICATE_LAG)
    rows = np.flatnonzero((issued > since) & (issued <= day) & (people.kind != FLOATING))
    number, picked = people.number[rows], pa.array(rows)
    mother, father = (np.where(kin[rows] >= 0, people.row(kin[rows]), 0) for kin in (people.mother, people.father))
    texts, (home, former) = city.addresses.text, usual_rows(city, mother, day)
    minute = draws.below("birth_minute", number, 24 * 60)
    columns = {
        "certificate_no": pc.binary_join_element_wise("T", record_numbers(source.register, number, 9), ""),
        "child_name": city.names.take(picked),
        "birth_at": pc.binary_join_element_wise(text_of(people.birth[rows]), numbers(minute // 60 * 100 + minute % 60, 4), ""),
        "sex_code": text_of(people.sex[rows]),
        "weight_g": text_of(
            draws.between("birth_weight_a", number, 1300, 2000) + draws.between("birth_weight_b", number, 1300, 2000)
        ),
        "mother_no": city.citizen_no.take(pa.array(mother)),
        "mother_name": city.names.take(pa.array(mother)),
        "father_no": city.citizen_no.take(pa.array(father)),
        "father_name": city.names.take(pa.array(father)),
        "hospital_code": HOSPITALS.take(pa.array(draws.pick("hospital", number, (60, 25, 10, 5)))),
        "mother_address": texts.take(pa.array(home)),
    }
    kin = {"mother": ("person", people.mother[rows]), "father": ("person", people.father[rows])}
    entities = {"self": ("person", number), **kin}
    made = Extract(source, day, columns, entities, {"former_address": texts.take(pa.array(former))})
    return made.with_addresses(city.addresses.number[home], city.addresses.number[former])


def death_days(office: Office) -> np.ndarray:
    people = office.city.people
    return np.where(people.kind == DEAD, people.left, NEVER)


def deaths(office: Office, source: Source, day: np.datetime64, since: np.datetime64) -> Extract:
    """Certificates of deaths issued since the delivery before."""
    people, died = office.city.people, death_days(office)
    issued = died + lag(office.draws, "death_certificate_lag", people.number, CERTIFICATE_LAG)
    rows = np.flatnonzero((issued > since) & (issued <= day))
    number = people.number[rows]
    columns = {
        "record_no": pc.binary_join_element_wise("SW", record_numbers(source.register, number, 10), ""),
        "death_date": text_of(died[rows]),
        "cause_group": pa.array(CAUSES).take(pa.array(office.draws.pick("cause", number, (40, 25, 15, 8, 7, 5)))),
    }
    return person_extract(office.city, source, day, rows, columns)


def health_index(office: Office, source: Source, day: np.datetime64, since: np.datetime64) -> Extract:
    """Files of residents and of half of the floating persons; a file stays some weeks after a death."""
    draws, city = office.draws, office.city
    people = city.people
    share = np.where(people.kind == FLOATING, 0.5, SHARE_WITH_FILE)
    here = people.present(day - 30) | ((people.kind == FLOATING) & (people.moved_in < day - 180))
    rows = np.flatnonzero(here & draws.chance("health_file", people.number, share))
    number = people.number[rows]
    opened = np.maximum(people.birth[rows] + 30, np.datetime64("2009-01-01") + draws.below("file_opened", number, 1800))
    columns = {
        "file_no": pc.binary_join_element_wise("JK", record_numbers(source.register, number, 12), ""),
        "opened_on": text_of(np.minimum(opened, day)),
        "clinic_code": city.addresses.division_code.take(pa.array(city.home[city.household_row[rows]])),
        "elderly_flag": pc.if_else(pa.array((day - people.birth[rows]).astype(np.int64) >= 65 * 365.25), "1", "0"),
    }
    return person_extract(city, source, day, rows, columns)
