"""Reference tables: typed as a reader expects, written only when a file changed."""

import pyarrow as pa

from lakehouse import tables
from lakehouse.settings import settings
from transforms.gold.reference import load_reference, read_code_list


def test_codes_stay_text_and_numbers_become_numbers(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("station_id,hj212_code_2005,decimals,is_criteria,lon,name_en\n7,02,0,true,,12\n8,,1,false,,x\n", "utf-8")
    table = read_code_list(path)
    assert table.to_pylist() == [
        {"station_id": "7", "hj212_code_2005": "02", "decimals": 0, "is_criteria": True, "lon": None, "name_en": "12"},
        {"station_id": "8", "hj212_code_2005": None, "decimals": 1, "is_criteria": False, "lon": None, "name_en": "x"},
    ]
    assert table.schema.field("lon").type == pa.float64()


def test_loading_twice_writes_once(home):
    first = load_reference()
    assert all(first.values()) and "reference.aqi_rules" in first and "reference.stations" in first
    versions = {name: tables.version(name) for name in first}
    assert not any(load_reference().values())
    assert {name: tables.version(name) for name in first} == versions


def test_a_changed_file_writes_its_table_alone(home, tmp_path):
    (tmp_path / "a.csv").write_text("a_id,value\nx,1\n", "utf-8")
    load_reference(tmp_path)
    (tmp_path / "a.csv").write_text("a_id,value\nx,2\n", "utf-8")
    written = load_reference(tmp_path)
    assert [name for name, changed in written.items() if changed] == ["reference.a"]
    assert tables.read("reference.a").to_pylist() == [{"a_id": "x", "value": 2}]


def test_in_production_the_register_holds_no_made_up_station(home, monkeypatch):
    load_reference()
    assert "test_vector" in tables.read("reference.stations")["data_origin"].to_pylist()
    monkeypatch.setenv("LAKE_PROFILE", "production")
    settings.cache_clear()
    assert load_reference()["reference.stations"]
    assert not {"test_vector", "synthetic"} & set(tables.read("reference.stations")["data_origin"].to_pylist())
