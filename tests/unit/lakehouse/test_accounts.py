"""Accounts: random, private, made once; passwords and keys are kept as hashes."""

import hashlib
import stat

import pytest

from lakehouse import accounts

PASSWORD = "a password long enough"


def test_first_accounts_are_private_random_and_stay(home) -> None:
    first = accounts.all_accounts()
    assert stat.S_IMODE(accounts.file().stat().st_mode) == 0o600
    assert {a.name: (a.role, a.department) for a in first.values()} == {
        "admin": ("admin", None), "decision_maker": ("decision_maker", None), "analyst": ("analyst", None),
        "steward": ("steward", None), "officer": ("officer", "PSB"),
    }  # fmt: skip
    passwords = {a.first_password for a in first.values()}
    assert len(passwords) == 5 and min(map(len, passwords)) >= 20
    assert accounts.all_accounts() == first


def test_a_password_is_known_by_its_scrypt_hash_alone(home) -> None:
    accounts.all_accounts()
    accounts.set_password("analyst", PASSWORD)
    assert PASSWORD not in accounts.file().read_text("utf-8")
    method, salt, written = accounts.all_accounts()["analyst"].password_hash.split("$")
    _, n, r, p = method.split(":")
    again = hashlib.scrypt(PASSWORD.encode(), salt=salt.encode(), n=int(n), r=int(r), p=int(p), maxmem=2**26)
    assert method.startswith("scrypt:") and written == again.hex()
    assert accounts.all_accounts()["analyst"].first_password is None


def test_who_logs_in(home) -> None:
    accounts.all_accounts()
    accounts.set_password("officer", PASSWORD)
    assert accounts.with_password("officer", PASSWORD).department == "PSB"
    assert accounts.with_password("officer", PASSWORD + "!") is None
    assert accounts.with_password("nobody", PASSWORD) is None


def test_a_key_speaks_for_its_account_until_the_next_one(home) -> None:
    accounts.all_accounts()
    first = accounts.new_key("officer")
    assert accounts.with_key(first).name == "officer" and first not in accounts.file().read_text("utf-8")
    second = accounts.new_key("officer")
    assert accounts.with_key(first) is None and accounts.with_key(second).name == "officer"
    assert accounts.with_key("") is None


def test_an_account_of_a_department_comes_and_goes(home) -> None:
    made = accounts.add("tax_officer", "officer", "TAX")
    assert accounts.with_password("tax_officer", made.first_password).department == "TAX"
    accounts.remove("tax_officer")
    assert accounts.with_password("tax_officer", made.first_password) is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("Ann", "analyst", None), "no account name"),
        (("ann", "mayor", None), "no role mayor; choose one of admin"),
        (("ann", "officer", None), "name it with --department"),
        (("ann", "analyst", "TAX"), "An officer, and nobody else"),
        (("steward", "steward", None), "already"),
    ],
)
def test_an_account_that_does_not_fit(home, arguments, said) -> None:
    with pytest.raises(ValueError, match=said):
        accounts.add(*arguments)


def test_a_short_password_and_an_unknown_account(home) -> None:
    accounts.all_accounts()
    with pytest.raises(ValueError, match="5 characters; take at least 12"):
        accounts.set_password("analyst", "short")
    with pytest.raises(LookupError, match="There is no account nobody"):
        accounts.new_key("nobody")
