"""Civil affairs and the federation of the disabled: marriages, cremations, benefits."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sample_city.extract import Extract, Source, constant, text_of
from sample_city.households import FEMALE, MALE, NOBODY
from sample_city.identifiers import record_numbers
from sample_city.knowledge import Office, lag
from sample_city.people import REGISTERED
from sample_city.views.health import death_days
from sample_city.views.persons import person_extract

CREMATION_LAG = (2, 5)
SHARE_CREMATED, SHARE_POOR, SHARE_DISABLED = 0.95, 0.010, 0.012
OFFICE = "330122MZ"


def marriages(office: Office, source: Source, day: np.datetime64, since: np.datetime64) -> Extract:
    """Marriages and divorces registered since the delivery before; a divorced partner from elsewhere is left blank."""
    city, people = office.city, office.city.people
    married = (people.married > since) & (people.married <= day) & (people.sex == MALE) & (people.spouse != NOBODY)
    divorced = (people.divorced > since) & (people.divorced <= day)
    divorced &= (people.sex == MALE) | (people.former_spouse == NOBODY)
    rows = np.flatnonzero(married | divorced)
    is_divorce = divorced[rows]
    mate = np.where(is_divorce, people.former_spouse[rows], people.spouse[rows])
    man = np.where(people.sex[rows] == MALE, people.number[rows], mate)
    woman = np.where(people.sex[rows] == FEMALE, people.number[rows], mate)
    columns = {
        "register_no": pc.binary_join_element_wise(
            "J", OFFICE[:6], record_numbers(source.register, people.number[rows], 10), "-"
        ),
        "kind": pc.if_else(pa.array(is_divorce), "离婚", "结婚"),
        "date": text_of(np.where(is_divorce, people.divorced[rows], people.married[rows])),
        "office_code": constant(OFFICE, len(rows)),
    }
    for party, who in (("party1", man), ("party2", woman)):
        row, missing = pa.array(np.where(who == NOBODY, 0, people.row(who))), pa.array(who == NOBODY)
        columns[f"{party}_name"] = pc.if_else(missing, "", city.names.take(row))
        columns[f"{party}_no"] = pc.if_else(missing, "", city.citizen_no.take(row))
    ordered = {name: columns[name] for name in source.columns}
    entities = {"event": ("marriage", people.number[rows]), "party1": ("person", man), "party2": ("person", woman)}
    return Extract(source, day, ordered, entities)


def cremations(office: Office, source: Source, day: np.datetime64, since: np.datetime64) -> Extract:
    people, died = office.city.people, death_days(office)
    cremated = died + lag(office.draws, "cremation_lag", people.number, CREMATION_LAG)
    was = office.draws.chance("cremated", people.number, SHARE_CREMATED)
    rows = np.flatnonzero((cremated > since) & (cremated <= day) & was)
    columns = {
        "record_no": pc.binary_join_element_wise("HH", record_numbers(source.register, people.number[rows], 10), ""),
        "death_date": text_of(died[rows]),
        "cremation_date": text_of(cremated[rows]),
    }
    return person_extract(office.city, source, day, rows, columns)


def poor_relief(office: Office, source: Source, day: np.datetime64, since: np.datetime64) -> Extract:
    return _benefits(office, source, day, SHARE_POOR, "01")


def disability(office: Office, source: Source, day: np.datetime64, since: np.datetime64) -> Extract:
    return _benefits(office, source, day, SHARE_DISABLED, "02")


def _benefits(office: Office, source: Source, day: np.datetime64, share: float, benefit: str) -> Extract:
    """One row a person and benefit in force; persons over 60 are three times as likely."""
    draws, city, people = office.draws, office.city, office.city.people
    old = (day - people.birth).astype(np.int64) > 60 * 365.25
    may = (people.kind == REGISTERED) & people.present(day)
    rows = np.flatnonzero(may & draws.chance(f"benefit_{benefit}", people.number, np.where(old, 3 * share, share)))
    number = people.number[rows]
    since_day = np.maximum(day - draws.below(f"benefit_from_{benefit}", number, 1500), people.birth[rows])
    columns = {
        "benefit_code": constant(benefit, len(rows)),
        "level_code": text_of(draws.between(f"benefit_level_{benefit}", number, 1, 4)),
        "from_date": text_of(since_day),
        "to_date": constant("", len(rows)),
        "has_efile": pc.if_else(pa.array(draws.chance("efile", number, 0.8)), "是", "否"),
        "phone": city.phone.take(pa.array(rows)),
        "remark": constant("", len(rows)),
    }
    return person_extract(city, source, day, rows, columns)
