"""Check characters of the standards' own examples, and that nothing can be a real number."""

import numpy as np
import pytest

from sample_city.city import build_city
from sample_city.identifiers import (
    citizen_numbers,
    credit_codes,
    digits,
    organisation_codes,
    phones,
    record_numbers,
    registration_numbers,
)
from sample_city.randomness import Draws
from sample_city.slices import Stack
from tests.support.sample_city import REFERENCE, city


@pytest.mark.parametrize(
    ("division", "birth", "sequence", "number"),
    [
        (110105, "1949-12-31", 2, "11010519491231002X"),  # GB 11643-1999, annex
        (440524, "1880-01-01", 1, "440524188001010014"),  # GB 11643-1999, annex
        (360426, "1991-01-01", 7, "360426199101010071"),
    ],
)
def test_citizen_numbers_of_the_standard(division: int, birth: str, sequence: int, number: str) -> None:
    made = citizen_numbers(np.array([division]), np.array([birth], "datetime64[D]"), np.array([sequence]))
    assert made.to_pylist() == [number]


@pytest.mark.parametrize("code", ["71526726X", "600037341"])
def test_organisation_codes(code: str) -> None:
    assert organisation_codes(np.array([int(code[:8])])).to_pylist() == [code]


@pytest.mark.parametrize("code", ["9144030071526726XG", "91330100799655058B", "914403001922038216", "91110000600037341L"])
def test_credit_codes(code: str) -> None:
    organisation = organisation_codes(np.array([int(code[8:16])]))
    made = credit_codes(np.array([ord(code[0])]), np.array([ord(code[1])]), np.array([int(code[2:8])]), organisation)
    assert made.to_pylist() == [code]


def test_registration_number_by_iso_7064() -> None:
    """0794 has the check digit 5 (ISO/IEC 7064, MOD 11,10 example); leading zeros before it are not neutral, so by hand:
    110108 00000001 -> 6, the example of the registration rule."""
    assert registration_numbers(np.array([110108]), np.array([1])).to_pylist() == ["110108000000016"]


def test_digits_and_phones() -> None:
    assert digits(np.array([42, 100]), 4).tolist() == [[0, 0, 4, 2], [0, 1, 0, 0]]
    made = phones(np.arange(100_000)).to_pylist()
    assert len(set(made)) == 100_000
    assert all(len(p) == 11 and p.startswith("120") for p in made)


def test_registers_number_the_same_entities_differently() -> None:
    one, other = (np.array(record_numbers(r, np.arange(50_000), 9).to_pylist()) for r in ("births", "deaths"))
    assert len(set(one)) == len(set(other)) == 50_000
    assert (one == other).sum() == 0
    assert abs(np.corrcoef(one.astype(int), other.astype(int))[0, 1]) < 0.1


WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]


def test_every_number_of_the_city_is_valid_and_synthetic() -> None:
    built = city(10)
    for number, birth, sex in zip(
        built.citizen_no.to_pylist(), built.people.birth.tolist(), built.people.sex.tolist(), strict=True
    ):
        assert number.startswith("99")
        assert number[6:14] == birth.strftime("%Y%m%d")
        assert int(number[16]) % 2 == sex % 2
        assert number[17] == "10X98765432"[sum(w * int(d) for w, d in zip(WEIGHTS, number[:17], strict=True)) % 11]
    assert len(set(built.citizen_no.to_pylist())) == len(built.people.number)
    assert not set(built.citizen_no.to_pylist()) & set(built.second_no.to_pylist())


def test_every_credit_code_is_valid_and_synthetic() -> None:
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    powers = [pow(3, i, 31) for i in range(17)]
    codes = city(10).enterprises.uscc.to_pylist()
    assert len(set(codes)) == len(codes)
    for code in codes:
        assert code[2:8] == "990122"
        assert (
            alphabet.index(code[17])
            == (31 - sum(alphabet.index(c) * w for c, w in zip(code[:17], powers, strict=True)) % 31) % 31
        )


def test_counties_share_no_identifier() -> None:
    """A whole county and a part of its first copy, as in a city of scale 1.02."""
    one, copy = city(100), build_city(Draws(7), Stack(1, 2), REFERENCE)
    for of in (lambda c: c.citizen_no, lambda c: c.enterprises.uscc, lambda c: c.household_no, lambda c: c.phone):
        assert not set(of(one).to_pylist()) & set(of(copy).to_pylist())
    assert not set(one.people.number.tolist()) & set(copy.people.number.tolist())
    assert {code[2:8] for code in copy.enterprises.uscc.to_pylist()} == {"990123"}
    assert "桐庐县副本1" in copy.addresses.text[0].as_py()
