"""Accounts and keys: random, private, made once."""

import json
import stat

import pytest

from dashboards import accounts


def test_secrets_are_private_random_and_stay(home) -> None:
    file = accounts.ensure()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    first = accounts.passwords()
    assert first.keys() == accounts.ACCOUNTS.keys()
    assert len(set(first.values())) == len(first) and min(len(p) for p in first.values()) >= 20
    accounts.ensure()
    assert accounts.passwords() == first


def test_a_missing_account_is_added_and_the_others_keep_their_passwords(home) -> None:
    file = accounts.ensure()
    held = json.loads(file.read_text("utf-8"))
    kept = held["accounts"]["analyst"]["password"]
    del held["accounts"]["steward"]
    file.write_text(json.dumps(held), "utf-8")
    accounts.ensure()
    assert accounts.passwords()["analyst"] == kept
    assert "steward" in accounts.passwords()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_passwords_before_the_first_bootstrap(home) -> None:
    with pytest.raises(LookupError, match="lake dashboards bootstrap"):
        accounts.passwords()
