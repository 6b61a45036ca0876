"""What follows from a contract: its suite, what the suite measures, the promised age."""

import pytest
import yaml

from lakehouse.contracts import contracts
from lakehouse.contracts.derive import arrow_schema
from lakehouse.contracts.derive.row_checks import columns_of
from lakehouse.contracts.load import FOLDER, load_dataset
from lakehouse.contracts.yaml_file import ContractError
from quality import promises
from quality.expectations.suite import expectations

KNOWN = contracts()


def by_check(dataset) -> dict:
    return {e.check: e for e in expectations(dataset)}


def test_silver_is_asked_for_columns_rows_and_freshness_but_not_for_its_row_rules_again():
    suite = by_check(KNOWN["environment__air_quality"])
    assert suite.keys() == {"columns_as_contracted", "fresh", "readings_present"}
    assert (suite["readings_present"].measure, suite["readings_present"].bounds) == ("rows", {"min_value": 1})
    assert {"_event_month", "_record_id", "value"} <= set(suite["columns_as_contracted"].of)


def test_gold_is_asked_for_its_identities_too():
    suite = by_check(KNOWN["fct_air_quality_hourly"])
    identity = suite["index_or_reason"]
    assert (identity.severity, identity.message) == ("error", "An hour has an index or the reason why it has none.")
    assert (identity.measure, identity.of) == ("broken", ("(iaqi is null) <> (iaqi_reason is null)",))
    assert {"station_id", "hour_at"} <= set(suite["required_filled"].of)
    assert not any(check.endswith("_required") for check in suite)


def test_row_rules_of_a_register_are_asked_at_the_gates_as_nothing_before_checked_them():
    wrong_datum = by_check(KNOWN["entity__addresses"])["position_in_right_datum"]
    assert (wrong_datum.severity, wrong_datum.measure) == ("warning", "broken")


def test_every_expectation_reads_a_column_that_is_there():
    for dataset in KNOWN.datasets.values():
        asked = [e for e in expectations(dataset) if e.measure != "answer"]
        read = [c for e in asked for c in (columns_of(e.of[0]) if e.measure == "broken" else e.of)]
        assert set(read) <= set(arrow_schema(dataset).names), dataset.id


def test_stale_tables_warn_and_do_not_stop():
    assert by_check(KNOWN["environment__air_quality"])["fresh"].severity == "warning"


@pytest.mark.parametrize(
    ("dataset", "hours"),
    [
        ("environment__air_quality", 4),  # hourly, known after 2 h: 1 + 1 + 2
        ("agg_air_quality_daily", 72),  # daily, known after 24 h: 24 + 24 + 24
        ("dim_stations", None),  # no time in its key
        ("environment__air_quality_hourly", None),  # promises nothing
    ],
)
def test_the_age_of_the_newest_row_follows_from_frequency_and_latency(dataset, hours):
    assert promises.oldest_newest_row(KNOWN[dataset]) == hours


def contract_with(tmp_path, *rules: dict, promise: dict | None = None):
    body = yaml.safe_load((FOLDER / "products" / "environment" / "dim_date.odcs.yaml").read_text("utf-8"))
    body["schema"][0]["quality"] = list(rules)
    body["slaProperties"] = [promise] if promise else []
    path = tmp_path / "made.odcs.yaml"
    path.write_text(yaml.safe_dump(body), "utf-8")
    return load_dataset(path, yaml.safe_load((FOLDER / "_shared" / "fields.yaml").read_text("utf-8")))


def test_a_query_is_asked_with_its_bound(tmp_path):
    rule = {
        "name": "one_in_force",
        "type": "sql",
        "query": "select count(*) from gold.dim_date",
        "mustBe": 0,
        "severity": "warning",
    }
    one = by_check(contract_with(tmp_path, rule))["one_in_force"]
    assert (one.measure, one.of, one.bounds) == ("answer", (rule["query"],), {"min_value": 0, "max_value": 0})
    assert (one.severity, one.expected) == ("warning", "0")


@pytest.mark.parametrize(
    ("bound", "bounds", "words"),
    [
        ({"mustBeGreaterThan": 9}, {"min_value": 10}, "> 9 rows"),
        ({"mustBeLessThan": 9}, {"max_value": 8}, "< 9 rows"),
        ({"mustBeGreaterThan": 0, "mustBeLessThan": 100}, {"min_value": 1, "max_value": 99}, "> 0 and < 100 rows"),
        ({"mustBe": 7}, {"min_value": 7, "max_value": 7}, "7 rows"),
    ],
)
def test_bounds_of_row_counts(tmp_path, bound, bounds, words):
    one = by_check(contract_with(tmp_path, {"name": "n", "type": "library", "metric": "rowCount", "severity": "error", **bound}))[
        "n"
    ]
    assert (one.bounds, one.expected) == (bounds, words)


@pytest.mark.parametrize(
    ("rule", "refusal"),
    [
        (
            {"name": "n", "type": "library", "metric": "duplicateValues", "mustBe": 0},
            "the gates know no metric 'duplicateValues'",
        ),
        ({"name": "n", "type": "library", "metric": "rowCount"}, "needs mustBe, mustBeGreaterThan or mustBeLessThan"),
    ],
)
def test_a_rule_that_no_expectation_stands_for_is_refused(tmp_path, rule, refusal):
    with pytest.raises(ValueError, match=refusal):
        expectations(contract_with(tmp_path, rule | {"severity": "error"}))


@pytest.mark.parametrize(("value", "unit", "hours"), [(90, "min", 1.5), (2, "h", 2), (3, "d", 72), (1, "y", 365.25 * 24)])
def test_a_promise_counts_in_its_unit(tmp_path, value, unit, hours):
    dataset = contract_with(tmp_path, promise={"property": "latency", "value": value, "unit": unit})
    assert dataset.promised_hours("latency") == pytest.approx(hours)
    assert dataset.promised_hours("frequency") is None


@pytest.mark.parametrize(("value", "unit"), [(1, "fortnight"), (1, None), ("soon", "h")])
def test_a_promise_that_is_no_number_of_a_known_unit_is_refused(tmp_path, value, unit):
    with pytest.raises(ContractError, match=f"slaProperties frequency is {value} {unit}; write a number and one of min, h, d, y"):
        contract_with(tmp_path, promise={"property": "frequency", "value": value, "unit": unit})
