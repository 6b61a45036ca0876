"""Which datasets speak of enterprises, in which role, and under which of their columns."""

from typing import NamedTuple


class Department(NamedTuple):
    """How rows of one silver dataset become mentions.

    `key` are the source's own columns that stay the same over its deliveries; `as_of` is the column of the day, month (its
    first day) or year of which the row speaks. `columns`: column of a mention -> column of the dataset.
    """

    dataset: str
    role: str
    key: tuple[str, ...]
    as_of: str
    columns: dict[str, str]


SELF, EMPLOYER = "self", "employer"
REGISTRATIONS, TAX = "enterprise__registrations", "enterprise__tax"
ORGANISATIONS, ORG_CODES = "enterprise__organisations", "enterprise__org_codes"
EMPLOYMENT, ANNUAL_REPORTS = "enterprise__employment", "enterprise__annual_reports"
INSPECTIONS, SOCIAL_INSURANCE = "enterprise__inspections", "population__social_insurance"

_NAMED = {"uscc": "uscc", "name": "name"}
_ADDRESS = {"address_text": "address_text"}
_LEGAL_PERSON = {"legal_person_name": "legal_person_name"}

DEPARTMENTS = (
    Department(
        REGISTRATIONS,
        SELF,
        ("event_no",),
        "event_date",
        {
            **_NAMED,
            **_ADDRESS,
            **_LEGAL_PERSON,
            "legal_person_no": "legal_person_no",
            "reg_no": "reg_no",
            "division_code": "division_code",
        },
    ),
    Department(ORGANISATIONS, SELF, ("uscc",), "state_of", {**_NAMED, **_ADDRESS, **_LEGAL_PERSON}),
    Department(ORG_CODES, SELF, ("org_code9",), "issued_on", {**_NAMED, "org_code9": "org_code9"}),
    Department(ANNUAL_REPORTS, SELF, ("uscc",), "year", {**_NAMED, **_ADDRESS}),
    Department(TAX, SELF, ("taxpayer_no",), "month", {**_NAMED, **_ADDRESS, **_LEGAL_PERSON, "taxpayer_no": "taxpayer_no"}),
    Department(EMPLOYMENT, SELF, ("uscc",), "month", _NAMED),
    Department(INSPECTIONS, SELF, ("document_no",), "date", _NAMED),
    Department(SOCIAL_INSURANCE, EMPLOYER, ("employer_uscc",), "month", {"uscc": "employer_uscc"}),
)
DATASETS = tuple(dict.fromkeys(d.dataset for d in DEPARTMENTS))
