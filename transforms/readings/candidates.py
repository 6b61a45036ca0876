"""Bronze rows of one source -> candidate readings in long form: station, pollutant, value in the canonical unit.

A candidate is not yet trusted: what does not resolve stays null and is named in `_problem`, the rest is for the
contract's rules. Nothing is dropped except codes that the mapping lists under `ignore`.
"""

import json
from dataclasses import dataclass
from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import reference
from lakehouse.contracts import Source
from lakehouse.contracts.derive.schema import TIMESTAMP
from transforms.problems import HOURS_AHEAD, PROBLEMS

PERIOD_SECONDS = {"rtd": 0, "minute": 600, "hour": 3600, "day": 86400}

WORDS = pa.dictionary(pa.int32(), pa.string())

SCHEMA = pa.schema(
    [
        ("station_id", pa.string()), ("pollutant_code", pa.string()), ("period", pa.string()), ("observed_at", TIMESTAMP),
        ("value", pa.float64()), ("unit_code", pa.string()), ("flag", pa.string()), ("_problem", pa.string()),
        ("_as_sent", pa.string()), ("_record_id", WORDS), ("_item_no", pa.int32()), ("_source_code", WORDS),
        ("_delivery_id", WORDS), ("_rank", pa.int64()), ("_data_origin", WORDS), ("_received_at", TIMESTAMP),
        ("_available_at", TIMESTAMP),
    ]
)  # fmt: skip
"""`_problem` is `check|field|message` or null; `_rank` holds source rank and declared revision, higher wins."""

ENVELOPE = ("_record_id", "_delivery_id", "_data_origin")


@dataclass(frozen=True)
class Items:
    """Long rows before resolution, arrays of one length; `row` points back to the bronze row."""

    row: pa.Array
    item_no: pa.Array
    code: pa.Array
    text: pa.Array
    unit: pa.Array
    flag: pa.Array
    refusal: pa.Array


@dataclass(frozen=True)
class Records:
    """What holds for a whole bronze row: averaging period, device as the source names it, declared revision."""

    period: pa.Array
    device: pa.Array
    revision: pa.Array


def candidates(bronze: pa.Table, source: Source) -> pa.Table:
    """Candidate readings (SCHEMA) of bronze rows of one source, at most one per record and item."""
    if not bronze.num_rows:
        return SCHEMA.empty_table()
    read = _from_columns if source.shape == "columns" else _from_payload
    return _resolve(*read(bronze, source), bronze, source)


def _from_columns(bronze: pa.Table, source: Source) -> tuple[Items, Records]:
    """Columns of a delivered table: one item per mapped column, in the mapping's order."""
    rows, count = bronze.num_rows, len(source.measures)
    texts = [pc.utf8_trim_whitespace(bronze[column].combine_chunks()) for column in source.measures]
    missing = pa.array(source.format.missing if source.format else [""])
    text = pa.concat_arrays([pc.if_else(pc.is_in(t, value_set=missing), None, t) for t in texts])
    row = pa.concat_arrays([pa.array(range(rows), pa.int64())] * count)
    item_no = pa.concat_arrays([pa.repeat(pa.scalar(i, pa.int32()), rows) for i in range(count)])
    code = pa.concat_arrays([pa.repeat(column, rows) for column in source.measures])
    nothing = pa.nulls(rows * count, pa.string())
    period = pa.repeat(source.constants.get("period"), rows)
    device = bronze[source.station.column] if source.station.column else pa.repeat(source.station.constant, rows)
    return Items(row, item_no, code, text, nothing, nothing, nothing), Records(period, _flat(device), _flat(bronze["_revision"]))


