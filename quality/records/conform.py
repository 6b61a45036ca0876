"""Bronze rows of a source of records -> rows in the contract's columns, with what keeps a row from resolving."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contracts import Dataset, Source
from lakehouse.contracts.derive.schema import ARROW_TYPES
from lakehouse.instants import HOURS_AHEAD
from quality.records.values import column

SEPARATOR = "\x1e"
"""Between the problems of one row; ASCII's own separator of records."""
HARMLESS = re.compile(r"[0-9A-Za-z./: -]{0,10}")
Problem = tuple[str, str, str]
"""Field, check, message."""


def conformed(rows: pa.Table, source: Source, dataset: Dataset) -> pa.Table:
    """The contract's columns (null where a text does not read), `_problem`, `_as_sent` and `_left_out`.

    `_problem` holds `check|field|message` of each problem, joined by SEPARATOR, `_as_sent` the texts that did not read, as
    JSON by their heading; both null where a row resolves. `_left_out` names the warnings of texts that did not read in columns
    where the contract lets the row count without them, joined by commas.
    """
    columns, problems, texts, left_out = {}, {}, {}, {}
    for field in dataset.fields:
        filling = source.fields.get(field.name)
        if filling is None:
            columns[field.name] = pa.nulls(rows.num_rows, ARROW_TYPES[field.logical_type])
            continue
        read = column(rows, filling, field, source)
        columns[field.name] = read.values
        if read.unread is not None and (warning := dataset.left_out.get(field.name)):
            left_out |= {at: [*left_out.get(at, []), warning] for at in np.flatnonzero(read.unread).tolist()}
        elif read.unread is not None:
            for at, text in _there(read.unread, rows[filling.reads]):
                shown = _shown(text.strip(), dataset)
                problems.setdefault(at, []).append((read.check, field.name, f"{shown} {read.words}."))
                texts.setdefault(at, {})[filling.reads] = shown
    for at, moment in _there(_ahead(rows), rows["_observed_at"]):
        message = f"{moment:%Y-%m-%d %H:%M} UTC lies after the receipt."
        problems.setdefault(at, []).append(("not_from_the_future", _field_of_time(source), message))
    told = {at: SEPARATOR.join("|".join(problem) for problem in own) for at, own in problems.items()}
    sent = {at: json.dumps(own, ensure_ascii=False) for at, own in texts.items()}
    named = {at: ",".join(warnings) for at, warnings in left_out.items()}
    own = {"_problem": told, "_as_sent": sent, "_left_out": named}
    return pa.table(columns | {name: _sparse(words, rows.num_rows) for name, words in own.items()})


def _shown(text: str, dataset: Dataset) -> str:
    """The text, but where it may be another column that slipped and names a person: no name, phone or number is so short."""
    return text if not dataset.direct or HARMLESS.fullmatch(text) else "The text"


def _there(here: pa.Array, values: pa.ChunkedArray) -> Iterator[tuple[int, object]]:
    """Positions that are marked, and the values there."""
    at = np.flatnonzero(here)
    yield from zip(at.tolist(), values.take(pa.array(at)).to_pylist(), strict=True)


def _ahead(rows: pa.Table) -> pa.Array:
    limit = pc.add(rows["_received_at"], pa.scalar(timedelta(hours=HOURS_AHEAD), pa.duration("us")))
    return pc.fill_null(pc.greater(rows["_observed_at"], limit), False)


def _field_of_time(source: Source) -> str:
    """The contract's column that the event time fills, too."""
    times = source.time.columns if source.time else ()
    return next((name for name, filling in source.fields.items() if filling.reads in times), "row")


def _sparse(texts: dict[int, str], length: int) -> pa.Array:
    """A text column, null but at some positions."""
    out = np.full(length, None, object)
    out[list(texts)] = list(texts.values())
    return pa.array(out, pa.string())


def problems_of(problem: str | None) -> list[Problem]:
    """The problems of one row, each as field, check and message."""
    found = (one.split("|", 2) for one in problem.split(SEPARATOR)) if problem else ()
    return [(field, check, message) for check, field, message in found]
