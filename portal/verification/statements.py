"""Judging one statement: True, False, or None where the registers do not say (absent, withheld, or the fact is missing)."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date

import pyarrow as pa

from portal.verification import index
from portal.verification.index import Person
from portal.verification.purposes import Statement
from publishing.register_keys import name_tokens, normal, number_tokens

NUMBER_FORM = re.compile(r"[0-9]{17}[0-9Xx]|[0-9]{15}")
LONGEST_NAME = 40
"""Characters of a caller's word that an answer repeats."""
TAKES: dict[Statement, tuple[str, ...]] = {
    "number_name_match": ("citizen_no", "name"),
    "alive_on": ("citizen_no", "date"),
    "resident_of_county": ("citizen_no",),
    "same_household": ("citizen_no", "other_citizen_no"),
    "age_at_least": ("citizen_no", "years"),
    "enrolled": ("citizen_no",),
    "enterprise_active": ("uscc",),
    "legal_representative": ("uscc", "citizen_no"),
    "address_exists": ("address",),
}
"""Arguments of each statement."""


class BadStatement(ValueError):
    """The call lacks an argument or gives one that does not read; the message is the sentence."""


def subject_key(statement: Statement, arguments: dict[str, str]) -> str:
    """Token of the citizen number, or the credit code or address that the statement is about. Raises BadStatement, also for
    an argument that the statement does not take."""
    check_names(arguments, TAKES[statement], f"The statement {statement}")
    if statement in ("enterprise_active", "legal_representative"):
        return text(arguments, "uscc").upper()
    if statement == "address_exists":
        return text(arguments, "address")
    return number_token(arguments, "citizen_no")


def judge(statement: Statement, arguments: dict[str, str], today: date) -> bool | None:
    """Raises BadStatement, NoRegister."""
    return _JUDGES[statement](arguments, today)


def number_token(arguments: dict[str, str], name: str) -> str:
    """Token of a citizen number as the registers hold it: 18 characters, a 15-digit one extended. Raises BadStatement for what
    has not the form of a number (GB 11643); a wrong date or check character is for the registers, which do not know it."""
    number = text(arguments, name)
    if not NUMBER_FORM.fullmatch(number):
        raise BadStatement(f"{name!r} must be a citizen number: 17 digits and a digit or X, or 15 digits.")
    return number_tokens(pa.array([number]))[0].as_py()


def name_token(name: str) -> str:
    return name_tokens(pa.array([name]))[0].as_py()


def check_names(given: Iterable[str], taken: Sequence[str], place: str) -> None:
    """Raises BadStatement naming the first argument that is none of those taken: left unread, it would seem to be answered."""
    strange = next((name for name in given if name not in taken), None)
    if strange is not None:
        raise BadStatement(f"{place} has no field {strange[:LONGEST_NAME]!r}; it takes {', '.join(taken)}.")


def text(arguments: dict[str, str], name: str) -> str:
    value = normal(arguments.get(name, ""))
    if not value:
        raise BadStatement(f"The statement needs {name!r}; send it as text.")
    return value


def _person(arguments: dict[str, str]) -> Person:
    return index.person(number_token(arguments, "citizen_no"))


def _day(arguments: dict[str, str], name: str) -> date:
    written = text(arguments, name)
    try:
        return date.fromisoformat(written)
    except ValueError as error:
        raise BadStatement(f"{name!r} must be a day like 2014-12-31.") from error


def _number_name_match(arguments: dict[str, str], _: date) -> bool | None:
    given = name_token(text(arguments, "name"))
    held = _person(arguments).name_token
    return None if held is None else held == given


def _alive_on(arguments: dict[str, str], _: date) -> bool | None:
    """None also for a day after the day of the data: no register speaks of it."""
    day, found, known_until = _day(arguments, "date"), _person(arguments), index.data_as_of()
    if day > known_until or found.is_dead is None or found.birth_date is None or (found.is_dead and found.death_date is None):
        return None
    return found.birth_date <= day and not (found.is_dead and found.death_date is not None and found.death_date < day)


def _resident(arguments: dict[str, str], _: date) -> bool | None:
    return _person(arguments).is_resident


def _same_household(arguments: dict[str, str], _: date) -> bool | None:
    other = index.person(number_token(arguments, "other_citizen_no"))
    found = _person(arguments)
    return None if None in (found.household_id, other.household_id) else found.household_id == other.household_id


def _age_at_least(arguments: dict[str, str], today: date) -> bool | None:
    wanted = text(arguments, "years")
    if not wanted.isdecimal() or int(wanted) > 150:
        raise BadStatement("'years' must be a whole number up to 150.")
    born = _person(arguments).birth_date
    if born is None:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day)) >= int(wanted)


def _enrolled(arguments: dict[str, str], _: date) -> bool | None:
    return _person(arguments).is_enrolled


def _enterprise_active(arguments: dict[str, str], _: date) -> bool | None:
    return index.enterprise(text(arguments, "uscc").upper()).is_active


def _legal_representative(arguments: dict[str, str], _: date) -> bool | None:
    held = index.enterprise(text(arguments, "uscc").upper()).legal_person_id
    named = _person(arguments).person_id
    return None if None in (held, named) else held == named


def _address_exists(arguments: dict[str, str], _: date) -> bool | None:
    return index.has_address(text(arguments, "address"))


_JUDGES: dict[Statement, Callable[[dict[str, str], date], bool | None]] = {
    "number_name_match": _number_name_match,
    "alive_on": _alive_on,
    "resident_of_county": _resident,
    "same_household": _same_household,
    "age_at_least": _age_at_least,
    "enrolled": _enrolled,
    "enterprise_active": _enterprise_active,
    "legal_representative": _legal_representative,
    "address_exists": _address_exists,
}
