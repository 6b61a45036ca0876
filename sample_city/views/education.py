"""The education bureau: pupils of the term."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sample_city.extract import Extract, Source, constant
from sample_city.identifiers import numbers, record_numbers
from sample_city.knowledge import Office
from sample_city.people import REGISTERED
from sample_city.views.persons import person_extract

SCHOOL_AGES = (3, 17)
SHARE_ENROLLED = 0.97
SCHOOLS_A_TOWNSHIP = 4


def enrolments(office: Office, source: Source, day: np.datetime64, since: np.datetime64) -> Extract:
    """Children of school age with their guardian; the grade follows the age on 1 September."""
    draws, city, people = office.draws, office.city, office.city.people
    year = int(str(day)[:4])
    autumn = np.datetime64(f"{year}-09-01")
    autumn = autumn if autumn <= day else np.datetime64(f"{year - 1}-09-01")
    age = ((autumn - people.birth).astype(np.int64) / 365.25).astype(np.int64)
    may = (people.kind == REGISTERED) & (age >= SCHOOL_AGES[0]) & (age <= SCHOOL_AGES[1])
    rows = np.flatnonzero(may & draws.chance("enrolled", people.number, SHARE_ENROLLED))
    number = people.number[rows]
    guardian = np.where(people.mother[rows] >= 0, people.mother[rows], people.father[rows])
    township = pc.utf8_slice_codeunits(city.addresses.division_code.take(pa.array(city.home[city.household_row[rows]])), 0, 9)
    columns = {
        "student_no": pc.binary_join_element_wise("G", record_numbers(source.register, number, 12), ""),
        "school_code": pc.binary_join_element_wise(township, numbers(draws.below("school", number, SCHOOLS_A_TOWNSHIP), 1), ""),
        "term": constant(f"{str(autumn)[:4]}-{1 if str(day)[5:7] >= '09' else 2}", len(rows)),
        "grade_code": numbers(age[rows] - SCHOOL_AGES[0] + 1, 2),
        "boarding": pc.if_else(pa.array(draws.chance("boarding", number, 0.12)), "是", "否"),
        "guardian_name": pc.if_else(
            pa.array(guardian < 0), "", city.names.take(pa.array(np.where(guardian < 0, 0, people.row(guardian))))
        ),
    }

    made = person_extract(city, source, day, rows, columns)
    return replace(made, entities=made.entities | {"guardian": ("person", guardian)})
