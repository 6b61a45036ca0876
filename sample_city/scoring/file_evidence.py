"""What the lake noticed of whole files: receipts, the times that notes state, revisions, and whether all rows were read.

Tables: `landed_files` (source, file, is_landed) and `file_evidence` (source, file, defect_id, kind, name).
"""

import json

import duckdb
import pyarrow as pa

from lakehouse.settings import settings
from quality import arrivals
from sample_city.scoring.joined import mapping

_TEXT = [(name, pa.string()) for name in ("source", "file", "period", "due_at", "sent_at", "state", "remarks")]
SCHEMA = pa.schema([*_TEXT, ("revision", pa.int64())])
ENCODING_WORDS = ("encod", "gbk", "gb18030", "utf-8", "byte order mark")
_GATHER = """
create table landed_files as
select distinct source, file, state = 'landed' as is_landed from receipts;
create table file_evidence (source varchar, file varchar, defect_id varchar, kind varchar, name varchar);
insert into file_evidence
select r.source, r.file, d.defect_id, 'remark', case when r.state = 'refused' then 'file refused' else 'remark in the receipt' end
from receipts r join truth.defects d using (source, file)
where d.row_no = 0 and (r.state = 'refused' or (r.remarks <> '' and is_about(d.defect_id, r.remarks)));
insert into file_evidence select source, file, 'D17', 'arrival', 'sent after it was due' from receipts
where sent_at::timestamptz > due_at::timestamptz;
insert into file_evidence
select f.source, f.file, 'D17', 'arrival', 'corrected by a later revision'
from receipts f join receipts c on c.source = f.source and c.period = f.period and c.revision > f.revision;
insert into file_evidence
select d.source, d.file, 'D17', 'arrival', 'known by its content'
from truth.defects d where d.field = 'twice' and d.true_value in (select file from receipts)
  and d.file not in (select file from receipts);
insert into file_evidence
select d.source, d.file, 'D17', 'arrival', 'missed between other deliveries'
from truth.defects d join gaps g on g.source = d.source and contains(d.file, g.day) where d.field = 'missing'
"""
_READ = """
insert into file_evidence
select source, file, unnest(['D16', 'D18']), 'read', 'all rows read as agreed'
from landed l
left join (select distinct record_id, kind from evidence where kind in ('held', 'letter', 'check')) e using (record_id)
anti join (select source, file, row_no from truth.defects where row_no > 0) w using (source, file, row_no)
group by source, file
having count(*) filter (l.record_id is null or e.kind in ('held', 'letter')) = 0
   and count(distinct row_no) filter (e.kind = 'check') <= $share * count(distinct row_no)
"""
MISREAD_SHARE = 0.1
"""Rules fire on far more rows where a column was taken for another one; a single row without a defect may fail one by itself."""


def gather(connection: duckdb.DuckDBPyConnection) -> None:
    """Make both tables."""
    connection.register("receipts", _receipts(connection))
    gaps = [{"source": gap.source.split("__")[-1], "day": f"{gap.period:%Y%m%d}"} for gap in arrivals.missing()]
    connection.register("gaps", pa.Table.from_pylist(gaps, pa.schema([("source", pa.string()), ("day", pa.string())])))
    connection.create_function("is_about", _is_about, ["VARCHAR", "VARCHAR"], "BOOLEAN")
    for statement in _GATHER.split(";"):
        connection.execute(statement)


def add_read(connection: duckdb.DuckDBPyConnection) -> None:
    """Files whose rows all landed and, their own defects aside, pass the rules. Needs `evidence`."""
    connection.execute(_READ, {"share": MISREAD_SHARE})


def _is_about(defect: str, remarks: str) -> bool:
    """Whether a remark speaks of what is wrong: encodings for D15, anything else for other defects."""
    lines = remarks.lower().splitlines()
    of_encoding = [any(word in line for word in ENCODING_WORDS) for line in lines]
    return any(of_encoding) if defect == "D15" else not all(of_encoding)


def _receipts(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """One row a delivery of the city, with what its sender stated and its receipt says."""
    delivered = connection.execute("select source, file, delivery_id from delivered").fetchall()
    return pa.Table.from_pylist([_told(*one) for one in delivered], SCHEMA)


def _told(source: str, file: str, delivery: str) -> dict[str, object]:
    folder = settings().landing / "deliveries" / mapping(source) / delivery
    said = json.loads((folder / "delivery.json").read_text("utf-8"))
    answer = folder / "receipt.json"
    receipt = json.loads(answer.read_text("utf-8")) if answer.exists() else {}
    remarks = "\n".join(receipt.get("report", {}).get("notes", []))
    same = {name: said.get(name) for name in ("period", "due_at", "sent_at", "revision")}
    return same | {"source": source, "file": file, "state": receipt.get("state"), "remarks": remarks}
