"""What Superset's processes read: the accounts of the one table, hashed, and a key of their own."""

import json
import stat

from dashboards import accounts as served
from lakehouse import accounts


def test_the_served_accounts_are_those_of_the_table(home) -> None:
    file = served.ensure()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    held = json.loads(file.read_text("utf-8"))
    assert {name: a["role"] for name, a in held["accounts"].items()} == {
        "admin": "Admin", "decision_maker": "DecisionMaker", "analyst": "Analyst", "steward": "Steward",
    }  # fmt: skip
    assert accounts.all_accounts()["analyst"].first_password not in file.read_text("utf-8")


def test_the_key_stays_and_a_changed_account_follows(home) -> None:
    before = json.loads(served.ensure().read_text("utf-8"))
    accounts.set_password("analyst", "a password long enough")
    accounts.remove("steward")
    after = json.loads(served.ensure().read_text("utf-8"))
    assert after["secret_key"] == before["secret_key"]
    assert after["accounts"]["analyst"] != before["accounts"]["analyst"]
    assert "steward" not in after["accounts"] and after["accounts"]["admin"] == before["accounts"]["admin"]
