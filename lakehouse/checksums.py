"""What a table says in one figure, to compare two lakes: the same whatever the order of its rows, its files or its versions."""

from lakehouse import tables

CIRCUMSTANCES = ("_available_at", "_delivery_id", "_ingested_at", "_received_at", "_run_id", "input_versions")
"""How and when a row came here, and from which versions it was computed; all other columns are what it says."""


def checksum(name: str) -> str:
    """SHA-256 (hex) of the table's rows without CIRCUMSTANCES.

    Each row is taken as the SHA-256 of its JSON (columns by name, instants in UTC, numbers in their shortest form); the
    rows' sums are joined in ascending order and summed again. Raises LookupError when there is no such table.
    """
    columns = sorted({f.name for f in tables.open_table(name).schema().fields}.difference(CIRCUMSTANCES))
    row = ", ".join(f'"{column}" := "{column}"' for column in columns)
    digests = f"select sha256(to_json(struct_pack({row}))::varchar) as digest from {name}"
    with tables.duck(name) as connection:
        connection.execute(f"select sha256(coalesce(string_agg(digest, '' order by digest), '')) from ({digests})")
        return connection.fetchall()[0][0]
