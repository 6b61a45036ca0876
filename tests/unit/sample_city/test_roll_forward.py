"""The registered people from 2014 to 2026: balance of every year, lives in order, kin that can be."""

import numpy as np
import pytest

from sample_city.households import NOBODY
from sample_city.people import DEAD, FLOATING, MOVED_OUT, REGISTERED
from sample_city.presets import CALIBRATED_DAY, window
from sample_city.roll_forward import newcomers, periods
from sample_city.views.police import relation_codes
from tests.support.sample_city import build, city, notes, records, truth

NOW = np.datetime64("2026-03-16")


def test_periods_by_hand() -> None:
    """Eleven years and the 75 days up to 16 March; a quarter day's rounding aside."""
    found = periods(NOW)
    assert [str(p.end) for p in found] == [f"{y}-12-31" for y in range(2015, 2026)] + ["2026-03-16"]
    assert [p.days for p in found] == [365, 366, 365, 365, 365, 366, 365, 365, 365, 366, 365, 75]
    assert found[-1].quota(40) == 8
    assert newcomers(NOW) == (11 * 40 + 8, 11 * 90 + 18)
    assert newcomers(CALIBRATED_DAY) == (0, 0)


def test_thirty_days_are_those_of_the_sensors() -> None:
    """2026-02-15 to 2026-03-16, across the change of the air quality rule on 1 March."""
    reported = window("now2026", 30)
    assert (str(reported.dates()[0]), str(reported.dates()[-1])) == ("2026-02-15", "2026-03-16")
    assert [str(d) for d in reported.month_ends()] == ["2026-02-28"]


@pytest.mark.parametrize("year", range(2015, 2026))
def test_every_year_balances(year: int) -> None:
    """406,600 + ... in a slice: 40 births, 29 deaths, 90 in, 84 out a year."""
    people = city(10, day=NOW).people
    first, last = np.datetime64(f"{year - 1}-12-31"), np.datetime64(f"{year}-12-31")
    resident = people.kind != FLOATING
    count = {
        "births": ((people.birth > first) & (people.birth <= last) & resident).sum(),
        "in": ((people.moved_in > first) & (people.moved_in <= last) & resident).sum(),
        "deaths": ((people.left > first) & (people.left <= last) & (people.kind == DEAD)).sum(),
        "out": ((people.left > first) & (people.left <= last) & (people.kind == MOVED_OUT)).sum(),
        "married": ((people.married > first) & (people.married <= last)).sum() // 2,
    }
    assert count == {"births": 400, "in": 900, "deaths": 290, "out": 840, "married": 300}
    assert people.present(last).sum() == people.present(first).sum() + 400 + 900 - 290 - 840


def test_stock_of_the_reference_day() -> None:
    """40,830 + 448 and 1,008 newcomers less 325 deaths and 941 moves out a slice, ten slices."""
    assert city(10, day=NOW).people.present(NOW).sum() == 40_830 + 10 * (448 + 1_008 - 325 - 941)


def test_lives_stand_in_order() -> None:
    people = city(10, day=NOW).people
    assert (people.kind >= 0).all()
    for days in (people.moved_in, people.left, people.married, people.divorced, people.widowed):
        known = ~np.isnat(days)
        assert (days[known] >= people.birth[known]).all()
        assert (days[known] <= NOW).all()
    gone = ~np.isnat(people.left) & ~np.isnat(people.moved_in)
    assert (people.left[gone] > people.moved_in[gone]).all()
    both = ~np.isnat(people.divorced)
    assert (people.divorced[both] > people.married[both]).all()


def test_children_have_married_mothers_of_age_and_spaced_births() -> None:
    people = city(10, day=NOW).people
    born = np.flatnonzero((people.birth > CALIBRATED_DAY) & (people.kind != FLOATING) & np.isnat(people.moved_in))
    mother, father = people.row(people.mother[born]), people.row(people.father[born])
    age = (people.birth[born] - people.birth[mother]).astype(int) / 365.25
    assert age.min() >= 20 and age.max() < 41
    assert (people.sex[mother] == 2).all() and (people.sex[father] == 1).all()
    assert (people.line[born] == people.line[father]).all()
    order = np.lexsort((people.birth[born], mother))
    again = mother[order][1:] == mother[order][:-1]
    gap = (people.birth[born][order][1:] - people.birth[born][order][:-1]).astype(int)[again]
    assert gap.min() >= 700


def test_couples_point_at_each_other_and_are_not_siblings() -> None:
    people = city(10, day=NOW).people
    wed = np.flatnonzero((people.kind == REGISTERED) & (people.spouse != NOBODY))
    mate = people.row(people.spouse[wed])
    assert (people.spouse[mate] == people.number[wed]).all()
    assert (people.kind[mate] == REGISTERED).all()
    assert (people.sex[mate] != people.sex[wed]).all()
    known = people.mother[wed] != NOBODY
    assert not (people.mother[wed] == people.mother[mate])[known].any()


def test_every_inhabited_household_has_one_head() -> None:
    built = city(10, day=NOW)
    here = np.flatnonzero(built.people.present(NOW))
    inhabited = np.bincount(built.household_row[here], minlength=len(built.home)) > 0
    codes = np.array(relation_codes(built, here).to_pylist())
    heads = np.bincount(built.household_row[here][codes == "02"], minlength=len(built.home))
    assert (heads == inhabited).all()


def test_relations_by_kinship_are_the_templates_of_2014() -> None:
    """On the calibrated day the places in the templates say the same: spouse, children, parents of the head."""
    built = city(10)
    rows = np.flatnonzero(built.people.kind == REGISTERED)
    codes = np.array(relation_codes(built, rows).to_pylist())
    by_place = np.array([("02", "02"), ("11", "12"), ("20", "30"), ("51", "52"), ("51", "52"), ("51", "52")])
    assert (codes == by_place[built.people.role[rows], built.people.sex[rows] - 1]).all()


def test_the_smaller_city_of_2026_is_a_prefix() -> None:
    small, large = city(1, day=NOW), city(10, day=NOW)
    n = len(small.people.number)
    assert small.citizen_no.equals(large.citizen_no[:n])
    assert small.names.equals(large.names[:n])
    assert (small.people.household == large.people.household[:n]).all()


def test_divisions_of_2023_stand_in_addresses_of_2026() -> None:
    then, now = city(100), city(10, day=NOW)
    codes_then, codes_now = (set(c.addresses.division_code.to_pylist()) for c in (then, now))
    assert len(codes_then) == 202 and len(codes_now) == 218
    assert codes_then - codes_now == {"330122102290", "330122109290"}
    assert not any("居委会" in text for text in now.addresses.text.to_pylist())


def test_files_of_2026_are_covered_by_the_truth(tmp_path) -> None:
    folder = build(tmp_path / "now", preset="now2026")
    known = {(r["file"], r["row_no"]) for r in truth(folder, "record_entity") if r["role"] in ("self", "event")}
    delivered = {(note["file"], row) for note in notes(folder) for row in records(note)}
    assert known == delivered
    residents = next(n for n in notes(folder) if n["source"] == "psb_residents_full")
    assert {row[12] for row in records(residents).values()} == {"居民"}
