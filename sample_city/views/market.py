"""Market supervision, tax, employment and organisations: rows about enterprises."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sample_city.city import City
from sample_city.enterprises import ACTIVE, ORGANISATION, REVOKED, SELF_EMPLOYED, SUSPENDED
from sample_city.extract import Extract, Source, constant, text_of
from sample_city.identifiers import numbers, record_numbers
from sample_city.knowledge import Office
from sample_city.parameters import parameters, words

SET_UP, CHANGED, DEREGISTERED_EVENT, REVOKED_EVENT = range(4)
EVENTS = pa.array(["设立", "变更", "注销", "吊销"])
STATES = pa.array(["存续", "歇业", "吊销", "注销"])
TYPES = pa.array(["9500", "1130", "1190", "9100", "0000"])
AUTHORITY = "330122AMR"
EDITION_2017 = np.datetime64("2017-10-01")


def industry_codes(day: np.datetime64) -> list[str]:
    """The listed industries by the edition of GB/T 4754 in force on a day."""
    listed = words("enterprises")["industries"]
    return [i.get("code_2017", i["code"]) if day >= EDITION_2017 else i["code"] for i in listed]


def enterprise_columns(city: City, rows: np.ndarray) -> dict[str, pa.Array]:
    """What registers of enterprises share, for the entities in `rows`."""
    found, picked = city.enterprises, pa.array(rows)
    codes = pa.array(industry_codes(city.reference))
    address = pa.array(found.address[rows])
    return {
        "uscc": found.uscc.take(picked),
        "reg_no": found.reg_no.take(picked),
        "name": found.name.take(picked),
        "legal_person_name": city.names.take(pa.array(found.legal_person[rows])),
        "legal_person_no": city.citizen_no.take(pa.array(found.legal_person[rows])),
        "industry_code": codes.take(pa.array(found.industry[rows])),
        "address_text": city.addresses.text.take(address),
        "division_code": city.addresses.division_code.take(address),
    }


def enterprise_extract(
    office: Office, source: Source, day: np.datetime64, rows: np.ndarray, columns: dict[str, pa.Array]
) -> Extract:
    city = office.city
    found = enterprise_columns(city, rows) | columns
    counts = parameters().slice
    other = (
        rows // (len(city.enterprises.number) // city.stack.count) * counts.addresses
        + counts.households
        + counts.vacant_dwellings
    )
    moved = other + office.draws.below("former_premises", city.enterprises.number[rows], counts.business_premises)
    alternatives = {
        "former_address": city.addresses.text.take(pa.array(moved)),
        "reg_no": city.enterprises.reg_no.take(pa.array(rows)),
    }
    entities = {"self": ("enterprise", city.enterprises.number[rows])}
    if "legal_person_name" in source.columns:
        entities["legal_person"] = ("person", city.people.number[city.enterprises.legal_person[rows]])
    made = Extract(source, day, {name: found[name] for name in source.columns}, entities, alternatives)
    if "address_text" not in source.columns:
        return made
    return made.with_addresses(city.addresses.number[city.enterprises.address[rows]], city.addresses.number[moved])


def _events(office: Office) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All registration events: entity row, kind, day; by day, entity and kind."""
    found, draws = office.city.enterprises, office.draws
    registered = found.exists & (found.kind != ORGANISATION)
    span = np.maximum(
        (np.where(np.isnat(found.ended), office.city.reference, found.ended) - found.established).astype(np.int64), 1
    )
    changed = found.established + draws.below("changed_day", found.number, span)
    days = {SET_UP: found.established, CHANGED: changed, DEREGISTERED_EVENT: found.ended, REVOKED_EVENT: found.revoked}
    happened = {kind: registered & ~np.isnat(day) for kind, day in days.items()}
    happened[CHANGED] &= draws.chance("changed", found.number, 0.25) & (changed > found.established)
    rows = [np.flatnonzero(happened[kind]) for kind in days]
    entity, kind = np.concatenate(rows), np.repeat(list(days), [len(r) for r in rows])
    day = np.concatenate([days[k][r] for k, r in zip(days, rows, strict=True)])
    order = np.lexsort((kind, entity, day))
    return entity[order], kind[order], day[order]


