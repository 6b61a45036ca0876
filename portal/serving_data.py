"""Reading the serving file: one connection per version of it, one cursor per question, answers as Arrow."""

from collections.abc import Sequence
from threading import Lock
from typing import Any

import duckdb
import pyarrow as pa

from publishing import serving


class ServingData:
    """The serving file in force. Follows it when a new version is published; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._key: str | None = None
        self._connection: duckdb.DuckDBPyConnection | None = None

    def key(self) -> str | None:
        """What names the version in force (its file and time of writing), None before the first one."""
        if serving.current_number() is None:
            return None
        file = serving.link().resolve()
        return f"{file}@{file.stat().st_mtime_ns}"

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
        """The answer as an Arrow table. Raises LookupError before the first serving file exists."""
        with self._cursor() as cursor:
            return cursor.sql(sql, params=list(parameters)).to_arrow_table()

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        return self.query(sql, parameters).to_pylist()

    def value(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """The only value of a one-row, one-column answer."""
        return self.query(sql, parameters)[0][0].as_py()

    def tables(self) -> dict[str, dict[str, str]]:
        """`<schema>.<table>` -> column -> DuckDB type, for everything in the file; empty before the first one."""
        if self.key() is None:
            return {}
        found: dict[str, dict[str, str]] = {}
        sql = (
            "select table_schema || '.' || table_name as name, column_name, data_type "
            "from information_schema.columns order by ordinal_position"
        )
        for row in self.rows(sql):
            found.setdefault(row["name"], {})[row["column_name"]] = row["data_type"]
        return found

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            key = self.key()
            if self._connection is None or key != self._key:
                self._connection, self._key = serving.connect(), key
            return self._connection.cursor()


data = ServingData()


def identifier(name: str) -> str:
    """A column or table name of a contract, quoted for SQL."""
    return '"' + name.replace('"', '""') + '"'
