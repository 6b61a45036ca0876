"""The registers as the verification service reads them: one SQLite file, by token, no direct identifier in clear."""

import sqlite3
from dataclasses import dataclass
from datetime import date
from threading import local

from publishing.register_index import index_file

PERSON = """
select p.* from (select ? as asked) left join persons p on p.number_token = asked and not p.is_withheld
"""
"""One row whoever is asked after; nothing but nulls for who is absent or withheld, so that all that follows is the same work."""
ENTERPRISE = "select * from enterprises where uscc = ?"
ADDRESS = "select 1 from addresses where address_text = ?"
_held = local()


class NoRegister(Exception):
    """The registers have not been published for verification yet."""


@dataclass(frozen=True)
class Person:
    """What statements may ask of a person; None = the registers do not say. Also what an absent or withheld person looks like."""

    person_id: str | None = None
    name_token: str | None = None
    sex_code: str | None = None
    birth_date: date | None = None
    death_date: date | None = None
    is_dead: bool | None = None
    is_resident: bool | None = None
    is_enrolled: bool | None = None
    household_id: str | None = None
    division_code: str | None = None


@dataclass(frozen=True)
class Enterprise:
    """What statements may ask of an enterprise; None = the registers do not say."""

    enterprise_id: str | None = None
    is_active: bool | None = None
    legal_person_id: str | None = None


NOTHING = Enterprise()


def person(number_token: str) -> Person:
    """The person of the number; a Person of nothing but None where there is none, or the person is withheld."""
    row = _connection().execute(PERSON, [number_token]).fetchone()
    return Person(
        row["person_id"], row["name_token"], row["sex_code"], _day(row["birth_date"]), _day(row["death_date"]),
        _flag(row["is_dead"]), _flag(row["is_resident"]), _flag(row["is_enrolled"]), row["household_id"], row["division_code"],
    )  # fmt: skip


def enterprise(uscc: str) -> Enterprise:
    row = _connection().execute(ENTERPRISE, [uscc]).fetchone()
    return Enterprise(row["enterprise_id"], _flag(row["is_active"]), row["legal_person_id"]) if row else NOTHING


def has_address(text: str) -> bool:
    return _connection().execute(ADDRESS, [text]).fetchone() is not None


def data_as_of() -> date:
    """The day of the data: the newest that any record behind the registers speaks of."""
    return date.fromisoformat(_connection().execute("select data_as_of from about").fetchone()[0])


def _connection() -> sqlite3.Connection:
    """This thread's connection to the file in force. Raises NoRegister before there is one."""
    target = index_file()
    if not target.exists():
        raise NoRegister
    place = str(target.resolve())
    if getattr(_held, "place", None) != place:
        _held.connection = sqlite3.connect(f"file:{place}?mode=ro&immutable=1", uri=True)
        _held.connection.row_factory = sqlite3.Row
        _held.place = place
    return _held.connection


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _flag(value: int | None) -> bool | None:
    return None if value is None else bool(value)