def registrations(office: Office, source: Source, day: np.datetime64, since: np.datetime64) -> Extract:
    """All events up to the day, for the database; for the daily file those since the delivery before."""
    found, _draws = office.city.enterprises, office.draws
    entity, kind, at = _events(office)
    first = np.datetime64("1900-01-01") if source.cadence == "opening" else since
    due = (at > first) & (at <= day)
    entity, kind, at = entity[due], kind[due], at[due]
    state = np.select([kind == DEREGISTERED_EVENT, kind == REVOKED_EVENT], [3, 2], 0)
    suspended = (found.state[entity] == SUSPENDED) & (kind == CHANGED)
    number = found.number[entity]
    columns = {
        "event_no": pc.binary_join_element_wise(record_numbers(source.register, number, 9), numbers(kind, 1), "-"),
        "event_code": EVENTS.take(pa.array(kind)),
        "event_date": text_of(at),
        "entity_type_code": TYPES.take(pa.array(found.kind[entity])),
        "capital_text": _capital(found.capital[entity]),
        "currency_code": pc.if_else(pa.array(found.capital[entity] > 0), "156", ""),
        "scope_text": _scope(office, entity),
        "authority_code": constant(AUTHORITY, len(entity)),
        "established_on": text_of(found.established[entity]),
        "status_code": STATES.take(pa.array(np.where(suspended, 1, state))),
    }
    return enterprise_extract(office, source, day, entity, columns)


def _capital(capital: np.ndarray) -> pa.Array:
    return pc.if_else(pa.array(capital > 0), pc.binary_join_element_wise(text_of(capital), "万元人民币", ""), "")


def _scope(office: Office, rows: np.ndarray) -> pa.Array:
    """The trade word with what is usually done with it."""
    trade = pa.array([i["words"][0] for i in words("enterprises")["industries"]]).take(
        pa.array(office.city.enterprises.industry[rows])
    )
    deeds = pa.array(["零售、批发", "加工、销售", "生产、销售", "服务"])
    deed = deeds.take(pa.array(office.draws.below("scope", office.city.enterprises.number[rows], 4)))
    return pc.binary_join_element_wise(trade, deed, "：")


def org_codes(office: Office, source: Source, day: np.datetime64, since: np.datetime64) -> Extract:
    """Legacy organisation codes of all but the self-employed."""
    found = office.city.enterprises
    rows = np.flatnonzero(found.exists & (found.kind != SELF_EMPLOYED))
    issued_on = np.minimum(found.established[rows] + 7, day)
    columns = {"org_code9": found.org_code.take(pa.array(rows)), "issued_on": text_of(issued_on)}
    return enterprise_extract(office, source, day, rows, columns)


def annual_reports(office: Office, source: Source, day: np.datetime64, since: np.datetime64) -> Extract:
    """Reports of the year before by entities that existed at its end; one in seven fails to report."""
    found, city = office.city.enterprises, office.city
    year = int(str(day)[:4]) - 1
    last_day = np.datetime64(f"{year}-12-31")
    there = found.exists & (found.kind != ORGANISATION) & (found.established <= last_day)
    there &= np.isnat(found.ended) | (found.ended > last_day)
    rows = np.flatnonzero(there & ~office.draws.chance("no_report", found.number, 1 / 7))
    columns = {
        "year": constant(str(year), len(rows)),
        "employees": text_of(_insured(city)[rows] + office.draws.below("uninsured", found.number[rows], 3)),
        "assets_band": text_of(office.draws.between("assets_band", found.number[rows], 1, 8)),
        "contact_phone": city.phone.take(pa.array(found.legal_person[rows])),
    }
    return enterprise_extract(office, source, day, rows, columns)


def _insured(city: City) -> np.ndarray:
    """Employees of each entity."""
    return np.bincount(city.employer[city.employer >= 0], minlength=len(city.enterprises.number))


