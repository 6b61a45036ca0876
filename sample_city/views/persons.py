"""Columns that every department's record of a person shares."""

import numpy as np
import pyarrow as pa

from sample_city.city import City
from sample_city.extract import Extract, Source, text_of
from sample_city.knowledge import home_rows, usual_rows


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
    entities = {"self": ("person", city.people.number[rows])}
    if "address_text" not in source.columns:
        return Extract(source, day, {name: found[name] for name in source.columns}, entities, alternatives)
    known = home_rows(city, rows, day, moved) if source.address == "registered" else usual_rows(city, rows, day)
    home, former = known
    found["address_text"] = city.addresses.text.take(pa.array(home))
    alternatives["former_address"] = city.addresses.text.take(pa.array(former))
    made = Extract(source, day, {name: found[name] for name in source.columns}, entities, alternatives)
    return made.with_addresses(city.addresses.number[home], city.addresses.number[former])
