"""What is wrong with the mappings of sources, one sentence per finding."""

from collections.abc import Iterator
from functools import cache

from lakehouse import reference
from lakehouse.contracts.load import FOLDER
from lakehouse.contracts.mapping import Measure, Source
from lakehouse.contracts.model import Contracts, Dataset
from lakehouse.contracts.record_lint import pattern_finding, record_findings, unit_finding
from lakehouse.contracts.yaml_file import read

ASKS_NOTHING = "CC0-1.0"  # every other licence of the list wants its source named


def source_findings(source: Source, known: Contracts) -> Iterator[str]:
    """Findings about one mapping, each beginning with its file."""
    if source.feeds not in known.datasets:
        yield f"{source.path}: feeds {source.feeds}, for which there is no contract."
        return
    for said in (*_own(source), *_licence(source), *_station(source), *_shared_with_others(source, known)):
        yield f"{source.path}: {said}"
    for column, measure in source.measures.items():
        yield from (f"{source.path}: {column} {said}" for said in _measure(measure, known[source.feeds]))
    if source.shape == "records":
        yield from (f"{source.path}: {said}" for said in record_findings(source, known[source.feeds]))


def _own(source: Source) -> Iterator[str]:
    if not source.source.startswith(f"{source.feeds}__"):
        yield f"source {source.source} does not say what it feeds; name it {source.feeds}__ and who sends it."
    if source.department and source.department not in read(FOLDER / "_shared" / "owners.yaml"):
        yield f"department {source.department} is not in contracts/_shared/owners.yaml; add its names there."
    if source.time and source.time.pattern and (said := pattern_finding(source.time.pattern)):
        yield f"time: {said}"


def _licence(source: Source) -> Iterator[str]:
    """Data of the operator's own devices need none; what others publish does."""
    if source.licence is None and source.origin != "operational":
        yield "no licence, so nothing made of it may leave; name one of contracts/_shared/licences.yaml."
    elif source.licence is not None and source.licence not in _licences():
        yield f"licence {source.licence} is none of contracts/_shared/licences.yaml: {', '.join(_licences())}."
    elif source.licence not in (None, ASKS_NOTHING) and not source.attribution:
        yield f"{source.licence} wants the source named; say how under `attribution`."


@cache
def _licences() -> tuple[str, ...]:
    return tuple(read(FOLDER / "_shared" / "licences.yaml"))


def _station(source: Source) -> Iterator[str]:
    if source.station is None:
        return
    issuer, constant = source.station.issuer, source.station.constant
    codes = [row["issuer_code"] for row in reference.rows("stations") if row["issuer"] == issuer]
    if not codes:
        yield f"reference/stations.csv has no station of issuer {issuer}; add one."
    elif constant is not None and constant not in codes:
        yield f"reference/stations.csv has no station {constant} of issuer {issuer}, but {', '.join(sorted(codes))}."


def _shared_with_others(source: Source, known: Contracts) -> Iterator[str]:
    """System types that another source takes; columns that the file of another source would have to have."""
    if other := next((s for s in known.feeding(source.feeds) if (s.shape == "records") != (source.shape == "records")), None):
        yield f"sends {source.shape}, {other.source} sends {other.shape}; a dataset is of records or of readings, not of both."
    others = {st: s.source for s in known.sources.values() if s is not source for st in s.system_types}
    if twice := [st for st in source.system_types if st in others]:
        yield f"system type {twice[0]} is taken by {others[twice[0]]}, too; list it under one of them."
    lands = [s.columns for s in known.sources.values() if s.bronze == source.bronze and s.takes_files]
    landed = lands[0] if lands else source.reads
    if strange := [c for c in source.reads if c not in landed]:
        yield f"reads {', '.join(strange)}, which no file delivered to {source.bronze} has."


def _measure(measure: Measure, dataset: Dataset) -> Iterator[str]:
    kinds = {f.name: f.logical_type for f in dataset.fields}
    if any(f.name == "pollutant_code" for f in dataset.fields):
        wanted = dict(reference.lookup("pollutants", "pollutant_code", "unit_code"))
    else:
        wanted = {f.name: f.unit for f in dataset.fields}
    if measure.becomes not in wanted:
        yield f"becomes {measure.becomes}, which {dataset.id} does not know."
    elif (kind := kinds.get(measure.becomes, "number")) != "number":
        yield f"becomes {measure.becomes}, which is a {kind}; a mapping fills numbers, what else was sent stays in bronze."
    elif measure.lookup:
        if not reference.exists(measure.lookup):
            yield f"is looked up in {measure.lookup}, which is not in contracts/reference."
    elif (unit := wanted[measure.becomes]) and (said := unit_finding(measure.unit, unit)):
        yield f"becomes {measure.becomes}{said}"
