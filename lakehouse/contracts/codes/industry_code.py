"""Classes of GB/T 4754 that an edition replaced: which class was valid until which day.

The list is contracts/reference/industry_succession.csv. It names only classes that are out of use; any other is taken.
"""
# pyright: reportAttributeAccessIssue=false

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import reference
from lakehouse.settings import settings

LONG_AGO = "0001-01-01"


def is_in_use_on(codes: Any, dates: Any) -> Any:
    """Whether no edition had replaced the class by the date (date32). Null where either is null."""
    ends = _ends()
    place = pc.index_in(codes, value_set=pa.array(list(ends), pa.string()))
    end = pa.array(list(ends.values()), pa.string()).cast(pa.date32()).take(place)
    in_use = pc.fill_null(pc.less(pc.cast(dates, pa.date32()), end), True)
    return pc.if_else(pc.and_(pc.is_valid(codes), pc.is_valid(dates)), in_use, None)


def sql(code: str, date: str) -> str:
    """The same as Spark SQL over two expressions."""
    branches = " ".join(f"when {code} = '{old}' then {date} < date '{end}'" for old, end in _ends().items())
    return f"case when {code} is null or {date} is null then null {branches} else true end"


def _ends() -> dict[str, str]:
    """Class -> first day without it."""
    rows = reference.rows("industry_succession")
    return {row["from_code"]: row["valid_on"] or LONG_AGO for row in rows if row["profile"] in ("", settings().profile)}
