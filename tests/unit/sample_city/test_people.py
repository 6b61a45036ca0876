"""The population: calibrated totals, kinship that can be, nested scales, distributions."""

from dataclasses import fields

import numpy as np
import pytest
from scipy import stats

from sample_city.divisions import units
from sample_city.extract import sources
from sample_city.people import DEAD, FLOATING, MOVED_OUT, REGISTERED
from sample_city.slices import stacks
from sample_city.views import VIEWS
from tests.support.sample_city import REFERENCE, city, office

YEAR_BEFORE = REFERENCE - 365


def ages(built) -> np.ndarray:
    birthday_to_come = np.array([(b.month, b.day) > (12, 31) for b in built.people.birth.tolist()])
    return 2014 - (built.people.birth.astype("datetime64[Y]").astype(int) + 1970) - birthday_to_come


@pytest.mark.parametrize(("slices", "seed"), [(1, 7), (10, 7), (10, 8), (100, 7)])
def test_calibrated_totals_hold_at_every_scale_and_seed(slices: int, seed: int) -> None:
    """Totals of the county in 2014, a hundredth of each a slice."""
    built, people = city(slices, seed), city(slices, seed).people
    here = people.kind == REGISTERED
    per_slice = {
        "registered": (people.present(REFERENCE).sum(), 408_300),
        "agricultural": (people.is_agricultural[here].sum(), 276_600),
        "households": (len(built.household_no), 140_800),
        "births": ((people.birth > YEAR_BEFORE)[people.kind != FLOATING].sum(), 4_000),
        "deaths": ((people.kind == DEAD).sum(), 2_900),
        "in": ((people.moved_in > YEAR_BEFORE)[here].sum(), 9_000),
        "out": ((people.kind == MOVED_OUT).sum(), 8_400),
        "marriages": (((people.married > YEAR_BEFORE) & here).sum() / 2, 3_000),
        "floating": ((people.kind == FLOATING).sum(), 60_000),
        "men": ((people.sex == 1)[here].sum(), 206_200),
    }
    assert {name: found * 100 / slices for name, (found, _) in per_slice.items()} == {n: t for n, (_, t) in per_slice.items()}


def test_age_bands_and_sex_ratio_are_those_assumed() -> None:
    built = city(100)
    age = ages(built)[built.people.kind == REGISTERED]
    shares = [(age <= 14).mean(), ((age > 14) & (age < 60)).mean(), (age >= 60).mean(), (age >= 65).mean(), (age >= 80).mean()]
    assert np.allclose(shares, [0.12, 0.67, 0.21, 0.14, 0.03], atol=0.0005)
    sex = built.people.sex[built.people.kind == REGISTERED]
    assert (sex == 1).sum() / (sex == 2).sum() == pytest.approx(1.02, abs=0.0005)


def test_balance_of_the_year() -> None:
    """Stock a year before + births - deaths + in - out = stock."""
    people = city(100).people
    before, now = people.present(YEAR_BEFORE).sum(), people.present(REFERENCE).sum()
    assert now == before + 4_000 - 2_900 + 9_000 - 8_400


def test_balance_of_every_month() -> None:
    people = city(10).people
    months = np.arange("2014-01", "2015-01", dtype="datetime64[M]")
    for month in months:
        first, last = month.astype("datetime64[D]") - 1, (month + 1).astype("datetime64[D]") - 1
        happened = [
            ((days > first) & (days <= last) & (people.kind != FLOATING)).sum() for days in (people.birth, people.moved_in)
        ]
        gone = ((people.left > first) & (people.left <= last)).sum()
        assert people.present(last).sum() == people.present(first).sum() + sum(happened) - gone


def test_kinship_can_be() -> None:
    people = city(10).people
    years = people.birth.astype(int) / 365.25
    for kin, low, high in ((people.mother, 18.9, 41.1), (people.father, 17.9, 46)):
        child = np.flatnonzero(kin >= 0)
        parent = people.row(kin[child])
        gap = years[child] - years[parent]
        assert gap.min() > low and gap.max() < high
        assert len(set(people.sex[parent].tolist())) == 1
    husband = np.flatnonzero((people.spouse >= 0) & (people.sex == 1) & (people.kind == REGISTERED))
    wife = people.row(people.spouse[husband])
    assert (people.sex[wife] == 2).all()
    assert (people.spouse[wife] == people.number[husband]).all()
    same_day = people.married[husband] == people.married[wife]
    assert (same_day | (np.isnat(people.married[husband]) & np.isnat(people.married[wife]))).all()


