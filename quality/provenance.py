"""Where a held row came from: the row of a delivered file, or the sequence number of a stream."""

from lakehouse import tables
from lakehouse.contracts import contracts
from quality.accounts.deliveries import RECEIPTS
from quality.held_rows import HeldRow


def told(row: HeldRow) -> str:
    """In words, so that the sender can find the row again."""
    source = contracts().sources.get(row.source)
    if source is None or not tables.exists(source.bronze_table):
        return f"source {row.source}"
    columns = "_stream_id, _seq_no, _segment" if source.kind == "edge" else "_row_no"
    given = "" if source.kind == "edge" else f"and _delivery_id = '{row.delivery_id}'"
    with tables.duck(source.bronze_table) as connection:
        query = f"select {columns} from {source.bronze_table} where _record_id = $1 {given} order by all limit 1"
        found = connection.execute(query, [row.hold_id.partition("#")[0]]).fetchone()
    if found is None:
        return f"source {row.source}"
    if source.kind == "edge":
        stream, number, segment = found
        return f"record {number} of stream {stream} (segment {segment})"
    return f"row {found[0]} of {_file(row.delivery_id)}, delivery {row.delivery_id} of {row.source}"


def _file(delivery_id: str | None) -> str:
    if not tables.exists(RECEIPTS):
        return "the file"
    with tables.duck(RECEIPTS) as connection:
        query = f"select file_name from {RECEIPTS} where delivery_id = $1 order by attempt desc limit 1"
        found = connection.execute(query, [delivery_id]).fetchone()
    return found[0] if found else "the file"
