"""Health insurance and social insurance: one row a person and scheme in the month."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sample_city.city import City
from sample_city.extract import Extract, Implant, Source, constant, text_of
from sample_city.knowledge import Office, lag
from sample_city.people import DEAD, FLOATING, NEVER
from sample_city.views.persons import person_extract

EMPLOYEES_HEALTH, RESIDENTS_HEALTH = "310", "390"
PENSION, UNEMPLOYMENT, INJURY, RESIDENTS_PENSION = "110", "210", "410", "170"
SHARE_INSURED = {False: 0.95, True: 0.6}
STOP_LAG = (0, 40)


def health_insurance(office: Office, source: Source, day: np.datetime64, since: np.datetime64) -> Extract:
    """The insured of the month: employees by their employer, others as residents."""
    city = office.city
    covered = _covered(office, "hsa", day)
    after_death = _runs_on_after_death(office, day) & ~covered
    rows = np.flatnonzero(covered | after_death)
    scheme = pc.if_else(pa.array(city.employer[rows] >= 0), EMPLOYEES_HEALTH, RESIDENTS_HEALTH)
    made = _rows(office, source, day, rows, scheme, city.employer[rows] >= 0)
    return replace(made, implanted=(Implant("D21", "status_code", np.flatnonzero(after_death[rows]), "0"),))


def social_insurance(office: Office, source: Source, day: np.datetime64, since: np.datetime64) -> Extract:
    """Employees in three schemes, a row each; countryfolk over 16 without employer in the residents' pension."""
    city, people = office.city, office.city.people
    employed = city.employer >= 0
    covered = _covered(office, "hrss", day)
    adult = (day - people.birth).astype(np.int64) >= 16 * 365.25
    farmers = np.flatnonzero(covered & ~employed & people.is_agricultural & adult & (people.kind != FLOATING))
    workers = np.flatnonzero(covered & employed)
    rows = np.concatenate([np.repeat(workers, 3), farmers])
    schemes = np.concatenate([np.tile(np.arange(3), len(workers)), np.full(len(farmers), 3)])
    order = np.lexsort((schemes, rows))
    scheme = pa.array([PENSION, UNEMPLOYMENT, INJURY, RESIDENTS_PENSION]).take(pa.array(schemes[order]))
    return _rows(office, source, day, rows[order], scheme, schemes[order] < 3)


def _covered(office: Office, fund: str, day: np.datetime64) -> np.ndarray:
    """Registered or floating persons whom the fund insures; after a death or a move some weeks pass until it stops."""
    draws, people = office.draws, office.city.people
    floats = people.kind == FLOATING
    share = np.where(floats, SHARE_INSURED[True], SHARE_INSURED[False])
    came = np.where(floats, people.moved_in + 60, np.maximum(people.birth + 60, np.datetime64("1900-01-01")))
    stops = people.left + lag(draws, f"{fund}_stop_lag", people.number, STOP_LAG)
    stops = np.where(np.isnat(people.left), np.datetime64("2999-12-31"), stops)
    return draws.chance(f"{fund}_insured", people.number, share) & (came <= day) & (stops > day)


def _runs_on_after_death(office: Office, day: np.datetime64) -> np.ndarray:
    """Dead persons whose insurance nobody stops (D21)."""
    people = office.city.people
    died = np.where(people.kind == DEAD, people.left, NEVER)
    return (died <= day) & office.draws.chance("insured_after_death", people.number, office.rates["D21"])


def _rows(
    office: Office, source: Source, day: np.datetime64, rows: np.ndarray, scheme: pa.Array, by_employer: np.ndarray
) -> Extract:
    city, draws = office.city, office.draws
    number = city.people.number[rows]
    columns = {
        "scheme_code": scheme,
        "month": constant(str(day)[:7].replace("-", ""), len(rows)),
        "employer_uscc": employer_codes(city, rows, by_employer),
        "status_code": constant("1", len(rows)),
        "base_band": text_of(draws.between("base_band", number, 10, 19)),
        "phone": city.phone.take(pa.array(rows)),
    }
    made = person_extract(city, source, day, rows, columns)
    employer = np.where(by_employer, city.enterprises.number[city.employer[rows]], -1)
    return replace(made, entities=made.entities | {"employer": ("enterprise", employer)})


def employer_codes(city: City, rows: np.ndarray, by_employer: np.ndarray) -> pa.Array:
    return pc.if_else(pa.array(by_employer), city.enterprises.uscc.take(pa.array(np.maximum(city.employer[rows], 0))), "")
