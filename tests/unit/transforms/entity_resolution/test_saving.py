"""Crosswalk and identity log agree, wherever a run is killed between the two."""

from dataclasses import replace
from datetime import date

import pyarrow as pa
import pytest

from lakehouse import tables
from transforms.entity_resolution import crosswalk, identity_log, neighbours, saving
from transforms.entity_resolution.linked import Linked

DAY = date(2014, 12, 31)
EVENTS = identity_log.numbered([identity_log.row("MINT", "P1", [], ["P1"], "a", "first_record", "rules-1", DAY)], 0)
LINK = {
    "entity_id": "P1",
    "mention_id": "a",
    "record_id": "a",
    "role": "self",
    "source_code": "PSB",
    "source_key": "a",
    "method": "exact",
    "match_probability": 1.0,
    "rule_version": "rules-1",
    "valid_from": DAY,
    "data_origin": "synthetic",
}
KEYS = pa.Table.from_pylist([{"entity_id": "P1", "key": -7, "is_open": False, "filled": 0}], neighbours.STORED)


@pytest.fixture
def found(home) -> Linked:
    nothing = pa.table({})
    xref = pa.Table.from_pylist([LINK], saving.schema_of("xref__persons"))
    return Linked(nothing, xref, EVENTS, nothing, nothing, KEYS, DAY, True)


class Killed(Exception):
    pass


def _dies(*_args, **_more):
    raise Killed


def test_both_are_written_once(found):
    saving.save_ids("persons", found)
    saving.finish("persons")
    assert identity_log.read("persons").equals(EVENTS) and crosswalk.read("persons").num_rows == 1


def test_killed_before_the_crosswalk_the_events_are_forgotten(found, monkeypatch):
    monkeypatch.setattr(saving, "save", _dies)
    with pytest.raises(Killed):
        saving.save_ids("persons", found)
    saving.finish("persons")
    assert identity_log.read("persons").num_rows == 0


def test_killed_behind_the_crosswalk_the_events_are_written_by_the_next_run(found, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(identity_log, "append", _dies)
        with pytest.raises(Killed):
            saving.save_ids("persons", found)
    assert identity_log.read("persons").num_rows == 0 and crosswalk.read("persons").num_rows == 1
    saving.finish("persons")
    saving.finish("persons")
    assert identity_log.read("persons").equals(EVENTS)


def test_killed_behind_the_log_nothing_is_written_twice(found):
    saving.save_ids("persons", found)
    identity_log.append("persons", EVENTS)
    assert identity_log.read("persons").num_rows == 1


def test_a_full_run_that_is_killed_leaves_no_keys_so_that_the_next_compares_with_everybody(found, monkeypatch):
    saving.save_ids("persons", found)
    assert neighbours.read("persons").equals(KEYS)
    monkeypatch.setattr(identity_log, "append", _dies)
    with pytest.raises(Killed):
        saving.save_ids("persons", found)
    assert neighbours.read("persons").num_rows == 0


def test_a_delta_leaves_its_keys_before_its_ids_and_each_once(found, monkeypatch):
    saving.save_ids("persons", found)
    more = KEYS.set_column(0, "entity_id", pa.array(["P2"]))
    delta = replace(found, keys=pa.concat_tables([KEYS, more]), is_full=False)
    monkeypatch.setattr(saving, "save", _dies)
    with pytest.raises(Killed):
        saving.save_ids("persons", delta)
    assert neighbours.read("persons").sort_by("entity_id")["entity_id"].to_pylist() == ["P1", "P2"]


def test_a_table_that_does_not_differ_keeps_its_version(found):
    saving.save({"xref__persons": found.xref})
    saving.save({"xref__persons": found.xref})
    assert tables.version("silver.xref__persons") == 0
