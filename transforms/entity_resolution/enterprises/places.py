"""Where the address of a mention lies: as the map says; where it does not know the text, the division that is read in it."""

import pyarrow as pa
import pyarrow.compute as pc

from transforms.conform.addresses import parse_addresses

PLACE = ("address_id", "building_id", "division_code", "grid_code", "geocode_quality")
NO_PLACES = pa.table({c: pa.nulls(0, pa.string()) for c in ("address_text", "division_hint", *PLACE)})
"""What the map knows where it was not built."""
PROVINCE, COUNTY, VILLAGE = 2, 6, 12
"""Digits of a division code."""


def place(texts: pa.ChunkedArray, hints: pa.ChunkedArray, places: pa.Table, home: str) -> pa.Table:
    """Addresses, with the division sent beside them, -> the columns of PLACE by `xref__addresses`.

    A text that is not in `places` gets the division that it names, read as of the province of `home`, with quality D (village)
    or E (township or county).
    """
    at = pc.index_in(_key(texts, hints), value_set=_key(places["address_text"], places["division_hint"]))
    found = {c: pc.take(places[c], at) for c in PLACE}
    read = _read(pc.if_else(pc.is_null(at), texts, None), home[:PROVINCE])
    return pa.table(found | {c: pc.coalesce(found[c], read[c]) for c in ("division_code", "geocode_quality")})


def _read(texts: pa.ChunkedArray, province: str) -> dict[str, pa.ChunkedArray]:
    """Division and quality by the words of the address alone; each different text is read once."""
    different = pc.drop_null(pc.unique(texts))
    code = parse_addresses(different, province)["division_code"]
    digits = pc.utf8_length(code)
    quality = pc.if_else(pc.equal(digits, VILLAGE), "D", pc.if_else(pc.greater_equal(digits, COUNTY), "E", None))
    row = pc.index_in(texts, value_set=different)
    return {"division_code": pc.take(code, row), "geocode_quality": pc.take(quality, row)}


def _key(texts: pa.ChunkedArray, hints: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(texts, pc.fill_null(hints, ""), "\n")
