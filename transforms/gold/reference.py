"""Code lists, rule versions and KPI definitions -> tables `reference.*`, which dbt reads as sources."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from lakehouse import tables
from lakehouse.reference import is_registered
from lakehouse.settings import CHECKOUT
from transforms.gold.kpis import Kpi, load_kpis
from transforms.gold.rules import Breakpoints, RuleVersion, load_rules

CODE_LISTS = CHECKOUT / "contracts" / "reference"
CONCENTRATION = pa.decimal128(10, 3)
TEXT, COUNT = pa.string(), pa.int64()

AQI_RULES = pa.schema(
    [
        ("rule_version", TEXT), ("name_en", TEXT), ("name_zh", TEXT), ("valid_from", pa.date32()), ("valid_to", pa.date32()),
        ("minimum_minutes", COUNT), ("minimum_hours", COUNT), ("running_hours", COUNT), ("running_minimum_hours", COUNT),
        ("running_first_end", COUNT), ("running_last_end", COUNT), ("running_minimum_means", COUNT), ("rounding", TEXT),
        ("primary_above", COUNT), ("good_day_at_most", COUNT), ("complete_set_up_to", COUNT),
    ]
)  # fmt: skip
AQI_POLLUTANTS = pa.schema(
    [
        ("rule_version", TEXT), ("position", COUNT), ("pollutant_code", TEXT), ("unit_code", TEXT), ("decimals", COUNT),
        ("daily_averaging", TEXT), ("hourly_averaging", TEXT), ("hourly_reason", TEXT),
    ]
)  # fmt: skip
AQI_BREAKPOINTS = pa.schema(
    [
        ("rule_version", TEXT), ("pollutant_code", TEXT), ("averaging", TEXT), ("iaqi_low", COUNT), ("iaqi_high", COUNT),
        ("bp_low", CONCENTRATION), ("bp_high", CONCENTRATION), ("use_averaging", TEXT), ("reason", TEXT),
    ]
)  # fmt: skip
AQI_LEVELS = pa.schema(
    [
        ("rule_version", TEXT), ("level", COUNT), ("aqi_low", COUNT), ("aqi_high", COUNT), ("name_en", TEXT),
        ("name_zh", TEXT), ("color", TEXT),
    ]
)  # fmt: skip
KPIS = pa.schema(
    [
        ("kpi_id", TEXT), ("kpi_version", TEXT), ("name_en", TEXT), ("name_zh", TEXT), ("owner", TEXT), ("question", TEXT),
        ("unit", TEXT), ("direction", TEXT), ("decimals", COUNT), ("frequency", TEXT), ("final_after_days", COUNT),
        ("minimum_completeness", pa.float64()), ("valid_from", pa.date32()), ("valid_to", pa.date32()),
        ("green_limit", pa.float64()), ("amber_limit", pa.float64()),
    ]
)  # fmt: skip


def load_reference(code_lists: Path = CODE_LISTS) -> dict[str, bool]:
    """Write every reference table whose rows differ from what is there; name -> was it written.

    Repeating it writes nothing, so the versions of the tables count the changes of the files.
    Raises ContractError or ValueError naming the file that breaks a rule.
    """
    return {name: _replace_if_changed(name, rows) for name, rows in reference_tables(code_lists).items()}


def reference_tables(code_lists: Path = CODE_LISTS) -> dict[str, pa.Table]:
    """All reference tables of the checkout as Arrow, by table name."""
    rules, kpis = load_rules(), load_kpis()
    made = {f"reference.{path.stem}": read_code_list(path) for path in sorted(code_lists.glob("*.csv"))}
    return made | {
        "reference.aqi_rules": pa.Table.from_pylist([_rule_row(r) for r in rules], AQI_RULES),
        "reference.aqi_pollutants": pa.Table.from_pylist(list(_pollutant_rows(rules)), AQI_POLLUTANTS),
        "reference.aqi_breakpoints": pa.Table.from_pylist(list(_breakpoint_rows(rules)), AQI_BREAKPOINTS),
        "reference.aqi_levels": pa.Table.from_pylist(
            [level.model_dump() | {"rule_version": r.rule_version} for r in rules for level in r.levels], AQI_LEVELS
        ),
        "reference.kpis": pa.Table.from_pylist(list(_kpi_rows(kpis)), KPIS),
    }


def read_code_list(path: Path) -> pa.Table:
    """One CSV of contracts/reference: codes and names stay text, wholly numeric or true/false columns are typed."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    if path.stem == "stations":
        rows = [row for row in rows if is_registered(row["data_origin"])]
    columns = {name: [row[name] or None for row in rows] for name in reader.fieldnames or ()}
    return pa.table({name: _typed(name, values) for name, values in columns.items()})


