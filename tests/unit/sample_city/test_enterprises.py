"""Market entities: totals, turnover of the year, sectors, names."""

import csv
import gzip

import numpy as np
import pytest

from sample_city.defects.rates import rates
from sample_city.enterprises import BRANCH, COMPANY, ORGANISATION, SELF_EMPLOYED
from sample_city.extract import sources
from sample_city.knowledge import Office, police_view
from sample_city.parameters import words
from sample_city.randomness import Draws
from sample_city.views.market import annual_reports
from tests.support.sample_city import REFERENCE, SEED, city

YEAR_BEFORE = REFERENCE - 365


def test_stock_and_kinds() -> None:
    found = city(100).enterprises
    stock = found.exists & (found.kind != ORGANISATION) & np.isnat(found.ended)
    assert stock.sum() == 30_600
    assert (found.kind[stock] == SELF_EMPLOYED).mean() == pytest.approx(0.72, abs=0.0036)
    assert (found.kind == ORGANISATION).sum() == 900


def test_entry_and_exit_rates() -> None:
    """Entries and exits of the year over the stock a year before."""
    found = city(100).enterprises
    market = found.exists & (found.kind != ORGANISATION)
    before = market & (found.established <= YEAR_BEFORE) & (np.isnat(found.ended) | (found.ended > YEAR_BEFORE))
    entries, exits = (market & (found.established > YEAR_BEFORE)).sum(), (market & (found.ended > YEAR_BEFORE)).sum()
    assert entries / before.sum() == pytest.approx(0.12, rel=0.005)
    assert exits / before.sum() == pytest.approx(0.06, rel=0.005)


def test_sectors_add_value_in_the_stated_proportion() -> None:
    found = city(10).enterprises
    sector = np.array([i["sector"] for i in words("enterprises")["industries"]])[found.industry]
    shares = [found.output[sector == s].sum() / found.output.sum() * 100 for s in ("primary", "secondary", "tertiary")]
    assert np.allclose(shares, [6.84, 54.45, 38.71], atol=0.005)


def test_lives_stand_in_order() -> None:
    found = city(10).enterprises
    ended = ~np.isnat(found.ended) & found.exists
    assert (found.ended[ended] >= found.established[ended]).all()
    revoked = ~np.isnat(found.revoked) & found.exists
    assert (found.revoked[revoked] >= found.established[revoked]).all()


def test_branches_belong_to_companies() -> None:
    found = city(10).enterprises
    branch = np.flatnonzero(found.kind == BRANCH)
    assert (found.kind[found.parent[branch]] == COMPANY).all()
    names = found.name.to_pylist()
    assert all(names[row].startswith(names[found.parent[row]]) for row in branch)
    assert (found.parent[found.kind != BRANCH] == -1).all()


def test_legal_persons_are_adults_of_the_city() -> None:
    built = city(10)
    age = (REFERENCE - built.people.birth[built.enterprises.legal_person]).astype(int) / 365.25
    assert age.min() >= 21.9 and age.max() < 70.1


def test_clusters_show() -> None:
    """Pen makers are far more common in the pen township than elsewhere."""
    from sample_city.divisions import units

    built = city(100)
    found = built.enterprises
    township = np.array([u.township_code for u in units()])[built.addresses.unit[found.address]]
    pens = np.array([i["code"] == "2412" for i in words("enterprises")["industries"]])[found.industry]
    there = township == "330122109"
    assert pens[there].mean() > 5 * pens[~there].mean()


def test_no_name_twice() -> None:
    found = city(100).enterprises
    names = np.array(found.name.to_pylist())[found.exists]
    assert len(set(names)) == len(names)


def test_no_name_of_a_real_enterprise(reference_data) -> None:
    real: set[str] = set()
    for path in (reference_data / "enterprise" / "cn_enterprise_registration_zhejiang_1980_2004").glob("*.csv.gz"):
        with gzip.open(path, "rt", encoding="utf-8-sig") as file:
            real |= {row["企业名称"] for row in csv.DictReader(file)}
    assert len(real) > 80_000
    assert not real & set(city(100).enterprises.name.to_pylist())


NOW = np.datetime64("2026-03-16")


def stock_on(found, day: np.datetime64) -> int:
    market = found.exists & (found.kind != ORGANISATION)
    return int((market & (found.established <= day) & (np.isnat(found.ended) | (found.ended > day))).sum())


@pytest.mark.parametrize("year", range(2015, 2026))
def test_every_year_has_the_stated_turnover(year: int) -> None:
    """12 % of the stock at its start set up, 6 % deregistered, a slice's whole numbers apart."""
    found = city(10, day=NOW).enterprises
    first, last = np.datetime64(f"{year - 1}-12-31"), np.datetime64(f"{year}-12-31")
    entries = (found.exists & (found.established > first) & (found.established <= last)).sum()
    exits = (found.exists & (found.ended > first) & (found.ended <= last)).sum()
    before = stock_on(found, first)
    assert entries == pytest.approx(0.12 * before, abs=5) and exits == pytest.approx(0.06 * before, abs=5)
    assert stock_on(found, last) == before + entries - exits


def test_eleven_years_later_the_stock_has_grown_by_six_per_cent_a_year() -> None:
    found = city(10, day=NOW).enterprises
    assert stock_on(found, REFERENCE) == 3_060
    assert stock_on(found, np.datetime64("2025-12-31")) == pytest.approx(3_060 * 1.06**11, rel=0.005)


def test_lives_and_codes_of_2026() -> None:
    found = city(10, day=NOW).enterprises
    ended = ~np.isnat(found.ended) & found.exists
    assert (found.ended[ended] > found.established[ended]).all() and found.ended[ended].max() <= NOW
    assert not np.isnat(found.established).any() and found.established.max() <= NOW
    for column in (found.uscc, found.org_code, found.reg_no, found.name):
        values = np.array(column.to_pylist())[found.exists]
        assert len(set(values)) == len(values)
    living = found.exists & ~ended & (found.kind != ORGANISATION)
    assert (found.kind[living] == SELF_EMPLOYED).mean() == pytest.approx(0.72, abs=0.02)


def test_who_is_deregistered_long_ago_reports_no_more() -> None:
    built, draws = city(1, day=NOW), Draws(SEED)
    view = Office(draws, built, police_view(draws, built), rates("none"))
    about = {int(n) for n in annual_reports(view, sources()["amr_annual_reports"], NOW, NOW).key}
    found = built.enterprises
    gone = {int(n) for n in found.number[found.exists & (found.ended <= np.datetime64("2025-12-31"))]}
    assert about and gone and not about & gone