def test_nobody_marries_below_the_lawful_age() -> None:
    people = city(10).people
    wed = ~np.isnat(people.married) & (people.kind == REGISTERED) & np.isnat(people.divorced)
    age = (people.married - people.birth).astype(int)[wed] / 365.25
    lawful = np.where(people.sex[wed] == 1, 22, 20)
    assert (age >= lawful - 0.01).all()


def test_events_stand_in_order() -> None:
    people = city(10).people
    for days in (people.moved_in, people.left, people.married, people.divorced, people.widowed):
        known = ~np.isnat(days)
        assert (days[known] >= people.birth[known]).all()
        assert (days[known] <= REFERENCE).all()
    both = ~np.isnat(people.divorced)
    assert (people.divorced[both] > people.married[both]).all()


def test_a_smaller_city_is_a_prefix_of_a_larger() -> None:
    small, large = city(1), city(10)
    n = len(small.people.number)
    for field in fields(small.people):
        one, other = getattr(small.people, field.name), getattr(large.people, field.name)[:n]
        assert np.array_equal(one, other, equal_nan=one.dtype.kind == "M"), field.name
    for name in ("names", "citizen_no", "phone"):
        assert getattr(small, name).equals(getattr(large, name)[:n]), name
    assert small.addresses.text.equals(large.addresses.text[: len(small.addresses.text)])
    assert small.enterprises.name.equals(large.enterprises.name[: len(small.enterprises.name)])
    assert (small.employer == large.employer[:n]).all()


def test_another_seed_makes_other_people() -> None:
    one, other = city(10), city(10, 8)
    same = np.array(one.names.to_pylist()) == np.array(other.names.to_pylist())
    assert same.mean() < 0.01


def test_she_people_by_township() -> None:
    """A quarter in their township, 0.3 % elsewhere; drawn by household, tested by household."""
    built = city(100)
    head = built.head_row
    there = np.array([u.township_code == "330122201" for u in units()])[built.addresses.unit[built.home]]
    for where, share in ((there, 0.25), (~there, 0.003)):
        found = built.people.is_she[head][where]
        expected = np.array([share, 1 - share]) * len(found)
        assert stats.chisquare([found.sum(), len(found) - found.sum()], expected).pvalue > 0.01


def test_surnames_follow_their_weights() -> None:
    from sample_city.parameters import words

    built = city(100)
    men = (built.people.line == built.people.number) & (built.people.kind == FLOATING)
    weights = words("names")["surnames"]
    ordered = sorted(weights, key=len, reverse=True)
    names = np.array(built.names.to_pylist())[men].tolist()
    counts = dict.fromkeys(weights, 0)
    for name in names:
        counts[next(s for s in ordered if name.startswith(s))] += 1
    total = sum(weights.values())
    expected = np.array([w / total * len(names) for w in weights.values()])
    assert stats.chisquare(list(counts.values()), expected).pvalue > 0.01


def test_some_village_households_live_in_town() -> None:
    """15 % of village households, in dwellings of communities; police know the registered address, insurers the usual."""
    built = city(100)
    community = np.array([u.is_community for u in units()])
    registered, usual = (community[built.addresses.unit[h]] for h in (built.home, built.usual_home))
    apart = built.home != built.usual_home
    assert not apart[registered].any() and usual[apart].all()
    assert stats.binomtest(int(apart.sum()), int((~registered).sum()), 0.15).pvalue > 0.01
    known = {}
    for name in ("psb_residents_full", "hsa_insurance"):
        extract = VIEWS[name](office(10), sources()[name], REFERENCE, REFERENCE)
        known[name] = dict(zip(extract.key.tolist(), extract.entities["address"][1].tolist(), strict=True))
    both = known["psb_residents_full"].keys() & known["hsa_insurance"].keys()
    differ = np.mean([known["psb_residents_full"][n] != known["hsa_insurance"][n] for n in both])
    assert 0.08 < differ < 0.16


def test_floating_ages_are_working_ages() -> None:
    built = city(10)
    age = ages(built)[built.people.kind == FLOATING]
    assert age.min() >= 16 and age.max() <= 59


@pytest.mark.parametrize("scale", [0, 0.005, 0.015, 11, -1])
def test_scale_that_is_no_hundredth_is_refused(scale: float) -> None:
    with pytest.raises(ValueError, match="hundredths of the county"):
        stacks(scale)


def test_scale_ten_is_ten_counties() -> None:
    assert [(s.county, s.count) for s in stacks(10)] == [(k, 100) for k in range(10)]
    assert [(s.county, s.count) for s in stacks(1.25)] == [(0, 100), (1, 25)]
