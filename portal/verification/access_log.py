"""Every call of the verification service, written before its answer leaves; by it the limits are counted."""

import secrets
import sqlite3
from collections import deque
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock, local

from lakehouse.settings import settings

_writing = Lock()
_waiting: deque["_Entry"] = deque()
_held: dict[Path, sqlite3.Connection] = {}
_reading = local()
WAIT_SECONDS = 10


@dataclass(frozen=True)
class Call:
    """One call. `subject` is a token, a credit code or an address, never a citizen number; `answer` is null for refused calls."""

    receipt: str
    at: str
    caller: str
    department: str
    action: str
    purpose: str
    legal_basis: str
    statement: str
    subject: str
    rows: int
    answer: str | None
    data_as_of: str


SCHEMA = f"""
create table if not exists calls ({", ".join(f"{f.name} {'integer' if f.name == 'rows' else 'text'}" for f in fields(Call))});
create index if not exists calls_of_subject on calls (subject, at);
create index if not exists calls_of_caller on calls (caller, at);
"""


def file() -> Path:
    return settings().data_home / "verification" / "access_log.sqlite"


def new_receipt() -> str:
    return f"V{secrets.token_hex(12)}"


@dataclass
class _Entry:
    call: Call
    is_kept: bool = False


def write(call: Call) -> None:
    """Keep the call; it is on the disk when this returns. Calls that wait meanwhile are written together by the first of them."""
    entry = _Entry(call)
    _waiting.append(entry)
    with _writing:
        if not entry.is_kept:
            _keep([_waiting.popleft() for _ in range(len(_waiting))], entry)


def _keep(entries: list[_Entry], own: _Entry) -> None:
    """One transaction for all; where it fails, the others wait for their own callers to try again."""
    base = _connection()
    base.execute("begin immediate")
    try:
        base.executemany(f"insert into calls values ({', '.join('?' * len(fields(Call)))})", [astuple(e.call) for e in entries])
        base.execute("commit")
    except BaseException:
        base.execute("rollback")
        _waiting.extend(entry for entry in entries if entry is not own)
        raise
    for entry in entries:
        entry.is_kept = True


def calls_in_last_minute(caller: str, now: datetime) -> int:
    since = (now - timedelta(minutes=1)).isoformat()
    return _count("select count(*) from calls where caller = ? and at > ?", caller, since)


def failed_today(subject: str, now: datetime) -> int:
    """Calls of `verify` on the subject since midnight (UTC) that were not answered with yes."""
    query = "select count(*) from calls where subject = ? and at >= ? and action = 'verify' and answer <> 'yes'"
    return _count(query, subject, now.astimezone(UTC).date().isoformat())


def calls_after(number: int) -> list[tuple[int, Call]]:
    """Calls behind that number of the log, each with its own."""
    if not file().exists():
        return []
    rows = _reader().execute("select rowid, * from calls where rowid > ? order by rowid", [number]).fetchall()
    return [(at, Call(*row)) for at, *row in rows]


def calls_since(at: str) -> list[Call]:
    """Calls later than that instant, in their order."""
    return [Call(*row) for row in _reader().execute("select * from calls where at > ? order by at, receipt", [at])]


def _count(query: str, *values: str) -> int:
    return _reader().execute(query, values).fetchone()[0]


def _reader() -> sqlite3.Connection:
    """This thread's own connection: counting does not wait for the disk."""
    if getattr(_reading, "file", None) != file():
        with _writing:
            _connection()
        _reading.connection = sqlite3.connect(file(), timeout=WAIT_SECONDS, isolation_level=None)
        _reading.file = file()
    return _reading.connection


def _connection() -> sqlite3.Connection:
    if file() not in _held:
        file().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file().touch(mode=0o600)
        connection = sqlite3.connect(file(), timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False)
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
        connection.executescript(SCHEMA)
        _held[file()] = connection
    return _held[file()]
