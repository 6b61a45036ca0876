"""What is drawn follows its parameter (chi-square, p > 0.01)."""

import numpy as np
import pytest
from scipy import stats

from sample_city.enterprises import DEREGISTERED, ORGANISATION
from sample_city.extract import sources
from sample_city.parameters import words
from sample_city.people import DEAD, FLOATING, REGISTERED
from sample_city.views import VIEWS
from tests.support.sample_city import REFERENCE, city, office


def fits(found, shares) -> bool:
    expected = np.array(shares, dtype=float) / np.sum(shares) * np.sum(found)
    return stats.chisquare(found, expected).pvalue > 0.01


def view_counts(name: str, field: str) -> dict[str, int]:
    extract = VIEWS[name](office(100), sources()[name], REFERENCE, REFERENCE - 365)
    values, counts = np.unique(extract.columns[field].to_pylist(), return_counts=True)
    return dict(zip(values.tolist(), counts.tolist(), strict=True))


def test_sex_of_floating_persons() -> None:
    people = city(100).people
    assert fits(np.bincount(people.sex[people.kind == FLOATING])[1:], (6, 5))


def test_heads_of_couples_are_mostly_men() -> None:
    people = city(100).people
    heads = (people.role == 0) & (people.spouse >= 0) & (people.kind == REGISTERED)
    assert fits(np.bincount(people.sex[heads])[1:], (85, 15))


def test_purpose_of_stay() -> None:
    counts = view_counts("psb_floating", "purpose_code")
    assert fits([counts[c] for c in ("01", "02", "03", "04", "99")], (70, 10, 8, 7, 5))


def test_hospitals_and_causes() -> None:
    births = view_counts("hc_births", "hospital_code")
    assert fits([births[f"9901220{n}"] for n in (1, 2, 3, 4)], (60, 25, 10, 5))
    causes = view_counts("hc_deaths", "cause_group")
    assert fits([causes[c] for c in "ICJVEK"], (40, 25, 15, 8, 7, 5))


def test_states_of_enterprises_that_are_not_new() -> None:
    found = city(100).enterprises
    old = found.exists & (found.kind != ORGANISATION) & (found.established <= REFERENCE - 365) & (found.state != DEREGISTERED)
    assert fits(np.bincount(found.state[old])[:3], tuple(words("enterprises")["status_weights"].values()))


@pytest.mark.parametrize("days", ["left", "moved_in"])
def test_events_are_even_over_the_year(days: str) -> None:
    people = city(100).people
    day = getattr(people, days)[people.kind == (DEAD if days == "left" else REGISTERED)]
    weeks = (REFERENCE - day[~np.isnat(day)]).astype(int) // 7
    assert fits(np.bincount(weeks[weeks < 52], minlength=52), np.ones(52))


def test_birthdays_are_even_over_the_year() -> None:
    birth = city(100).people.birth
    month = birth.astype("datetime64[M]").astype(int) % 12
    lengths = [31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    assert fits(np.bincount(month, minlength=12), lengths)


def test_streams_of_one_person_are_independent() -> None:
    """Sex of a floating person against the landlord's household and the day of arrival."""
    people = city(100).people
    floats = people.kind == FLOATING
    table = np.histogram2d(people.sex[floats], people.household[floats] % 10, (2, 10))[0]
    assert stats.chi2_contingency(table).pvalue > 0.01
