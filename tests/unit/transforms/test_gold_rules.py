"""The rule files say what the standard's tables say, and a broken rule file is refused with one clear sentence."""

from decimal import Decimal
from fractions import Fraction

import pytest
import yaml

from lakehouse.contracts.yaml_file import ContractError
from tests.support import aqi_oracle
from transforms.gold.reference import reference_tables
from transforms.gold.rules import FOLDER, load_rules

VERSIONS = {2012: "HJ 633-2012", 2026: "HJ 633-2026"}


def rule(year: int):
    return next(r for r in load_rules() if r.rule_version == VERSIONS[year])


@pytest.mark.parametrize("year", VERSIONS)
def test_breakpoints_are_those_of_the_standard(year):
    in_file = {(b.pollutant_code, b.averaging): b.values for b in rule(year).breakpoints}
    in_standard = {key: tuple(Decimal(v) for v in values) for key, values in aqi_oracle.TABLES[year].items()}
    assert in_file == in_standard
    assert rule(year).iaqi == aqi_oracle.INDEX


def test_versions_meet_on_the_first_of_march_2026_without_gap():
    assert str(rule(2012).valid_to) == "2026-02-28" and str(rule(2026).valid_from) == "2026-03-01"
    assert rule(2012).valid_from is None and rule(2026).valid_to is None


def test_levels_colours_and_validity():
    for year in VERSIONS:
        r = rule(year)
        assert [(lv.aqi_low, lv.name_zh, lv.color) for lv in r.levels] == [
            (0, "优", "#00E400"), (51, "良", "#FFFF00"), (101, "轻度污染", "#FF7E00"), (151, "中度污染", "#FF0000"),
            (201, "重度污染", "#99004C"), (301, "严重污染", "#7E0023"),
        ]  # fmt: skip
        assert (r.day.minimum_hours, r.running_mean.minimum_hours, r.running_mean.minimum_means) == (20, 6, 14)
        assert tuple(p.pollutant_code for p in r.pollutants) == aqi_oracle.ORDER
        assert {p.pollutant_code: p.decimals for p in r.pollutants} == aqi_oracle.DECIMALS
        assert {u.item for u in r.unverified} >= {"hour.minimum_minutes", "running_mean.minimum_means", "rounding"}


def test_beyond_the_last_breakpoint():
    beyond = {(y, b.pollutant_code, b.averaging): b.above for y in VERSIONS for b in rule(y).breakpoints}
    assert beyond[2026, "so2", "1h"].iaqi == 200 and beyond[2026, "o3", "8h"].iaqi == 300
    assert beyond[2026, "pm25", "24h"].iaqi == 500
    assert beyond[2012, "o3", "8h"].use == "1h"
    assert beyond[2012, "so2", "1h"].iaqi is None and beyond[2012, "so2", "1h"].reason
    assert beyond[2012, "pm25", "24h"].at_least == 500


def test_breakpoint_table_leaves_no_concentration_without_a_row():
    rows = reference_tables()["reference.aqi_breakpoints"].to_pylist()
    for key in {(r["rule_version"], r["pollutant_code"], r["averaging"]) for r in rows}:
        mine = [r for r in rows if (r["rule_version"], r["pollutant_code"], r["averaging"]) == key]
        assert mine[0]["bp_low"] == 0 and mine[-1]["bp_high"] is None
        assert [r["bp_high"] for r in mine[:-1]] == [r["bp_low"] for r in mine[1:]]


def test_the_oracle_rounds_half_to_even():
    assert [aqi_oracle.half_even(Fraction(v), 0) for v in ("0.5", "1.5", "2.5", "2.51")] == [0, 2, 2, 3]


@pytest.mark.parametrize(
    ("mend", "sentence"),
    [
        (lambda r: r["breakpoints"][0].update(values=[0, 50, 40]), "breakpoints.0: values must start at 0 and rise."),
        (lambda r: r["breakpoints"].pop(0), "top level: no breakpoints for so2 24h."),
        (lambda r: r["breakpoints"][0].update(above={}), "give exactly one of `iaqi`, `use`, or `at_least` with `reason`."),
        (
            lambda r: r["pollutants"][0].pop("hourly_reason"),
            "pollutants.0: give `hourly` a table, or null together with `hourly_reason`.",
        ),
        (lambda r: r.update(colour="red"), "colour: there is no such setting."),
    ],
)  # fmt: skip
def test_a_broken_rule_file_is_named_with_its_place(tmp_path, mend, sentence):
    body = yaml.safe_load((FOLDER / "hj633-2012.yaml").read_text("utf-8"))
    mend(body)
    (tmp_path / "hj633-broken.yaml").write_text(yaml.safe_dump(body, allow_unicode=True), "utf-8")
    with pytest.raises(ContractError) as error:
        load_rules(tmp_path)
    assert "hj633-broken.yaml: " in str(error.value) and str(error.value).endswith(
        f"{sentence.removesuffix('.')}; mend it there."
    )


def test_two_versions_cannot_claim_one_day(tmp_path):
    for year in VERSIONS:
        body = yaml.safe_load((FOLDER / f"hj633-{year}.yaml").read_text("utf-8")) | {"valid_to": None}
        (tmp_path / f"hj633-{year}.yaml").write_text(yaml.safe_dump(body, allow_unicode=True), "utf-8")
    with pytest.raises(ContractError, match="HJ 633-2026 begins before HJ 633-2012 ends"):
        load_rules(tmp_path)
