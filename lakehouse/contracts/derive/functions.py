"""Functions of the row rules' language that SQL does not have: each says its answer as an Arrow array and as Spark SQL."""

from collections.abc import Callable
from typing import Any, NamedTuple

from lakehouse.contracts.codes import citizen_number, credit_code, division_code, industry_code, mojibake, registration_number


class Function(NamedTuple):
    """One function: `arrow` takes arrays and gives one, `sql` takes expressions and gives one; null for null."""

    arguments: int
    arrow: Callable[..., Any]
    sql: Callable[..., str]


FUNCTIONS = {
    "is_citizen_number": Function(1, citizen_number.is_valid, citizen_number.sql),
    "birth_date_of": Function(1, citizen_number.birth_dates, citizen_number.birth_date_sql),
    "sex_code_of": Function(1, citizen_number.sex_codes, citizen_number.sex_code_sql),
    "is_credit_code": Function(1, credit_code.is_valid, credit_code.sql),
    "is_organisation_code": Function(1, credit_code.is_organisation_code, credit_code.organisation_sql),
    "is_registration_number": Function(1, registration_number.is_valid, registration_number.sql),
    "is_division": Function(1, division_code.is_known, division_code.known_sql),
    "is_division_on": Function(2, division_code.is_known_on, division_code.sql),
    "is_industry_on": Function(2, industry_code.is_in_use_on, industry_code.sql),
    "is_mojibake": Function(1, mojibake.is_mojibake, mojibake.sql),
}