def tax(office: Office, source: Source, day: np.datetime64, since: np.datetime64) -> Extract:
    """Taxpayers of the month: half of the self-employed, nearly all others; some go on filing after deregistration."""
    found, draws = office.city.enterprises, office.draws
    share = np.where(found.kind == SELF_EMPLOYED, 0.33, 0.96)
    ends = np.where(
        np.isnat(found.ended), np.datetime64("2999-12-31"), found.ended + draws.below("tax_stop_lag", found.number, 60)
    )
    open_now = (
        found.exists & (found.kind != ORGANISATION) & (found.established + 15 <= day) & (ends > day) & (found.state != REVOKED)
    )
    rows = np.flatnonzero(open_now & draws.chance("taxpayer", found.number, share))
    number = found.number[rows]
    paid = np.round(found.output[rows] * 10_000 / 12 * 0.08 * (0.5 + draws.uniform(f"tax_{day}", number)), 2)
    declared = draws.chance(f"declared_{day}", number, 0.95)
    columns = {
        "taxpayer_no": found.uscc.take(pa.array(rows)),
        "month": constant(str(day)[:7].replace("-", ""), len(rows)),
        "status_code": constant("03", len(rows)),
        "tax_paid_cny": pa.array([f"{v:.2f}" for v in np.where(declared, paid, 0.0).tolist()]),
        "declared": pc.if_else(pa.array(declared), "1", "0"),
    }
    return enterprise_extract(office, source, day, rows, columns)


def employment(office: Office, source: Source, day: np.datetime64, since: np.datetime64) -> Extract:
    """Employers with insured persons."""
    city, draws = office.city, office.draws
    insured = _insured(city)
    rows = np.flatnonzero(insured > 0)
    number = city.enterprises.number[rows]
    columns = {
        "month": constant(str(day)[:7].replace("-", ""), len(rows)),
        "insured_persons": text_of(insured[rows]),
        "new_hires": text_of(draws.below(f"hires_{day}", number, 1 + insured[rows] // 12)),
        "leavers": text_of(draws.below(f"leavers_{day}", number, 1 + insured[rows] // 14)),
    }
    return enterprise_extract(office, source, day, rows, columns)


def organisations(office: Office, source: Source, day: np.datetime64, since: np.datetime64) -> Extract:
    """Bodies, institutions and social organisations."""
    found = office.city.enterprises
    rows = np.flatnonzero(found.kind == ORGANISATION)
    is_body = found.number[rows] % 2 == 0
    columns = {
        "kind": pc.if_else(pa.array(is_body), "机构编制", "民政"),
        "purpose": constant("按章程开展活动", len(rows)),
        "registered_on": text_of(found.established[rows]),
        "status_code": constant("正常", len(rows)),
    }
    return enterprise_extract(office, source, day, rows, columns)


def inspections(office: Office, source: Source, day: np.datetime64, since: np.datetime64) -> Extract:
    """Visits since the delivery before: a thousandth of the entities a day."""
    found, draws = office.city.enterprises, office.draws
    span = int((day - since).astype(np.int64))
    open_now = found.exists & (found.kind != ORGANISATION) & (found.established < since) & (found.state == ACTIVE)
    rows = np.flatnonzero(open_now & draws.chance(f"inspected_{day}", found.number, 0.0013 * span))
    number = found.number[rows]
    columns = {
        "document_no": pc.binary_join_element_wise(
            "JC", str(day).replace("-", ""), record_numbers(source.register, number, 9), ""
        ),
        "kind": pa.array(["日常检查", "专项检查", "行政处罚"]).take(pa.array(draws.pick(f"visit_{day}", number, (70, 25, 5)))),
        "result_code": pa.array(["合格", "责令改正", "立案"]).take(pa.array(draws.pick(f"result_{day}", number, (80, 17, 3)))),
        "date": text_of(day - draws.below(f"visit_day_{day}", number, span).astype("timedelta64[D]")),
        "authority_code": constant(AUTHORITY, len(rows)),
    }
    return enterprise_extract(office, source, day, rows, columns)
