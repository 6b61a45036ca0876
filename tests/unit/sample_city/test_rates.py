"""Errors come at their stated rates, stay with their register, and leave the rest alone."""

import numpy as np
import pytest
from scipy import stats

from sample_city.defects.positions import displace
from sample_city.defects.rates import rates
from sample_city.defects.values import inject, repeat_rows
from sample_city.extract import Extract, sources
from sample_city.randomness import Draws
from sample_city.views import VIEWS
from tests.support.sample_city import REFERENCE, SEED, office


def extract(name: str) -> Extract:
    return VIEWS[name](office(10), sources()[name], REFERENCE, REFERENCE - 30)


def likely(found: int, of: int, share: float) -> bool:
    return stats.binomtest(found, of, share).pvalue > 0.001


@pytest.mark.parametrize("name", ["hsa_insurance", "hc_health_index", "psb_floating"])
def test_rates_of_kinds_that_can_befall_every_row(name: str) -> None:
    """Missing and wrong numbers, outdated and shortened addresses; numbers of children under one are missing in 20 %."""
    whole = extract(name)
    _, log = inject(Draws(SEED), whole, rates("default"))
    counts = {(f, d): log.defect.count(d) for f, d in zip(log.field, log.defect, strict=True)}
    newborn = np.array(whole.columns["birth_date"].to_pylist()) > "20131231"
    missing = {r for r, d, f in zip(log.row.tolist(), log.defect, log.field, strict=True) if d == "D05" and f == "citizen_no"}
    assert likely(len(missing - set(np.flatnonzero(newborn).tolist())), int((~newborn).sum()), 0.015)
    assert not newborn.any() or likely(len(missing & set(np.flatnonzero(newborn).tolist())), int(newborn.sum()), 0.2)
    assert likely(counts["address_text", "D11"], whole.rows, 0.08)
    assert likely(counts["address_text", "D12"], whole.rows, 0.12)


def test_police_errors_are_a_tenth() -> None:
    whole = extract("psb_residents_full")
    _, log = inject(Draws(SEED), whole, rates("default"))
    assert likely(log.defect.count("D12"), whole.rows, 0.012)


def test_positions() -> None:
    whole = extract("nr_addresses")
    wrong, log = displace(Draws(SEED), whole, rates("default"))
    second = np.array(whole.columns["supplier"].to_pylist()) == "图商甲"
    assert likely(log.defect.count("D14"), whole.rows, 0.008)
    of_second = {r for r, d in zip(log.row.tolist(), log.defect, strict=True) if d == "D13"}
    assert all(second[r] for r in of_second)
    assert likely(len(of_second), int(second.sum()), 0.35 * 0.992)
    same = np.array(whole.columns["lon"].to_pylist()) == np.array(wrong.columns["lon"].to_pylist())
    assert set(np.flatnonzero(~same).tolist()) <= set(log.row.tolist())


def test_repeated_rows() -> None:
    whole = extract("hsa_insurance")
    longer, log = repeat_rows(Draws(SEED), whole, "a file", rates("default"))
    assert longer.rows == whole.rows + len(log.row)
    assert likely(len(log.row), whole.rows, 0.005)


def test_a_register_repeats_its_errors_and_others_do_not() -> None:
    draws, given = Draws(SEED), rates("default")
    made = {}
    for name in ("hsa_insurance", "hc_health_index"):
        whole = extract(name)
        _, log = inject(draws, whole, given)
        _, again = inject(draws, whole.take(np.arange(whole.rows)[::-1]), given)
        named = {whole.key[r] for r, f in zip(log.row, log.field, strict=True) if f == "name"}
        assert named == {whole.key[::-1][r] for r, f in zip(again.row, again.field, strict=True) if f == "name"}
        made[name] = named
    both = len(made["hsa_insurance"] & made["hc_health_index"])
    assert both < 0.05 * len(made["hsa_insurance"])


def test_a_shared_number_stands_in_every_register() -> None:
    """D08 was made when the number was issued, so all departments hold it."""
    draws, given = Draws(SEED), rates("heavy")
    found = []
    for name in ("hsa_insurance", "hc_health_index"):
        whole = extract(name)
        _, log = inject(draws, whole, given)
        found.append({whole.key[r] for r, d in zip(log.row, log.defect, strict=True) if d == "D08"})
    present = set(extract("hsa_insurance").key.tolist()) & set(extract("hc_health_index").key.tolist())
    assert found[0] & present == found[1] & present
    assert len(found[0] & present) > 10


@pytest.mark.parametrize("preset", ["none", "default", "heavy"])
def test_presets_scale_all_rates(preset: str) -> None:
    factor = {"none": 0, "default": 1, "heavy": 5}[preset]
    assert rates(preset)["D06"] == pytest.approx(0.004 * factor)
    assert max(rates(preset).shares.values()) <= 1
