"""A record dataset of tests (tests/data/contracts/records.*): its contract, its mapping, and bronze rows made by hand."""

import hashlib
import shutil
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pyarrow as pa

from lakehouse import vault
from lakehouse.contracts import Contracts, Dataset, Source, contracts
from lakehouse.contracts.load import FOLDER
from lakehouse.contracts.mapping import PERIOD

DATA = Path(__file__).parents[1] / "data" / "contracts"
WOMAN, MAN = "11010519491231002X", "440524188001010014"
"""The two citizen numbers that GB 11643-1999 gives as examples, born 1949-12-31 and 1880-01-01."""
TIME = pa.timestamp("us", tz="UTC")
DECEMBER = date(2014, 12, 31)
RECEIVED = datetime(2015, 1, 2, tzinfo=UTC)
ROW = {
    "TQRQ": "20141231", "GMSFHM": WOMAN, "XM": "王秀英", "CSRQ": "19491231", "HH": "0001", "MJ": "80.5", "CS": "2", "HZ": "是",
    "LRSJ": "2014-12-30 09:15",
}  # fmt: skip


@cache
def known() -> Contracts:
    """The sound contract of records with its mapping, and a second source of lower rank in the same form."""
    folder = Path(mkdtemp(prefix="lake-records-"))
    shutil.copytree(FOLDER / "_shared", folder / "_shared")
    (folder / "test" / "sources").mkdir(parents=True)
    shutil.copy(DATA / "records.odcs.yaml", folder / "test" / "residents.odcs.yaml")
    mapping = (DATA / "records.source.yaml").read_text("utf-8")
    (folder / "test" / "sources" / "full.yaml").write_text(mapping, "utf-8")
    other = mapping.replace("test__residents__full", "test__residents__office").replace("rank: 100", "rank: 50")
    (folder / "test" / "sources" / "office.yaml").write_text(other, "utf-8")
    found = contracts(folder)
    shutil.rmtree(folder)
    return found


def dataset() -> Dataset:
    return known()["test__residents"]


def source(name: str = "full") -> Source:
    return known().sources[f"test__residents__{name}"]


def landed(
    *rows: dict[str, str | None],
    delivery: str = "d1",
    revision: int = 0,
    stated: date | None = DECEMBER,
    is_clear: bool = False,
) -> pa.Table:
    """Bronze rows: ROW with what each dict changes, direct identifiers as tokens or clear, event time at midnight in Beijing."""
    whole = [ROW | row for row in rows]
    columns = {name: pa.array([row[name] for row in whole], pa.string()) for name in ROW}
    for name, filling in source().fields.items():
        if (kind := dataset().direct.get(name)) and filling.reads and not is_clear:
            columns[filling.reads] = vault.tokens(kind, columns[filling.reads])
    days = [datetime.strptime(row["TQRQ"], "%Y%m%d").replace(tzinfo=UTC) - timedelta(hours=8) for row in whole]
    ids = ["|".join(str(column[at]) for column in columns.values()) for at in range(len(whole))]
    texts = {"_record_id": [_id(one) for one in ids], "_delivery_id": delivery, "_data_origin": "test_vector"}
    for name, value in texts.items():
        columns[name] = pa.array(value if isinstance(value, list) else [value] * len(whole), pa.string())
    columns |= {
        "_observed_at": pa.array(days, TIME), "_received_at": pa.array([RECEIVED] * len(whole), TIME),
        "_revision": pa.array([revision] * len(whole), pa.int64()), PERIOD: pa.array([stated] * len(whole), pa.date32()),
    }  # fmt: skip
    return pa.table(columns)


def _id(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