def _typed(name: str, values: list[str | None]) -> pa.Array:
    present = [v for v in values if v is not None]
    if present and not _is_text(name):
        if set(present) <= {"true", "false"}:
            return pa.array([None if v is None else v == "true" for v in values], pa.bool_())
        for type_ in (pa.int64(), pa.float64()):
            try:
                return pa.array(values, pa.string()).cast(type_)
            except pa.ArrowInvalid:
                continue
    numeric = name in ("lon", "lat")
    return pa.array(values, pa.float64() if numeric else pa.string())


def _is_text(name: str) -> bool:
    return name in ("code", "also_written") or "_code" in name or name.endswith("_id") or name.startswith("name")


def _rule_row(rule: RuleVersion) -> dict:
    running = rule.running_mean
    return {
        "rule_version": rule.rule_version, "name_en": rule.name_en, "name_zh": rule.name_zh,
        "valid_from": rule.valid_from, "valid_to": rule.valid_to,
        "minimum_minutes": rule.hour.minimum_minutes, "minimum_hours": rule.day.minimum_hours,
        "running_hours": running.hours, "running_minimum_hours": running.minimum_hours,
        "running_first_end": running.first_end_hour, "running_last_end": running.last_end_hour,
        "running_minimum_means": running.minimum_means, "rounding": rule.rounding, **rule.aqi.model_dump(),
    }  # fmt: skip


def _pollutant_rows(rules: Iterable[RuleVersion]) -> Iterator[dict]:
    for rule in rules:
        for position, item in enumerate(rule.pollutants, start=1):
            row = item.model_dump() | {"rule_version": rule.rule_version, "position": position}
            yield row | {"daily_averaging": item.daily, "hourly_averaging": item.hourly}


def _breakpoint_rows(rules: Iterable[RuleVersion]) -> Iterator[dict]:
    for rule in rules:
        for table in rule.breakpoints:
            for row in _segments(table, rule.iaqi):
                yield row | {
                    "rule_version": rule.rule_version,
                    "pollutant_code": table.pollutant_code,
                    "averaging": table.averaging,
                }


def _segments(table: Breakpoints, iaqi: tuple[int, ...]) -> Iterator[dict]:
    """One row between two breakpoints, and one open row (bp_high null) beyond the last.

    Beyond it, iaqi_low = iaqi_high is the index; iaqi_high null means undefined and above iaqi_low.
    """
    for i in range(1, len(table.values)):
        yield {"iaqi_low": iaqi[i - 1], "iaqi_high": iaqi[i], "bp_low": table.values[i - 1], "bp_high": table.values[i]}
    above, last = table.above, len(table.values) - 1
    low = next(v for v in (above.iaqi, above.at_least, iaqi[last]) if v is not None)
    yield {
        "iaqi_low": low, "iaqi_high": above.iaqi, "bp_low": table.values[last], "bp_high": None,
        "use_averaging": above.use, "reason": above.reason,
    }  # fmt: skip


def _kpi_rows(kpis: Iterable[Kpi]) -> Iterator[dict]:
    for kpi in kpis:
        for threshold in kpi.thresholds:
            for frequency in kpi.frequency:
                yield kpi.model_dump(include=set(KPIS.names)) | {
                    "kpi_id": kpi.id, "kpi_version": kpi.version, "frequency": frequency,
                    "valid_from": threshold.valid_from, "valid_to": threshold.valid_to,
                    "green_limit": threshold.green, "amber_limit": threshold.amber,
                }  # fmt: skip


def _replace_if_changed(name: str, rows: pa.Table) -> bool:
    if tables.exists(name) and tables.read(name).cast(rows.schema, safe=False).equals(rows):
        return False
    tables.replace(name, rows)
    return True
