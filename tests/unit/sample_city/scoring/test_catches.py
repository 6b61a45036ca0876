"""Defects against what the lake noticed: each kind of evidence in a lake of a few rows, and false alarms on clean ones."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse import tables
from lakehouse.settings import settings
from sample_city.scoring import catches, joined, registers, survivorship

HEALTH = "population__health_index"
FILE = "SYN_990122_HC_hc_health_index_20141231.xml"
SHA = "ab" * 32
CHECK = pa.list_(pa.struct([(name, pa.string()) for name in ("field", "check", "message")]))
ENTITY = pa.schema([("source", pa.string()), ("file", pa.string()), ("row_no", pa.int64()), ("role", pa.string()),
                    ("entity_kind", pa.string()), ("entity_no", pa.int64())])  # fmt: skip
LATE = {"sent_at": "2015-01-03T05:30:00+08:00", "due_at": "2015-01-01T06:00:00+08:00"}
DEFECT = pa.schema([("source", pa.string()), ("file", pa.string()), ("row_no", pa.int64()), ("field", pa.string()),
                    ("defect_id", pa.string()), ("true_value", pa.string()), ("injected_value", pa.string())])  # fmt: skip


class Small:
    """A lake with one delivered file of ten rows about ten persons; row n has record r<n>."""

    def __init__(self, folder):
        self.folder, self.defects = folder, []
        self.warnings = dict.fromkeys(range(1, 11), "")
        self.held: dict[int, list[tuple[str, str]]] = {}
        self.records = {n: f"r{n}" for n in range(1, 11)}

    def defect(self, row: int, defect: str, field: str = "citizen_no", true: str = "", file: str = FILE) -> None:
        named = {"source": "hc_health_index", "file": file, "row_no": row, "field": field, "defect_id": defect}
        self.defects.append(named | {"true_value": true, "injected_value": "x"})

    def found(self, state: str = "landed", remarks: tuple[str, ...] = (), **note: str) -> dict[tuple[str, str], dict]:
        self._truth()
        self._deliver(state, remarks, note)
        self._tables()
        with joined.opened(self.folder / "truth") as connection:
            registers.prepare(connection)
            survivorship.prepare(connection)
            rows = list(catches.catches(connection))
        return {(r["defect_id"], r["field"]): r for r in rows}

    def _truth(self) -> None:
        (self.folder / "truth").mkdir()
        about = {"source": "hc_health_index", "file": FILE, "role": "self", "entity_kind": "person"}
        said = [about | {"row_no": n, "entity_no": n} for n in range(1, 11)]
        pq.write_table(pa.Table.from_pylist(said, ENTITY), self.folder / "truth" / "record_entity.parquet")
        pq.write_table(pa.Table.from_pylist(self.defects, DEFECT), self.folder / "truth" / "defects.parquet")
        door = {"address_no": 1, "building_no": 1, "division_code": "330122002200"}
        pq.write_table(pa.Table.from_pylist([door]), self.folder / "truth" / "addresses.parquet")

    def _deliver(self, state: str, remarks: tuple[str, ...], note: dict) -> None:
        (self.folder / "extracts").mkdir()
        told = {"source": "hc_health_index", "file": FILE, "sha256": SHA}
        (self.folder / "extracts" / f"{FILE}.note.json").write_text(json.dumps(told))
        kept = settings().landing / "deliveries" / f"{HEALTH}__hc_health_index" / SHA[:32]
        kept.mkdir(parents=True)
        same = {"source": f"{HEALTH}__hc_health_index", "delivery_id": SHA[:32], "file_name": FILE, "revision": 0}
        (kept / "delivery.json").write_text(json.dumps(same | note))
        (kept / "receipt.json").write_text(json.dumps({"state": state, "report": {"notes": remarks}}))

    def _tables(self) -> None:
        rows = list(self.records)
        bronze = {"_record_id": list(self.records.values()), "_delivery_id": [SHA[:32]] * len(rows), "_row_no": rows}
        tables.replace(f"bronze.{HEALTH}__hc_health_index", pa.table(bronze))
        passed = [n for n in dict.fromkeys(self.records.values()) if int(n[1:]) not in self.held]
        values = {
            "_record_id": passed,
            "_warnings": [self.warnings[int(r[1:])] for r in passed],
            "citizen_no": ["n"] * len(passed),
        }
        tables.replace(f"silver.{HEALTH}", pa.table(values))
        held = [
            {"_record_id": f"r{n}", "checks": [{"field": f, "check": c, "message": ""} for f, c in checks]}
            for n, checks in self.held.items()
        ]
        tables.replace(
            f"quarantine.{HEALTH}", pa.Table.from_pylist(held, pa.schema([("_record_id", pa.string()), ("checks", CHECK)]))
        )


@pytest.fixture
def small(home, tmp_path):
    return Small(tmp_path)


def test_a_warning_on_the_field_catches_and_one_on_another_does_not(small):
    small.defect(1, "D06")
    small.defect(2, "D06")
    small.warnings |= {1: "birth_date_agrees,citizen_no_valid", 2: "name_readable"}
    row = small.found()["D06", "citizen_no"]
    assert (row["injected"], row["caught"], row["missed"]) == (2, 1, 1)
    assert row["expected"] == "R" and "(1)" in row["caught_by"]


def test_a_held_row_is_caught_whatever_holds_it(small):
    small.defect(1, "D12", "address_text")
    small.defect(2, "D12", "address_text")
    small.held[1] = [("opened_on", "opened_on_required")]
    row = small.found()["D12", "address_text"]
    assert (row["caught"], row["missed"], row["caught_by"]) == (1, 1, "opened_on_required (1)")


def test_false_alarms_are_clean_rows_on_which_the_same_check_fires(small):
    small.defect(1, "D06")
    small.defect(3, "D05")
    small.warnings |= {1: "citizen_no_valid", 2: "citizen_no_valid", 3: "citizen_no_valid", 4: "name_readable"}
    found = small.found()
    assert (found["D06", "citizen_no"]["false_alarms"], found["D06", "citizen_no"]["clean_rows"]) == (1, 8)
    total = found[catches.ALL, ""]
    assert (total["injected"], total["caught"], total["false_alarms"]) == (1, 1, 2)


def test_a_repeated_row_is_caught_when_silver_holds_it_once(small):
    small.records[10] = "r1"
    small.defect(10, "D10", "", true="1")
    assert small.found()["D10", ""]["caught_by"] == "exact duplicate (1)"


def test_a_value_put_right_is_a_repair(small):
    small.defect(1, "D07", true="n")
    small.defect(2, "D07", true="another")
    row = small.found()["D07", "citizen_no"]
    assert (row["caught"], row["caught_by"]) == (1, "citizen_no put right (1)")


@pytest.mark.parametrize(
    ("defect", "field", "told", "caught_by"),
    [
        ("D15", "encoding", {"remarks": ("The file is in GBK; UTF-8 was agreed.",)}, "remark in the receipt (1)"),
        ("D15", "encoding", {"remarks": ("Column BZ1 is not in the agreement.",)}, ""),
        ("D18", "column_added", {"remarks": ("Column BZ1 is not in the agreement.",)}, "remark in the receipt (1)"),
        ("D18", "column_renamed", {"state": "refused"}, "file refused (1)"),
        ("D18", "columns_reordered", {}, "all rows read as agreed (1)"),
        (
            "D17",
            "late",
            {"sent_at": "2015-01-03T05:30:00+08:00", "due_at": "2015-01-01T06:00:00+08:00"},
            "sent after it was due (1)",
        ),
        ("D17", "late", LATE | {"sent_at": "2015-01-01T05:30:00+08:00"}, ""),
        ("D16", "layout", {}, "all rows read as agreed (1)"),
    ],
)
def test_defects_of_whole_files(small, defect, field, told, caught_by):
    small.defect(0, defect, field)
    row = small.found(**told)[defect, field]
    assert (row["injected"], row["caught_by"]) == (1, caught_by)


def test_a_layout_that_costs_clean_rows_is_not_read_as_agreed(small):
    small.defect(0, "D16", "layout")
    small.held[5] = [("opened_on", "opened_on_required")]
    assert small.found()["D16", "layout"]["missed"] == 1


def test_columns_that_were_taken_for_one_another_are_not_read_as_agreed(small):
    small.defect(0, "D18", "columns_reordered")
    small.warnings |= dict.fromkeys(range(1, 3), "name_readable")
    assert small.found()["D18", "columns_reordered"]["missed"] == 1


def test_a_file_without_rows_has_no_encoding_to_be_wrong_and_a_gap_in_the_days_is_a_missing_file(small):
    small.defect(0, "D15", "encoding", file="empty.xml")
    small.defect(0, "D17", "missing", file="SYN_990122_HC_hc_health_index_20141204.xml")
    stated = [{"source": f"{HEALTH}__hc_health_index", "period": f"2014-12-0{n}", "state": "landed"} for n in (1, 2, 3, 5, 6)]
    tables.replace("ops.delivery_receipts", pa.Table.from_pylist(stated))
    found = small.found()
    assert ("D15", "encoding") not in found
    assert found["D17", "missing"]["caught_by"] == "missed between other deliveries (1)"


def test_a_file_sent_twice_is_known_by_its_content_and_a_missing_one_is_missed(small):
    small.defect(0, "D17", "twice", true=FILE, file="again.xml")
    small.defect(0, "D17", "missing", file="never.xml")
    found = small.found()
    assert found["D17", "twice"]["caught_by"] == "known by its content (1)"
    assert found["D17", "missing"]["missed"] == 1


def test_defects_in_a_file_that_was_refused_did_not_come_in(small):
    small.defect(1, "D06")
    assert ("D06", "citizen_no") not in small.found(state="refused")
