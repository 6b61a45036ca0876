"""What both SQL peers of the kernel share: stations, codes, units, conversions and flags as rows, and the words for problems."""

from collections.abc import Callable, Iterable

from lakehouse import reference
from lakehouse.contracts import Source
from lakehouse.instants import HOURS_AHEAD
from transforms.problems import PROBLEMS

Rows = list[tuple[str | float | None, ...]]


def look_ups(source: Source) -> dict[str, tuple[str, Rows]]:
    """Name of each small table -> its column names and rows."""
    canonical = reference.lookup("pollutants", "pollutant_code", "unit_code")
    units_from = {m.unit for m in source.measures.values() if m.unit} | set(reference.unit_codes().values())
    measures = [(code, m.becomes, m.unit, canonical[m.becomes]) for code, m in source.measures.items()]
    return {
        "stations": ("device, station_id", list(reference.lookup_station(source.station.issuer).items())),
        "measures": ("code, pollutant_code, declared, unit_code", measures),
        "units": ("unit, unit_code", list(reference.unit_codes().items())),
        "flags": ("sent, flag", list(reference.lookup("reading_flags", "flag_as_sent", "flag").items())),
        "ignored": ("code", [(code,) for code in source.ignore]),
        "conversions": (
            "unit_from, unit_to, before, multiply, divide, after, factor",
            conversions(units_from, set(canonical.values())),
        ),
    }


def conversions(units_from: Iterable[str], units_to: Iterable[str]) -> Rows:
    """Every conversion that there is between the units; `factor` 1 = the same unit."""
    found: Rows = []
    for one in sorted(units_from):
        for other in sorted(units_to):
            try:
                c = reference.conversion(one, other)
            except ValueError:
                continue
            found.append((one, other, c.before, float(c.multiply), float(c.divide), c.after, float(one == other)))
    return found


def problems(code: str, unit: str, moment: str, quoted: Callable[[str], str]) -> str:
    """Branches of the CASE that names what keeps a reading from resolving.

    The peer says where it has code, unit and time as text, and how it writes a text.
    """
    sent = {
        "station_registered": ("station_id is null", "device"),
        "code_known": ("pollutant_code is null", code),
        "value_is_number": ("_as_sent is not null and number is null", "_as_sent"),
        "unit_fits": ("unfit", unit),
        "not_from_the_future": (f"_observed_at > _received_at + interval {HOURS_AHEAD} hour", moment),
    }
    lines = []
    for name, (condition, what) in sent.items():
        field, words = PROBLEMS[name]
        lines.append(f"when {condition} then '{name}|{field}|' || coalesce({what}, '(nothing)') || {quoted(f' {words}.')}")
    return "\n".join(lines)


def values(rows: Rows) -> str:
    """The rows as a VALUES list, the same in Spark and DuckDB."""
    written = [f"({', '.join(map(literal, row))})" for row in rows]
    return f"(values {', '.join(written)})"


def literal(value: str | float | None) -> str:
    if value is None:
        return "null"
    return f"cast({value} as double)" if isinstance(value, float) else "'" + value.replace("'", "''") + "'"
