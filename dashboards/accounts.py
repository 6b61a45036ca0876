"""Superset's own accounts and keys: made once with random passwords, kept in one file only its owner can read."""

import json
import os
import secrets as randomness
from pathlib import Path

from lakehouse.settings import settings

# Account name -> role of `roles.ROLES` (or Superset's built-in Admin).
ACCOUNTS = {"admin": "Admin", "decision_maker": "DecisionMaker", "analyst": "Analyst", "steward": "Steward"}


def secret_file() -> Path:
    return settings().secrets / "dashboards.json"


def ensure() -> Path:
    """Make what is missing in the secrets file, change nothing that is there; returns the file."""
    file = secret_file()
    held = json.loads(file.read_text("utf-8")) if file.exists() else {}
    before = {name: account["password"] for name, account in held.get("accounts", {}).items()}
    wanted = {
        "secret_key": held.get("secret_key") or randomness.token_urlsafe(48),
        "accounts": {
            name: {"role": role, "password": before.get(name) or randomness.token_urlsafe(18)} for name, role in ACCOUNTS.items()
        },
    }
    if wanted != held:
        _write_private(file, json.dumps(wanted, indent=1))
    return file


def passwords() -> dict[str, str]:
    """Account name -> password. Raises LookupError before the first bootstrap."""
    if not secret_file().exists():
        raise LookupError(f"No accounts yet at {secret_file()}: `lake dashboards bootstrap` makes them.")
    held = json.loads(secret_file().read_text("utf-8"))["accounts"]
    return {name: account["password"] for name, account in held.items()}


def _write_private(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = file.with_suffix(".part")
    part.unlink(missing_ok=True)
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
    part.replace(file)
