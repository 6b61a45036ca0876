"""The accounts of this installation: one table (secrets/accounts.json, 0600) for the portal and, copied, the dashboards."""

import fcntl
import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, cast, get_args

from lakehouse.settings import settings

Role = Literal["admin", "decision_maker", "analyst", "steward", "officer"]
ROLES: tuple[Role, ...] = get_args(Role)
FIRST: dict[str, tuple[Role, str | None]] = {role: (role, "PSB" if role == "officer" else None) for role in ROLES}
"""Made on first use: account name -> role and, for an officer, the department."""
SHORTEST_PASSWORD = 12
COST, BLOCK, PARALLEL, SALT_BYTES = 2**15, 8, 1, 16
"""Parameters of scrypt (RFC 7914) and the bytes of salt."""


@dataclass(frozen=True)
class Account:
    """One account. `password_hash` is `scrypt:n:r:p$salt$hex`, which Superset reads, too; `first_password` stands until
    it is changed; `key_hash` is the SHA-256 of the key for calls of the API."""

    name: str
    role: Role
    department: str | None
    password_hash: str
    first_password: str | None = None
    key_hash: str | None = None


def file() -> Path:
    return settings().secrets / "accounts.json"


def all_accounts() -> dict[str, Account]:
    """Account by name; the first ones are made with random passwords when there are none."""
    if not file().exists():
        with _changing() as held:
            for name, (role, department) in FIRST.items():
                held.setdefault(
                    name, _with_password(Account(name, role, department, ""), secrets.token_urlsafe(18), is_first=True)
                )
    return _read()


def add(name: str, role: str, department: str | None = None) -> Account:
    """A new account with a random first password. Raises ValueError for a name, role or department that does not fit."""
    if not re.fullmatch("[a-z][a-z0-9_]{1,30}", name):
        raise ValueError(f"{name!r} is no account name; write 2 to 31 of a-z, 0-9 and _, beginning with a letter.")
    if role not in ROLES:
        raise ValueError(f"There is no role {role}; choose one of {', '.join(ROLES)}.")
    if (role == "officer") != bool(department):
        raise ValueError("An officer, and nobody else, speaks for a department; name it with --department.")
    all_accounts()
    with _changing() as held:
        if name in held:
            raise ValueError(f"There is an account {name} already; choose another name.")
        held[name] = _new(name, cast(Role, role), department)
        return held[name]


def set_password(name: str, password: str) -> None:
    """Raises ValueError for a short password, LookupError when there is no such account."""
    if len(password) < SHORTEST_PASSWORD:
        raise ValueError(f"The password has {len(password)} characters; take at least {SHORTEST_PASSWORD}.")
    with _changing() as held:
        held[name] = _with_password(_of(held, name), password, is_first=False)


def new_key(name: str) -> str:
    """A key for calls of the API in the account's name (`Authorization: Bearer ...`); the one before is void."""
    key = secrets.token_urlsafe(32)
    with _changing() as held:
        held[name] = replace(_of(held, name), key_hash=_key_hash(key))
    return key


def remove(name: str) -> None:
    with _changing() as held:
        del held[_of(held, name).name]


def with_password(name: str, password: str) -> Account | None:
    """The account, when name and password are right; a wrong name takes as long as a wrong password."""
    account = all_accounts().get(name)
    expected = account.password_hash if account else _hash(secrets.token_urlsafe(8))
    is_right = hmac.compare_digest(_hash(password, expected.split("$")[1]), expected)
    return account if account and is_right else None


def with_key(key: str) -> Account | None:
    """The account that an API key belongs to."""
    wanted = _key_hash(key)
    return next((a for a in all_accounts().values() if a.key_hash and hmac.compare_digest(a.key_hash, wanted)), None)


def _of(held: dict[str, Account], name: str) -> Account:
    if name not in held:
        raise LookupError(f"There is no account {name}; `lake accounts list` names them.")
    return held[name]


def _new(name: str, role: Role, department: str | None) -> Account:
    return _with_password(Account(name, role, department, ""), secrets.token_urlsafe(18), is_first=True)


def _with_password(account: Account, password: str, is_first: bool) -> Account:
    return replace(account, password_hash=_hash(password), first_password=password if is_first else None)


def _hash(password: str, salt: str = "") -> str:
    salt = salt or secrets.token_hex(SALT_BYTES)
    made = hashlib.scrypt(password.encode(), salt=salt.encode(), n=COST, r=BLOCK, p=PARALLEL, maxmem=2**26)
    return f"scrypt:{COST}:{BLOCK}:{PARALLEL}${salt}${made.hex()}"


def _key_hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _read() -> dict[str, Account]:
    held = json.loads(file().read_text("utf-8"))
    return {name: Account(name, **about) for name, about in held.items()}


@contextmanager
def _changing() -> Iterator[dict[str, Account]]:
    """The accounts, to be changed by one process at a time and written whole."""
    file().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(os.open(file().with_suffix(".lock"), os.O_WRONLY | os.O_CREAT, 0o600), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        held = _read() if file().exists() else {}
        yield held
        part = file().with_suffix(".part")
        part.unlink(missing_ok=True)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            about = {a.name: {k: v for k, v in asdict(a).items() if k != "name"} for a in held.values()}
            json.dump(about, out, indent=1)
        part.replace(file())