def _from_payload(bronze: pa.Table, source: Source) -> tuple[Items, Records]:
    """Items of an edge payload (one JSON document per row) as sent, then those that the collector could not take."""
    row, item_no, code, text, unit, flag, refusal, period, device, resent = ([] for _ in range(10))
    for index, payload in enumerate(bronze["payload"].to_pylist()):
        document = json.loads(payload)
        period.append(document.get("period"))
        device.append(document.get("device"))
        resent.append(int(document.get("resent") or False))
        refused = (document.get("meta") or {}).get("refused_items") or []
        for number, item in enumerate([*(document.get("items") or []), *refused]):
            if item.get("code") in source.ignore:
                continue
            row.append(index)
            item_no.append(number)
            code.append(item.get("code"))
            text.append(_text(item.get("value")))
            unit.append(item.get("unit"))
            flag.append(item.get("flag"))
            refusal.append(item.get("reason"))
    texts = (pa.array(column, pa.string()) for column in (code, text, unit, flag, refusal))
    items = Items(pa.array(row, pa.int64()), pa.array(item_no, pa.int32()), *texts)
    return items, Records(pa.array(period, pa.string()), pa.array(device, pa.string()), pa.array(resent, pa.int64()))


def _text(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _resolve(items: Items, records: Records, bronze: pa.Table, source: Source) -> pa.Table:
    nothing = pa.nulls(bronze.num_rows, pa.string())
    envelope = {name: _spread(bronze[name] if name in bronze.column_names else nothing, items.row) for name in ENVELOPE}
    observed, received = (_flat(bronze[name]).take(items.row) for name in ("_observed_at", "_received_at"))
    device, period, revision = (a.take(items.row) for a in (records.device, records.period, records.revision))
    station = _mapped(device, reference.lookup_station(source.station.issuer))
    pollutant = _mapped(items.code, {code: m.becomes for code, m in source.measures.items()})
    value, unit, problem_value = _values(items, pollutant, source)
    flag = _flags(items.flag, items.text)
    problems = [
        (pc.is_valid(items.refusal), "item_refused", "value", items.refusal, ""),
        (pc.is_null(station), "station_registered", *_told("station_registered", device)),
        (pc.is_null(pollutant), "code_known", *_told("code_known", items.code)),
        *problem_value,
        *_ahead(observed, received),
    ]  # fmt: skip
    columns = {
        "station_id": station, "pollutant_code": pollutant, "period": period, "observed_at": observed, "value": value,
        "unit_code": unit, "flag": flag, "_problem": _problem_text(problems), "_as_sent": items.text,
        **envelope, "_item_no": items.item_no, "_source_code": _spread(pa.array([source.source]), pc.multiply(items.row, 0)),
        "_rank": pc.add(revision, source.rank * 1_000_000), "_received_at": received,
        "_available_at": _available_at(source, period, observed, received),
    }  # fmt: skip
    return pa.table([columns[f.name] for f in SCHEMA], schema=SCHEMA)


def _spread(column: pa.Array | pa.ChunkedArray, row: pa.Array) -> pa.DictionaryArray:
    """A text column of the bronze rows on their items, without copying the texts."""
    texts = _flat(column)
    if texts.null_count:  # a dictionary with a null cannot be joined with another one
        return texts.dictionary_encode().take(row)
    return pa.DictionaryArray.from_arrays(row.cast(pa.int32()), texts)


def _values(items: Items, pollutant: pa.Array, source: Source):
    """Numbers in the canonical unit of the pollutant, that unit, and what is wrong with text or unit."""
    canonical = _mapped(pollutant, reference.lookup("pollutants", "pollutant_code", "unit_code"))
    declared = _mapped(items.code, {c: m.unit for c, m in source.measures.items() if m.unit})
    sent = pc.coalesce(_mapped(items.unit, reference.unit_codes()), items.unit, declared)
    number = parse_numbers(items.text)
    value, unfit = _converted(number, sent, canonical)
    not_number = pc.and_(pc.is_valid(items.text), pc.is_null(number))
    problems = [
        (not_number, "value_is_number", *_told("value_is_number", items.text)),
        (unfit, "unit_fits", *_told("unit_fits", sent)),
    ]
    return value, canonical, problems


def _ahead(observed: pa.Array, received: pa.Array) -> list[tuple]:
    """The problem of readings from the future; none where there are none, because texts of times are dear."""
    ahead = pc.greater(observed, pc.add(received, pa.scalar(timedelta(hours=HOURS_AHEAD), pa.duration("us"))))
    if not pc.any(ahead).as_py():
        return []
    when = pc.strftime(pc.cast(observed, pa.timestamp("s", tz="UTC")), "%Y-%m-%d %H:%M")
    return [(ahead, "not_from_the_future", *_told("not_from_the_future", when))]


def parse_numbers(text: pa.Array) -> pa.Array:
    """Decimal texts -> doubles; null where the text is none (no blanks, no thousands separators, no NaN)."""
    try:
        numbers = pc.cast(text, pa.float64())  # nearly always all of them are plain numbers
        if pc.all(pc.is_finite(numbers)).as_py() is not False:
            return numbers
    except pa.ArrowInvalid:
        pass
    fits = pc.match_substring_regex(text, r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
    return pc.cast(pc.if_else(fits, pc.utf8_ltrim(text, characters="+"), None), pa.float64())


def _converted(number: pa.Array, sent: pa.Array, canonical: pa.Array) -> tuple[pa.Array, pa.Array]:
    value, unfit = number, pa.repeat(False, len(number))
    pairs = pc.binary_join_element_wise(sent, canonical, "|")
    for pair in pc.unique(pairs).to_pylist():
        if pair is None or len(set(pair.split("|"))) == 1:
            continue
        here = pc.fill_null(pc.equal(pairs, pair), False)
        try:
            c = reference.conversion(*pair.split("|"))
        except ValueError:
            unfit = pc.or_(unfit, here)
            continue
        changed = pc.add(pc.divide(pc.multiply(pc.add(number, c.before), float(c.multiply)), float(c.divide)), c.after)
        value = pc.if_else(here, changed, value)
    return value, unfit


def _flags(sent: pa.Array, text: pa.Array) -> pa.Array:
    known = reference.lookup("reading_flags", "flag_as_sent", "flag")
    named = pc.coalesce(_mapped(sent, known), sent)
    return pc.if_else(
        pc.is_null(text),
        pc.coalesce(pc.if_else(pc.equal(named, "ok"), None, named), "missing"),
        pc.fill_null(named, "ok"),
    )


def _available_at(source: Source, period: pa.Array, observed: pa.Array, received: pa.Array) -> pa.Array:
    """When the value could be known: streams at receipt; backfill at the end of the interval plus the declared delay."""
    if source.kind == "edge":
        return received
    seconds = _mapped(
        period,
        {p: s + int(source.publication_delay_hours * 3600) for p, s in PERIOD_SECONDS.items()},
        pa.int64(),
    )
    return pc.add(observed, pc.cast(pc.multiply(seconds, 1_000_000), pa.duration("us")))


def _mapped(keys: pa.Array, mapping: dict, value_type: pa.DataType | None = None) -> pa.Array:
    """Each key's value; null where the mapping has none."""
    names = pa.array(list(mapping), pa.string())
    values = pa.array(list(mapping.values()), value_type or pa.string())
    return values.take(pc.index_in(_flat(keys), value_set=names))


def _told(check: str, what: pa.Array) -> tuple[str, pa.Array, str]:
    field, words = PROBLEMS[check]
    return field, what, words


def _problem_text(problems: list[tuple]) -> pa.Array:
    """The first problem of each row as `check|field|message`."""
    texts = [
        pc.if_else(
            here,
            pc.binary_join_element_wise(f"{check}|{field}|", pc.fill_null(what, "(nothing)"), f" {words}." if words else "", ""),
            None,
        )
        for here, check, field, what, words in problems
    ]
    return pc.coalesce(*texts)


def _flat(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
