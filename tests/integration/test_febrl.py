"""FEBRL's benchmark of record linkage: the threshold of each data set is chosen on the truth of the other two."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from quality.linkage.measures import accuracy
from quality.linkage.thresholds import choose, curve
from transforms.entity_resolution.linkage import Linkage, link, load_rules

RULES = load_rules(Path(__file__).parents[1] / "data" / "febrl" / "linkage-febrl.yaml")
SETS = (1, 2, 3)
pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Benchmark:
    """A data set with its linkage at the rules' own threshold, and the truth of the pairs that it scored."""

    records: pa.Table
    linkage: Linkage
    probability: np.ndarray
    is_match: np.ndarray
    true_pairs: int


@pytest.fixture(scope="module")
def benchmarks(reference_data) -> dict[int, Benchmark]:
    return {number: benchmark(reference_data / "record_linkage" / "febrl" / f"dataset{number}.csv") for number in SETS}


def benchmark(path: Path) -> Benchmark:
    """As it is published: a blank follows each comma, and empty is missing."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [{key: value or None for key, value in row.items()} for row in csv.DictReader(file, skipinitialspace=True)]
    records = pa.Table.from_pylist([{"mention_id": row.pop("rec_id"), **row} for row in rows])
    found = link(records, RULES)
    pairs = found.pairs.filter(pc.equal(found.pairs["method"], "probabilistic"))
    same = pc.equal(persons(pairs["left_id"]), persons(pairs["right_id"]))
    counts = pc.value_counts(persons(records["mention_id"])).field("counts").to_numpy()
    true_pairs = int((counts * (counts - 1) // 2).sum())
    return Benchmark(records, found, pairs["match_probability"].to_numpy(), same.to_numpy(), true_pairs)


def persons(mention_ids: pa.ChunkedArray) -> pa.ChunkedArray:
    """The truth: `rec-223-org` and `rec-223-dup-0` are person 223."""
    return pc.struct_field(pc.extract_regex(mention_ids, r"^rec-(?P<person>\d+)-"), "person")


@pytest.mark.parametrize("number, least", [(1, 0.99), (2, 0.99), (3, 0.985)])
def test_f1_with_the_threshold_of_the_other_sets(benchmarks, number, least):
    others = [found for other, found in benchmarks.items() if other != number]
    probability, is_match = (np.concatenate([getattr(o, c) for o in others]) for c in ("probability", "is_match"))
    chosen = choose(curve(probability, is_match, sum(o.true_pairs for o in others)), false_link=1)
    limits = RULES.thresholds.model_copy(update={"link": chosen.threshold, "review": min(chosen.threshold, 0.9)})
    here = benchmarks[number]
    found = link(here.records, RULES.model_copy(update={"thresholds": limits}), model=here.linkage.model).clusters
    measured = accuracy(found["cluster"], persons(found["mention_id"]))
    print(f"FEBRL {number}: {chosen.words(1, 1)} Here: F1 {measured.f1:.4f} ({measured.precision:.4f}, {measured.recall:.4f}).")
    assert measured.f1 >= least


@pytest.mark.parametrize("number, least", [(1, 0.99), (2, 0.99), (3, 0.985)])
def test_f1_with_the_threshold_of_the_registers(benchmarks, number, least):
    """0.99, as for persons and enterprises: it comes from no data."""
    found = benchmarks[number].linkage.clusters
    assert accuracy(found["cluster"], persons(found["mention_id"])).f1 >= least
