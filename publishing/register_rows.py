"""From the registers' tables to the rows of the index: tokens, facts, and who is withheld."""

from datetime import date
from zoneinfo import ZoneInfo

import pyarrow as pa

from lakehouse import tables, vault
from lakehouse.settings import settings
from publishing.register_keys import name_tokens, normal, number_tokens
from quality import withheld

PERSONS, ENTERPRISES = "silver.entity__persons", "silver.entity__enterprises"
ADDRESSES, TEXTS, LOG = "silver.entity__addresses", "silver.xref__addresses", "silver.identity_log__persons"
TABLES = (PERSONS, ENTERPRISES, ADDRESSES, TEXTS, LOG)
MENTIONS = ("silver.mentions__persons", "silver.mentions__enterprises")

KNOWN = """
select p.person_id, n.number_token, n.name_token, sex_code, birth_date, death_date, is_dead::int as is_dead,
       is_usual_resident::int as is_resident, (school_code is not null)::int as is_enrolled, household_id,
       coalesce(usual_division_code, registered_division_code) as division_code,
       (p.person_id in (select person_id from withheld))::int as is_withheld
from silver.entity__persons p join found n using (person_id)
where p.valid_to is null
qualify count(*) over (partition by n.number_token) = 1 order by n.number_token
"""
ACTIVE = """
select uscc, enterprise_id, (status_code = 'active')::int as is_active, legal_person_id
from silver.entity__enterprises where valid_to is null and uscc is not null
qualify count(*) over (partition by uscc) = 1 order by uscc
"""
EMPTY = {
    "enterprises": pa.schema([(c, pa.string()) for c in ("uscc", "enterprise_id", "is_active", "legal_person_id")]),
    "addresses": pa.schema([("address_text", pa.string())]),
}


def data_day() -> date:
    """The newest day that a record behind the registers speaks of, none after the day at which the clock stands; without
    records that day."""
    today = settings().as_of_time().astimezone(ZoneInfo(settings().business_zone)).date()
    known = [name for name in MENTIONS if tables.exists(name)]
    told = " union all ".join(f"select max(as_of) as day from {name} where as_of <= $1" for name in known)
    with tables.duck(*known) as base:
        (day,) = base.execute(f"select max(day) from ({told})", [today]).fetchone() if known else (None,)
    return day or today


def persons() -> pa.Table:
    """Persons with a citizen number that nobody else bears; a number that two persons claim answers as an absent one."""
    with tables.duck(PERSONS) as base:
        held = base.sql(f"select person_id, citizen_no, name from {PERSONS} where valid_to is null and citizen_no is not null")
        held = held.to_arrow_table()
        found = {
            "person_id": held["person_id"].combine_chunks(),
            "number_token": number_tokens(vault.clear(held["citizen_no"])),
            "name_token": name_tokens(vault.clear(held["name"])),
        }
        base.register("found", pa.table(found).filter(found["number_token"].is_valid()))
        base.register("withheld", pa.table({"person_id": pa.array(sorted(withheld_today()), pa.string())}))
        return base.sql(KNOWN).to_arrow_table()


def enterprises() -> pa.Table:
    if not tables.exists(ENTERPRISES):
        return EMPTY["enterprises"].empty_table()
    with tables.duck(ENTERPRISES) as base:
        return base.sql(ACTIVE).to_arrow_table()


def addresses() -> pa.Table:
    """Texts of the address register, and other spellings that it led to an address of it."""
    found: set[str] = set()
    for name, condition in ((ADDRESSES, "address_text is not null"), (TEXTS, "address_id is not null")):
        if tables.exists(name):
            with tables.duck(name) as base:
                found |= {normal(text) for (text,) in base.sql(f"select address_text from {name} where {condition}").fetchall()}
    return pa.table({"address_text": sorted(found)}, schema=EMPTY["addresses"])


def withheld_today() -> set[str]:
    """Ids of today that are withheld: who was merged into another person takes that along."""
    named = set(withheld.in_force())
    if not named or not tables.exists(LOG):
        return named
    with tables.duck(LOG) as base:
        asked = f"select event, entity_id, to_ids from {LOG} where event in ('MERGE', 'SPLIT') order by event_no"
        events = base.sql(asked).fetchall()
    return named | _stand_for(named, events)


def _stand_for(named: set[str], events: list[tuple[str, str, str]]) -> set[str]:
    alias: dict[str, str] = {}
    for event, entity, to_ids in events:
        if event == "MERGE":
            alias[entity] = to_ids
        else:
            alias.pop(entity, None)
    found = set()
    for entity in named:
        while entity in alias:
            entity = alias[entity]
        found.add(entity)
    return found
