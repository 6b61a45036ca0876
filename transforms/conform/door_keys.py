"""A door's key: what stands below the village, said in one form, so that `1幢2单元101室` and `1-2-101` are one door.

Kind words behind a number only separate numbers; roads get their present names; Chinese numerals become digits.
"""
# pyright: reportAttributeAccessIssue=false

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import reference
from lakehouse.settings import settings
from transforms.conform.standard_addresses import spoken_digits

KINDS = "号楼|#楼|号厂房|号房|号之|单元|楼|层|幢|栋|座|室|房|号|#|之|—|-"
SEPARATED = rf"([0-9A-Z])(?:{KINDS})+"
NUMERAL = "[一二三四五六七八九十]+(?:单元|楼|层|幢|栋|座|室|号)"


def door_keys(parts: pa.Table) -> pa.Table:
    """Parts of addresses -> `door`, and its pieces `place` (road, hamlet or estate) and `number` (int64); null for none."""
    local = pc.fill_null(pc.utf8_upper(with_present_roads(parts)), "")
    door = pc.replace_substring_regex(spoken_digits(local, NUMERAL), SEPARATED, r"\1-")
    door = pc.utf8_rtrim(door, "-")
    pieces = pc.extract_regex(door, "^(?P<place>[^0-9]+?)-?(?P<number>[0-9]{1,6})(?P<more>.*)$")
    return pa.table(
        {
            "door": pc.if_else(pc.equal(door, ""), None, door),
            "place": pc.coalesce(pc.struct_field(pieces, "place"), pc.if_else(pc.equal(door, ""), None, door)),
            "number": pc.cast(pc.struct_field(pieces, "number"), pa.int64()),
        }
    )


def with_present_roads(parts: pa.Table) -> pa.ChunkedArray:
    """`local`, where a road that was renamed within the division goes by its name of today."""
    local, codes = parts["local"], pc.fill_null(parts["division_code"], "")
    for row in renamed_roads():
        old = pc.and_(pc.equal(parts["road"], row["old_name"]), pc.starts_with(codes, row["division_code"]))
        replaced = pc.replace_substring(local, row["old_name"], row["name"], max_replacements=1)
        local = pc.if_else(pc.fill_null(old, False), replaced, local)
    return local


def renamed_roads() -> list[dict[str, str]]:
    """Rows of the list of renamed roads that count in this profile."""
    return [row for row in reference.rows("renamed_roads") if row["profile"] in ("", settings().profile)]
