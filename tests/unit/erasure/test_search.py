"""The search of all files, each kind made by hand; what remains of birth dates and addresses."""

import gzip
import json
import sqlite3
import zipfile
from contextlib import closing
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from erasure import search
from ingestion.batch.suppressed import only_township, only_year

NUMBER, NAME = "990122197110080019", "欧阳测试"


def parquet(file: Path, text: str) -> None:
    pq.write_table(pa.table({"n": [1, 2], "t": ["", f"before {text} after"]}), file, compression="zstd")


def nested(file: Path, text: str) -> None:
    pq.write_table(pa.table({"t": [[{"a": text}]]}), file)


def sqlite(file: Path, text: str) -> None:
    with closing(sqlite3.connect(file)) as base:
        base.execute("create table t (x)")
        base.execute("insert into t values (?)", [text])
        base.commit()


def duck(file: Path, text: str) -> None:
    with duckdb.connect(str(file)) as base:
        base.execute("create table t as select ? as x from range(5000)", [text])


def zipped(file: Path, text: str) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("xl/sharedStrings.xml", f"<t>{text}</t>" * 50)


WRITERS = {
    "a.parquet": parquet, "n.parquet": nested, "a.sqlite": sqlite, "a.duckdb": duck, "a.xlsx": zipped,
    "a.gz": lambda file, text: file.write_bytes(gzip.compress(text.encode() * 50)),
    "a.txt": lambda file, text: file.write_bytes(text.encode("gb18030")),
    "a.json": lambda file, text: file.write_text(json.dumps({"x": text}), "utf-8"),
}  # fmt: skip


@pytest.mark.parametrize("text", [NUMBER, NAME])
@pytest.mark.parametrize("name", WRITERS)
def test_a_text_is_found_in_every_kind_of_file_and_only_there(home, name, text) -> None:
    WRITERS[name](home / name, text)
    WRITERS[name](home / f"other.{name}", "somebody else")
    found = search.search([text], [home])
    assert (found.found, found.files) == ((home / name,), 2)


def test_nothing_is_found_where_nothing_is(home) -> None:
    parquet(home / "a.parquet", NAME)
    assert search.search([NUMBER], [home]).found == ()


def test_of_a_birth_date_the_year_remains_in_each_form_in_which_it_is_sent() -> None:
    sent = pa.array(["19711008", "1971-10-08", "1971/10/8", "1971年10月8日", "unknown", "", None])
    kept = ["19710101", "1971-01-01", "1971/01/01", "1971年01月01日", "", "", None]
    assert only_year(sent).to_pylist() == kept
    assert only_year(pa.array([date(1971, 10, 8), None])).to_pylist() == [date(1971, 1, 1), None]


def test_of_an_address_the_township_remains() -> None:
    sent = pa.array(["浙江省杭州市桐庐县旧县街道旧县村塘边1号", "桐庐县分水镇东溪路镇前弄2号", "某处3号", None])
    assert only_township(sent).to_pylist() == ["浙江省杭州市桐庐县旧县街道", "桐庐县分水镇", "", None]
