"""A change of a contract is additive, or it breaks those who send or read by the version before."""

from dataclasses import replace
from pathlib import Path

import pytest

from lakehouse.contracts.compare import Change, compare
from lakehouse.contracts.load import load_dataset

OLD = load_dataset(Path(__file__).parents[1] / "data" / "contracts" / "sound.odcs.yaml", {})
STATION, LEVEL = OLD.fields
NEW_COLUMN = replace(LEVEL, name="flow_m3s", logical_type="number")
ROW_RULE = replace(OLD.rules[0], name="level_low", predicate="level_m < 50", description="Below fifty metres.")


def with_level(**changes):
    return replace(OLD, fields=(STATION, replace(LEVEL, **changes)))


def test_the_same_contract_in_other_words_has_no_change():
    assert compare(OLD, OLD) == [] == compare(OLD, with_level(description="Water level."))


REQUIRED = replace(NEW_COLUMN, required=True)
WARNING = replace(ROW_RULE, severity="warning")
CASES = [
    (replace(OLD, fields=(STATION,)), True, "Column level_m was removed."),
    (replace(OLD, fields=(*OLD.fields, NEW_COLUMN)), False, "Column flow_m3s (number) was added."),
    (replace(OLD, fields=(*OLD.fields, REQUIRED)), True, "Column flow_m3s (number, required) was added."),
    (with_level(logical_type="string"), True, "Column level_m changed its type from number to string."),
    (with_level(unit="cm"), True, "Column level_m changed its unit from m to cm."),
    (with_level(classification="closed"), True, "Column level_m changed its class from public to closed."),
    (with_level(required=True), True, "Column level_m is now required."),
    (
        replace(OLD, fields=(replace(STATION, required=False), LEVEL)),
        True,
        "Column station_id is no longer required.",
    ),
    (replace(OLD, primary_key=("level_m",)), True, "The key changed from (station_id) to (level_m)."),
    (replace(OLD, layer="gold"), True, "silver.test__levels became gold.test__levels."),
    (replace(OLD, publish=("level_m",)), False, "Column level_m is now published."),
    (
        replace(OLD, rules=(*OLD.rules, ROW_RULE)),
        True,
        "Rule level_low (error) was added: Below fifty metres.",
    ),
    (
        replace(OLD, rules=(*OLD.rules, WARNING)),
        False,
        "Rule level_low (warning) was added: Below fifty metres.",
    ),
    (replace(OLD, rules=()), False, "Rule station_id_required was removed."),
    (
        replace(OLD, rules=(replace(OLD.rules[0], severity="warning"),)),
        False,
        "Rule station_id_required changed: station_id must be present.",
    ),
]


@pytest.mark.parametrize(("new", "is_breaking", "sentence"), CASES)
def test_one_change_is_said_and_judged(new, is_breaking, sentence):
    assert compare(OLD, new) == [Change(is_breaking, sentence)]


def test_a_column_withdrawn_from_publication_breaks_its_readers():
    assert compare(replace(OLD, publish=("level_m",)), OLD) == [Change(True, "Column level_m is no longer published.")]
