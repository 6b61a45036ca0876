"""Columns that every department's record of a person shares."""

import numpy as np
import pyarrow as pa

from sample_city.city import City
from sample_city.extract import Extract, Source, text_of
from sample_city.knowledge import address_texts


def person_columns(city: City, rows: np.ndarray) -> dict[str, pa.Array]:
    """Number, name, sex and birth date of the persons in `rows`."""
    picked = pa.array(rows)
    return {
        "citizen_no": city.citizen_no.take(picked),
        "name": city.names.take(picked),
        "sex_code": text_of(city.people.sex[rows]),
        "birth_date": text_of(city.people.birth[rows]),
    }


def person_extract(
    city: City, source: Source, day: np.datetime64, rows: np.ndarray, columns: dict[str, pa.Array], moved=None
) -> Extract:
    """An extract of one row a person: shared columns, `columns`, and the address where the source has one."""
    found = person_columns(city, rows) | columns
    alternatives = {
        "second_no": city.second_no.take(pa.array(rows)),
        "shared_no": city.citizen_no.take(pa.array(city.double_row[rows])),
    }
    if "address_text" in source.columns:
        found["address_text"], alternatives["former_address"] = address_texts(city, rows, day, moved)
    ordered = {name: found[name] for name in source.columns}
    return Extract(source, day, ordered, {"self": ("person", city.people.number[rows])}, alternatives)
