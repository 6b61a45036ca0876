"""Bronze rows of one source -> candidate readings in long form: station, pollutant, value in the canonical unit.

A candidate is not yet trusted: what does not resolve stays null and is named in `_problem`, the rest is for the
contract's rules. Nothing is dropped except codes that the mapping lists under `ignore`.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import reference
from lakehouse.contracts import Source
from lakehouse.contracts.derive.schema import TIMESTAMP
from lakehouse.instants import HOURS_AHEAD
from lakehouse.numbers import converted, parse_numbers
from lakehouse.reference import Conversion
from lakehouse.words import WORDS, chosen, combined, constant, encoded, reworded, spread
from transforms.problems import PROBLEMS
from transforms.readings import items as sent
from transforms.readings.items import Items

PERIOD_SECONDS = {"rtd": 0, "minute": 600, "hour": 3600, "day": 86400}

SCHEMA = pa.schema(
    [
        ("station_id", WORDS), ("pollutant_code", WORDS), ("period", WORDS), ("observed_at", TIMESTAMP),
        ("value", pa.float64()), ("unit_code", WORDS), ("flag", WORDS), ("_problem", pa.string()),
        ("_as_sent", WORDS), ("_record_id", WORDS), ("_item_no", pa.int32()), ("_source_code", WORDS),
        ("_delivery_id", WORDS), ("_rank", pa.int64()), ("_data_origin", WORDS), ("_received_at", TIMESTAMP),
        ("_available_at", TIMESTAMP),
    ]
)  # fmt: skip
"""`_problem` is `check|field|message` or null; `_rank` holds source rank and declared revision, higher wins."""

ENVELOPE = ("_record_id", "_delivery_id", "_data_origin")


@dataclass(frozen=True)
class Meaning:
    """What a code and the unit that was sent with it say: pollutant, its unit, the unit as sent, how to convert."""

    pollutant: str | None
    canonical: str | None
    unit: str | None
    conversion: Conversion | None = None
    fits: bool = True


def columns_read(source: Source) -> list[str]:
    """Bronze columns that `candidates` uses."""
    return [*sent.columns_read(source), *ENVELOPE, "_observed_at", "_received_at"]


def candidates(bronze: pa.Table, source: Source) -> pa.Table:
    """Candidate readings (SCHEMA) of bronze rows of one source, at most one per record and item."""
    if not bronze.num_rows:
        return SCHEMA.empty_table()
    items, records = sent.read(bronze, source)
    row, count = items.row, len(items.row)
    observed, received = (bronze[name].combine_chunks().take(row) for name in ("_observed_at", "_received_at"))
    device, period = (spread(column, row) for column in (records.device, records.period))
    station = reworded(device, reference.lookup_station(source.station.issuer))
    pairs, which = combined(items.code, items.unit)
    meanings = [_meaning(code, unit, source) for code, unit in pairs]
    number = parse_numbers(items.text.dictionary).take(items.text.indices)
    fits = pa.array([m.fits for m in meanings], pa.bool_()).take(which)
    pollutant = chosen([m.pollutant for m in meanings], which)
    ahead = pc.greater(observed, pc.add(received, pa.scalar(timedelta(hours=HOURS_AHEAD), pa.duration("us"))))
    problems = [
        ("station_registered", pc.is_null(station), device),
        ("code_known", pc.is_null(pollutant), items.code),
        ("value_is_number", pc.and_(pc.is_valid(items.text), pc.is_null(number)), items.text),
        ("unit_fits", pc.invert(fits), chosen([m.unit for m in meanings], which)),
        ("not_from_the_future", ahead, observed),
    ]
    columns = {
        "station_id": station, "pollutant_code": pollutant, "period": period, "observed_at": observed,
        "value": _in_canonical_unit(number, which, meanings), "unit_code": chosen([m.canonical for m in meanings], which),
        "flag": _flags(items), "_problem": _first_problem(items.refusal, problems), "_as_sent": items.text,
        **{name: spread(_envelope(bronze, name), row) for name in ENVELOPE},
        "_item_no": items.item_no, "_source_code": constant(source.source, count),
        "_rank": pc.add(records.revision, source.rank * 1_000_000).take(row), "_received_at": received,
        "_available_at": _available_at(source, period, observed, received),
    }  # fmt: skip
    return pa.table([columns[f.name] for f in SCHEMA], schema=SCHEMA)


def _envelope(bronze: pa.Table, name: str) -> pa.DictionaryArray:
    return encoded(bronze[name]) if name in bronze.column_names else constant(None, bronze.num_rows)


def _meaning(code: str | None, unit: str | None, source: Source) -> Meaning:
    measure = source.measures.get(code)
    pollutant = measure.becomes if measure else None
    canonical = reference.lookup("pollutants", "pollutant_code", "unit_code").get(pollutant)
    declared = measure.unit if measure else None
    given = declared if unit is None else reference.unit_codes().get(unit, unit)
    if given is None or canonical in (None, given):
        return Meaning(pollutant, canonical, given)
    try:
        return Meaning(pollutant, canonical, given, reference.conversion(given, canonical))
    except ValueError:
        return Meaning(pollutant, canonical, given, fits=False)


def _in_canonical_unit(number: pa.Array, which: pa.Array, meanings: list[Meaning]) -> pa.Array:
    value = number
    for at, meaning in enumerate(meanings):
        if c := meaning.conversion:
            value = pc.if_else(pc.equal(which, at), converted(number, c), value)
    return value


def _flags(items: Items) -> pa.DictionaryArray:
    """The flag in the platform's words; what has no value cannot be ok, what has no flag is ok or missing."""
    known = reference.lookup("reading_flags", "flag_as_sent", "flag")
    has_value = chosen(["", None], pc.is_null(items.text).cast(pa.int32()))
    pairs, which = combined(items.flag, has_value)
    return chosen([_flag(known.get(flag, flag), has is not None) for flag, has in pairs], which)


def _flag(named: str | None, has_value: bool) -> str:
    if has_value:
        return "ok" if named is None else named
    return "missing" if named in (None, "ok") else named


def _first_problem(refusal: pa.Array, problems: list[tuple[str, pa.Array, pa.Array]]) -> pa.Array:
    """The first problem of each row as `check|field|message`; the collector's own refusal comes before ours."""
    told = pc.binary_join_element_wise("item_refused|value", refusal, "|")
    for check, here, what in problems:
        here = pc.and_(pc.fill_null(here, False), pc.is_null(told))
        at = np.flatnonzero(here)
        if len(at):
            field, words = PROBLEMS[check]
            told = pc.replace_with_mask(told, here, _sentences(f"{check}|{field}|", what.take(pa.array(at)), words))
    return told


def _sentences(head: str, what: pa.Array, words: str) -> pa.Array:
    if pa.types.is_timestamp(what.type):
        what = pc.strftime(pc.cast(what, pa.timestamp("s", tz="UTC"), safe=False), "%Y-%m-%d %H:%M")
    return pc.binary_join_element_wise(head, pc.fill_null(what.cast(pa.string()), "(nothing)"), f" {words}.", "")


def _available_at(source: Source, period: pa.DictionaryArray, observed: pa.Array, received: pa.Array) -> pa.Array:
    """When the value could be known: streams at receipt; backfill at the end of the interval plus the declared delay."""
    if source.kind == "edge":
        return received
    delay = int(source.publication_delay_hours * 3600)
    after = {p: timedelta(seconds=s + delay) for p, s in PERIOD_SECONDS.items()}
    return pc.add(observed, pa.array(map(after.get, period.dictionary.to_pylist()), pa.duration("us")).take(period.indices))
