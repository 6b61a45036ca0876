"""What Superset's processes read of the secrets: its own key and the accounts that it serves, in one file (0600)."""

import json
import os
import secrets
from pathlib import Path

from lakehouse import accounts
from lakehouse.settings import settings

ROLES = {"admin": "Admin", "decision_maker": "DecisionMaker", "analyst": "Analyst", "steward": "Steward"}
"""Role of an account -> role of `roles.ROLES` or Superset's built-in Admin; others have no business there."""


def secret_file() -> Path:
    return settings().secrets / "dashboards.json"


def ensure() -> Path:
    """Write the file anew when an account or the key differs from it; returns it."""
    held = json.loads(secret_file().read_text("utf-8")) if secret_file().exists() else {}
    served = {
        a.name: {"role": ROLES[a.role], "password_hash": a.password_hash}
        for a in accounts.all_accounts().values()
        if a.role in ROLES
    }
    wanted = {"secret_key": held.get("secret_key") or secrets.token_urlsafe(48), "accounts": served}
    if wanted != held:
        _write_private(secret_file(), json.dumps(wanted, indent=1))
    return secret_file()


def _write_private(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = file.with_suffix(".part")
    part.unlink(missing_ok=True)
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
    part.replace(file)
