"""Extracts of the police register as files: rows by hand, delivered as of a day."""

from collections.abc import Iterable
from pathlib import Path

from ingestion.batch.answers import answer
from ingestion.batch.statement import Statement
from lakehouse.contracts import contracts
from tests.support.records import MAN, WOMAN

RESIDENTS = "population__residents"
FULL, DELTA = (f"{RESIDENTS}__psb_residents_{kind}" for kind in ("full", "delta"))
HEADER = contracts().sources[FULL].columns
WANG = {
    "TQRQ": "20141231", "GMSFHM": WOMAN, "XM": "王秀英", "CYM": "", "XB": "2", "MZ": "01", "CSRQ": "19491231", "HH": "0001",
    "YHZGX": "02", "RYZT": "0", "XZQH": "330122", "ZZ": "江南镇", "HKXZ": "农业",
}  # fmt: skip
LI = WANG | {"GMSFHM": MAN, "XM": "李国强", "XB": "1", "CSRQ": "18800101", "HH": "0002"}
DAY = "2014-12-31"


def file_of(rows: Iterable[dict[str, str]]) -> bytes:
    """The file: a remark, the header, a line for each row (all columns of HEADER)."""
    lines = ["# 户籍", "|".join(HEADER), *("|".join(row[name] for name in HEADER) for row in rows)]
    return ("\n".join(lines) + "\n").encode("gbk")


def deliver(folder: Path, rows: Iterable[dict[str, str]], name: str, to: str = FULL, revision: int = 0, day: str = DAY) -> str:
    """Write and deliver the rows; the answer."""
    (folder / name).write_bytes(file_of(rows))
    return answer(folder / name, to, Statement(period=day, revision=revision))
