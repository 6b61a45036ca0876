"""Wrong values in fields: which rows get which error, and the log of it.

A row's error depends on the register and the entity, not on the file: a department that misspelt a name repeats it in
every extract. A field gets at most one error; the kinds of one field share one draw.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sample_city.defects import clerks
from sample_city.defects.rates import Rates
from sample_city.extract import Extract, Source
from sample_city.randomness import Draws


@dataclass(frozen=True)
class Log:
    """Errors of one file: row (from 0), field, defect id, true and injected value; columns of equal length."""

    row: np.ndarray
    field: list[str]
    defect: list[str]
    true_value: list[str]
    injected_value: list[str]

    def head(self, rows: int) -> "Log":
        """The errors of the first `rows` rows."""
        kept = np.flatnonzero(self.row < rows)
        lists = ([values[i] for i in kept] for values in (self.field, self.defect, self.true_value, self.injected_value))
        return Log(self.row[kept], *lists)


@dataclass(frozen=True)
class Kind:
    """A defect of a field: its id, its rate's name, and what it writes; without `write` one of the extract's alternatives."""

    defect: str
    rate: str
    write: Callable[[str, int], str] | None = None
    formats: tuple[str, ...] = ()
    alternative: str = ""
    fills_blanks: bool = False
    stream: str = ""
    """A stream of its own makes the kind befall an entity in every register alike."""


MOJIBAKE = Kind("D15", "D15_mojibake", clerks.mojibake)
KINDS: dict[str, tuple[Kind, ...]] = {
    "name": (Kind("D01", "D01", clerks.confuse_character), Kind("D02", "D02", clerks.swap_given_name), MOJIBAKE),
    "entity_name": (MOJIBAKE,),
    "birth_date": (Kind("D03", "D03", clerks.swap_day_and_month), Kind("D04", "D04", clerks.lunar_for_solar)),
    "citizen_no": (
        Kind("D08", "D08", alternative="shared_no", stream="number_of_another"),
        Kind("D09", "D09", alternative="second_no", stream="two_numbers"),
        Kind("D05", "D05", clerks.leave_out),
        Kind("D06", "D06", clerks.wrong_check),
        Kind("D07", "D07", clerks.fifteen_digits),
        Kind("D16", "D16_float", clerks.as_float, formats=("workbook",)),
    ),
    "address_text": (Kind("D11", "D11", alternative="former_address"), Kind("D12", "D12", clerks.shorten_address), MOJIBAKE),
    "credit_code": (Kind("D25", "D25", clerks.lower_case), Kind("D25", "D25_old", alternative="reg_no")),
    "capital_text": (Kind("D20", "D20_unit", clerks.other_capital), Kind("D20", "D20_no_currency", clerks.without_currency)),
    "free_text": (Kind("D24", "D24", clerks.with_phone, fills_blanks=True),),
    "registration_state": (Kind("D26", "D26", clerks.illegal_state),),
    "division_code": (Kind("D19", "D19", clerks.outdated("division_code")),),
    "kind": (Kind("D19", "D19", clerks.outdated("kind")),),
    "office_code": (Kind("D19", "D19", clerks.outdated("office_code")),),
    "industry_code": (Kind("D19", "D19", clerks.outdated("industry_code")),),
    "authority_code": (Kind("D19", "D19", clerks.outdated("authority_code")),),
}
"""Errors by the meaning of a field; fields of one meaning fail alike in every source."""
SAME_MEANING = {
    "child_name": "name", "mother_name": "name", "father_name": "name", "party1_name": "name", "party2_name": "name",
    "guardian_name": "name", "legal_person_name": "name",
    "mother_no": "citizen_no", "father_no": "citizen_no", "party1_no": "citizen_no", "party2_no": "citizen_no",
    "landlord_no": "citizen_no", "legal_person_no": "citizen_no",
    "mother_address": "address_text", "uscc": "credit_code", "employer_uscc": "credit_code",
    "remark": "free_text", "scope_text": "free_text",
}  # fmt: skip


def meaning(source: Source, field: str) -> str:
    """What a field means for errors; empty where it is none of a clerk's writing."""
    if field in source.steady:
        return ""
    if source.dataset.startswith("enterprise") and field == "name":
        return "entity_name"
    if source.dataset == "enterprise__registrations" and field == "status_code":
        return "registration_state"
    if field == "kind" and source.dataset != "population__marriages":
        return ""
    return SAME_MEANING.get(field, field)


