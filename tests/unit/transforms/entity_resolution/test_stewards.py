"""Stewards' decisions on entities: they name records, hold through re-links, and can be taken back."""

import pyarrow as pa
import pytest

from transforms.entity_resolution import stewards

REASON = "seen the papers"


def clusters(*parts: str) -> pa.Table:
    rows = [(record, number) for number, part in enumerate(parts) for record in part]
    return pa.table({"mention_id": [r for r, _ in rows], "cluster": pa.array([n for _, n in rows], pa.int64())})


def parted(*parts: str) -> set[str]:
    found: dict[int, list[str]] = {}
    for row in stewards.part("persons", clusters(*parts)).to_pylist():
        found.setdefault(row["cluster"], []).append(row["mention_id"])
    return {"".join(sorted(records)) for records in found.values()}


def test_without_decisions_clusters_stay(home):
    assert parted("ab", "cd") == {"ab", "cd"}


def test_a_merge_binds_the_clusters_of_two_records_wherever_they_are(home):
    stewards.decide("persons", "P1+P2", stewards.MERGE, REASON, {"left": "a", "right": "c"})
    stewards.decide("persons", "P2+P3", stewards.MERGE, REASON, {"left": "d", "right": "e"})
    assert parted("ab", "cd", "e", "f") == {"abcde", "f"}
    assert parted("a", "b", "cd", "e") == {"acde", "b"}
    assert stewards.merged_pairs("persons").to_pylist() == [
        {"left_id": "a", "right_id": "c", "is_same": True}, {"left_id": "d", "right_id": "e", "is_same": True},
    ]  # fmt: skip
    assert stewards.merged_pairs("enterprises").num_rows == 0


def test_a_split_takes_its_records_out_together_and_only_from_the_anchor(home):
    stewards.decide("persons", "P1", stewards.SPLIT, REASON, {"anchor": "a", "records": ["c", "d"]})
    assert parted("abcd", "e") == {"ab", "cd", "e"}
    assert parted("abc", "de") == {"ab", "c", "de"}
    assert parted("b", "cd") == {"b", "cd"}


def test_undo_takes_the_last_decision_back_and_names_the_records_to_look_at(home):
    stewards.decide("persons", "P1+P2", stewards.MERGE, REASON, {"left": "a", "right": "c"})
    before = stewards.marks("persons")
    stewards.undo("persons", "P1+P2", "other papers")
    assert parted("ab", "cd") == {"ab", "cd"}
    assert stewards.touched("persons", before) == ["a", "c"] and stewards.touched("persons", {}) == []
    with pytest.raises(LookupError, match="No decision on P1\\+P2 is in force"):
        stewards.undo("persons", "P1+P2", REASON)


def test_a_decision_needs_a_reason_and_a_value_expires_after_365_days(home, monkeypatch):
    from lakehouse.settings import settings

    monkeypatch.setenv("LAKE_AS_OF", "2015-01-01T00:00:00+00:00")
    settings.cache_clear()
    with pytest.raises(ValueError, match="reason"):
        stewards.decide("persons", "P1+P2", stewards.MERGE, " ", {"left": "a", "right": "c"})
    given = {"entity_id": "P1", "attribute": "sex_code", "value": "2"}
    made = stewards.decide("persons", "P1.sex_code", stewards.VALUE, REASON, given)
    assert stewards.values("persons").to_pylist() == [given] and made.decided_by
    monkeypatch.setenv("LAKE_AS_OF", "2016-01-01T00:00:01+00:00")
    settings.cache_clear()
    assert stewards.values("persons").num_rows == 0
