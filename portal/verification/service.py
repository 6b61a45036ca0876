"""One call from its arguments to its answer: purpose, limits, the work, the log, the signed receipt."""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from ingestion.batch.receipt import canonical, signing_key
from lakehouse import vault
from lakehouse.accounts import Account
from lakehouse.settings import settings
from portal.verification import access_log, index, statements
from portal.verification.access_log import Call
from portal.verification.purposes import NotForThisPurpose, Purpose, purpose_of, rules
from portal.verification.statements import BadStatement
from publishing.register_keys import normal, number_tokens

WORDS = {True: "yes", False: "no", None: "unknown"}
LONGEST_WORD = 40
COMPARED = ("name", "birth_date", "sex_code")
NUMBER = "citizen_no"


@dataclass(frozen=True)
class Asked:
    """What a call asks, in the caller's own words."""

    action: str
    purpose: str
    statement: str = ""


class TooMany(Exception):
    """A limit is reached; the argument is the sentence."""


def verify(caller: Account, purpose: str, statement: str, arguments: dict[str, str]) -> dict[str, Any]:
    """`yes`, `no` or `unknown`. Raises NotForThisPurpose, BadStatement, TooMany, NoRegister."""
    found = _opened(caller, purpose)
    if statement not in found.statements:
        raise NotForThisPurpose(f"{purpose} does not ask {statement!r}; it may ask {', '.join(found.statements)}.")
    subject, now = statements.subject_key(statement, arguments), datetime.now(UTC)
    limit = rules().limits.failed_per_subject_and_day
    if access_log.failed_today(subject, now) >= limit:
        raise TooMany(f"{limit} statements on this subject have failed today; the data office can look into it tomorrow.")
    answer = WORDS[statements.judge(statement, arguments, settings().as_of_time().date())]
    return _answered(caller, found, "verify", purpose, statement, subject, 1, {"answer": answer}, answer)


def compare(caller: Account, purpose: str, rows: list[dict[str, str]]) -> dict[str, Any]:
    """Per row and field `agree`, `disagree` or `missing` (not said, not known, absent and withheld alike). Raises as `verify`."""
    found, limit = _opened(caller, purpose), rules().limits.compared_rows
    if not 1 <= len(rows) <= limit:
        raise BadStatement(f"'rows' holds {len(rows)}; send 1 to {limit:,} at a time.")
    for number, row in enumerate(rows, 1):
        statements.check_names(row, (NUMBER, *COMPARED), f"Row {number} of 'rows'")
    flags = [_flags(row) for row in rows]
    return _answered(caller, found, "compare", purpose, "", "", len(rows), {"rows": flags}, "compared")


def lookup(caller: Account, purpose: str, arguments: dict[str, str]) -> dict[str, Any]:
    """The masked profile, or null for absent and withheld alike. Raises as `verify`."""
    found = _opened(caller, purpose)
    if not found.lookup:
        raise NotForThisPurpose(f"{purpose} opens no profiles; use verify or compare.")
    statements.check_names(arguments, (NUMBER,), "A lookup")
    subject = statements.number_token(arguments, NUMBER)
    profile = _masked(index.person(subject), statements.text(arguments, NUMBER))
    return _answered(caller, found, "lookup", purpose, "", subject, 1, {"profile": profile}, "profile" if profile else "unknown")


def note_refused(caller: Account, asked: Asked) -> None:
    """Log a call that was refused for its purpose or its words: `answer` is null, and what was asked is cut short."""
    at, department = datetime.now(UTC).isoformat(), caller.department or ""
    purpose, statement = asked.purpose[:LONGEST_WORD], asked.statement[:LONGEST_WORD]
    access_log.write(
        Call(access_log.new_receipt(), at, caller.name, department, asked.action, purpose, "", statement, "", 0, None, "")
    )


def _opened(caller: Account, purpose: str) -> Purpose:
    limit = rules().limits.calls_per_minute
    if access_log.calls_in_last_minute(caller.name, datetime.now(UTC)) >= limit:
        raise TooMany(f"More than {limit} calls in a minute; wait a minute, or send rows together with compare.")
    return purpose_of(caller, purpose)


def _flags(row: dict[str, str]) -> dict[str, str]:
    held = index.person(number_tokens(pa.array([statements.text(row, NUMBER)]))[0].as_py())
    said = {name: normal(row.get(name, "")) for name in COMPARED}
    named = statements.name_token(said["name"]) if said["name"] else ""
    given = said | {"name": named}
    known = {
        "name": held.name_token, "birth_date": held.birth_date and held.birth_date.isoformat(), "sex_code": held.sex_code,
    }  # fmt: skip
    return {name: _agreement(given[name], known[name]) for name in COMPARED}


def _agreement(given: str, known: str | None) -> str:
    return "missing" if not given or known is None else "agree" if given == known else "disagree"


def _masked(person: index.Person, number: str) -> dict[str, Any] | None:
    if person.person_id is None:
        return None
    name = vault.clear(pa.array([person.name_token], pa.string()))[0].as_py() or ""
    return {
        "name": name[:1] + "*" * (len(name) - 1), "citizen_no": f"{number[:6]}********{number[-4:]}",
        "birth_year": person.birth_date and person.birth_date.year, "sex_code": person.sex_code, "is_dead": person.is_dead,
        "is_resident": person.is_resident, "division_code": person.division_code,
    }  # fmt: skip


def _answered(
    caller: Account, purpose: Purpose, action: str, code: str, statement: str, subject: str, rows: int, body: dict, answer: str
) -> dict[str, Any]:
    """Log the call, then give the answer with a receipt that can be verified offline (Ed25519)."""
    as_of, at = index.data_as_of().isoformat(), datetime.now(UTC).isoformat()
    receipt = access_log.new_receipt()
    department = caller.department or ""
    access_log.write(
        Call(receipt, at, caller.name, department, action, code, purpose.legal_basis, statement, subject, rows, answer, as_of)
    )
    signed = {"receipt": receipt, "at": at, "caller": caller.name, "action": action, "purpose": code,
              "statement": statement, "data_as_of": as_of, **body}  # fmt: skip
    return signed | {"signature": base64.b64encode(signing_key().sign(canonical(signed))).decode()}
