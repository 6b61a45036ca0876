"""Which records name persons, in which role, and how each column of a mention is read from them (DuckDB's SQL)."""

from typing import NamedTuple

RESIDENTS, FLOATING = "population__residents", "population__floating"
BIRTHS, DEATHS, MARRIAGES = "population__births", "population__deaths", "population__marriages"
INSURANCE, HEALTH = "population__social_insurance", "population__health_index"
ENROLMENTS, ASSISTANCE = "population__enrolments", "population__assistance"
REGISTRATIONS, TAX, ORGANISATIONS = "enterprise__registrations", "enterprise__tax", "enterprise__organisations"
SELF = "self"
NO_NUMBER = "concat_ws('|', name, birth_date)"
"""What tells a person at a source that keeps no key but the citizen number, where that is missing."""


class Department(NamedTuple):
    """How rows of one dataset become mentions. `key`: what stays the same over the source's deliveries; `as_of`: the day of
    which the row speaks. `columns`: column of a mention -> expression over the dataset's columns."""

    dataset: str
    role: str
    key: str
    as_of: str
    columns: dict[str, str]


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


_PERSON = _same("citizen_no", "name", "sex_code", "birth_date")
_MONTH = "last_day(month)"

DEPARTMENTS = (
    Department(
        RESIDENTS, SELF, f"coalesce(citizen_no, {NO_NUMBER})", "extract_date",
        _PERSON | _same("former_name", "ethnic_code", "household_no", "relation_code", "status_code", "division_code",
                        "address_text", "registration_kind"),
    ),
    Department(FLOATING, SELF, "registration_no", "state_of", _PERSON | _same("address_text")),
    Department(FLOATING, "landlord", "registration_no", "state_of", {"citizen_no": "landlord_no"}),
    Department(
        BIRTHS, SELF, "certificate_no", "birth_at::date",
        {"name": "child_name", "sex_code": "sex_code", "birth_date": "birth_at::date", "address_text": "mother_address",
         "kin_no": "mother_no"},
    ),
    Department(
        BIRTHS, "mother", "certificate_no", "birth_at::date",
        {"citizen_no": "mother_no", "name": "mother_name", "sex_code": "'2'", "address_text": "mother_address"},
    ),
    Department(BIRTHS, "father", "certificate_no", "birth_at::date",
               {"citizen_no": "father_no", "name": "father_name", "sex_code": "'1'"}),
    Department(
        DEATHS, SELF, "concat_ws('|', issuer, record_no)", "coalesce(death_date, cremation_date)",
        _PERSON | _same("address_text"),
    ),
    Department(MARRIAGES, "party1", "register_no", '"date"',
               {"citizen_no": "party1_no", "name": "party1_name", "sex_code": "'1'", "kin_no": "party2_no"}),
    Department(MARRIAGES, "party2", "register_no", '"date"',
               {"citizen_no": "party2_no", "name": "party2_name", "sex_code": "'2'", "kin_no": "party1_no"}),
    Department(
        ASSISTANCE, SELF, "concat_ws('|', coalesce(citizen_no, name), benefit_code, from_date)", "state_of",
        _same("citizen_no", "name", "phone", "address_text"),
    ),
    Department(
        INSURANCE, SELF, f"concat_ws('|', coalesce(citizen_no, {NO_NUMBER}), scheme_code)", _MONTH,
        _PERSON | _same("phone", "address_text") | {"employer_code": "employer_uscc"},
    ),
    Department(HEALTH, SELF, "file_no", "state_of", _PERSON | _same("address_text")),
    Department(ENROLMENTS, SELF, "student_no", "state_of", _PERSON | _same("address_text")),
    Department(ENROLMENTS, "guardian", "student_no", "state_of",
               {"name": "guardian_name", "address_text": "address_text", "kin_no": "citizen_no"}),
    Department(
        REGISTRATIONS, "legal_person", "coalesce(uscc, reg_no, event_no)", "event_date",
        {"citizen_no": "legal_person_no", "name": "legal_person_name", "enterprise_code": "uscc"},
    ),
    Department(TAX, "legal_person", "taxpayer_no", _MONTH, {"name": "legal_person_name", "enterprise_code": "uscc"}),
    Department(ORGANISATIONS, "legal_person", "uscc", "registered_on", {"name": "legal_person_name", "enterprise_code": "uscc"}),
)  # fmt: skip
DATASETS = tuple(dict.fromkeys(d.dataset for d in DEPARTMENTS))