def inject(draws: Draws, extract: Extract, rates: Rates) -> tuple[Extract, Log]:
    """The extract with wrong values, and their log."""
    parts: list[tuple[np.ndarray, str, str, list[str], list[str]]] = []
    for implant in extract.implanted:
        injected = extract.columns[implant.field].take(pa.array(implant.rows)).to_pylist()
        parts.append((implant.rows, implant.field, implant.defect, [implant.true_value] * len(injected), injected))
    for field in extract.columns:
        for kind, rows, values in _errors(draws, extract, field, rates):
            true = extract.columns[field].take(pa.array(rows)).to_pylist()
            mask = np.zeros(extract.rows, dtype=bool)
            mask[rows] = True
            extract = extract.with_column(
                field, pc.replace_with_mask(extract.columns[field], pa.array(mask), pa.array(values, pa.string()))
            )
            extract = extract.outdated(rows) if kind.alternative == "former_address" else extract
            parts.append((rows, field, kind.defect, true, values))
    return extract, _log(parts)


def _log(parts: list[tuple[np.ndarray, str, str, list[str], list[str]]]) -> Log:
    rows = np.concatenate([p[0] for p in parts]) if parts else np.zeros(0, dtype=np.int64)
    fields, defects = ([p[i] for p in parts for _ in p[0]] for i in (1, 2))
    true, injected = ([value for p in parts for value in p[i]] for i in (3, 4))
    return Log(rows, fields, defects, true, injected)


def _errors(draws: Draws, extract: Extract, field: str, rates: Rates):
    """(kind, rows, wrong values) of one field; rows where the kind cannot change the value are left out."""
    source, key = extract.source, extract.key
    stream = f"{source.register}|{field}"
    hit = draws.uniform(f"defect|{stream}", key)
    present = pc.not_equal(extract.columns[field], "").to_numpy(zero_copy_only=False)
    free = np.ones(extract.rows, dtype=bool)
    edge = np.zeros(extract.rows)
    for kind in KINDS.get(meaning(source, field), ()):
        if not _may(kind, extract):
            continue
        if kind.stream:
            befallen = draws.chance(f"defect|{kind.stream}", key, rates[kind.rate]) & _uses(draws, kind, extract)
        else:
            share = _shares(kind, extract, rates)
            befallen, edge = (hit >= edge) & (hit < edge + share), edge + share
        befallen &= present | kind.fills_blanks
        rows = np.flatnonzero(befallen & free)
        free &= ~befallen
        values = _wrong_values(draws, extract, field, kind, rows, stream)
        old = extract.columns[field].take(pa.array(rows)).to_pylist()
        changed = np.array([a != b for a, b in zip(values, old, strict=True)], dtype=bool)
        if changed.any():
            yield kind, rows[changed], [value for value, is_new in zip(values, changed, strict=True) if is_new]


def _shares(kind: Kind, extract: Extract, rates: Rates) -> np.ndarray:
    """The kind's rate by row; the numbers of children under one year are missing more often."""
    share = np.full(extract.rows, rates[kind.rate] * extract.source.error_factor)
    if kind.defect == "D05" and "birth_date" in extract.columns:
        a_year_ago = str(extract.day - 365).replace("-", "")
        newborn = pc.greater(extract.columns["birth_date"], a_year_ago).to_numpy(zero_copy_only=False)
        share[newborn] = rates["D05_newborn"] * extract.source.error_factor
    return share


def _may(kind: Kind, extract: Extract) -> bool:
    right_format = not kind.formats or extract.source.format in kind.formats
    return right_format and (not kind.alternative or kind.alternative in extract.alternatives)


def _uses(draws: Draws, kind: Kind, extract: Extract) -> np.ndarray:
    """A second number is known to half of the registers; a shared number was issued so and stands in all."""
    if kind.defect != "D09":
        return np.ones(extract.rows, dtype=bool)
    return draws.chance(f"uses_second_number|{extract.source.register}", extract.key, 0.5)


def _wrong_values(draws: Draws, extract: Extract, field: str, kind: Kind, rows: np.ndarray, stream: str) -> list[str]:
    picked = pa.array(rows)
    if kind.write is None:
        return extract.alternatives[kind.alternative].take(picked).to_pylist()
    number = draws.bits(f"defect_form|{stream}", extract.key[rows]).tolist()
    return [kind.write(old, draw) for old, draw in zip(extract.columns[field].take(picked).to_pylist(), number, strict=True)]


def repeat_rows(draws: Draws, extract: Extract, file: str, rates: Rates) -> tuple[Extract, Log]:
    """D10: some rows of the file stand there twice; the copies come last. The log's true value is the row they repeat."""
    twice = np.flatnonzero(draws.chance(f"repeated|{file}", np.arange(extract.rows), rates["D10"]))
    copies = extract.rows + np.arange(len(twice))
    log = Log(copies, [""] * len(twice), ["D10"] * len(twice), [str(row) for row in twice.tolist()], [""] * len(twice))
    return (extract.take(np.concatenate([np.arange(extract.rows), twice])) if len(twice) else extract), log


def join_logs(*logs: Log) -> Log:
    rows = np.concatenate([log.row for log in logs])
    lists = (
        [value for log in logs for value in getattr(log, name)] for name in ("field", "defect", "true_value", "injected_value")
    )
    return Log(rows, *lists)
