"""Persons of two registers joined: exact, by rule and by probability, and a delta of one in a hundred; plain Splink beside.

The peer gets the same normalised columns, the same comparisons and the same blocking rules, with the number as one more of
each: it scores all pairs of records, where ours makes profiles and joins equal numbers first.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks import person_records
from benchmarks.measure import Claim, Timing, in_child, ratio, serve, show, surroundings
from quality.linkage.measures import accuracy
from transforms.entity_resolution.linkage import Linkage, leave_keys, link, rules_of, shares, touched
from transforms.entity_resolution.linkage.normalise import encode

OURS, DELTA, PEER = "ours", "ours, a delta of 1 %", "plain Splink"
SEED = 7
SECRET = b"of this benchmark"
NUMBER = {
    "output_column_name": "citizen_no",
    "comparison_levels": [
        {"sql_condition": "citizen_no_l is null or citizen_no_r is null", "label_for_charts": "missing", "is_null_level": True},
        {
            "sql_condition": "citizen_no_l = citizen_no_r",
            "label_for_charts": "same",
            "u_probability": 1e-9,
            "fix_u_probability": True,
        },
        {"sql_condition": "ELSE", "label_for_charts": "different"},
    ],
}


def run(persons: int, repeats: int) -> bool:
    """Make the records, measure each way in a process of its own; whether the targets are met."""
    timings: dict[str, Timing] = {}
    with tempfile.TemporaryDirectory(prefix="lake-bench-") as scratch:
        folder = Path(scratch)
        pq.write_table(person_records.mentions(persons, SEED), folder / "mentions.parquet")
        environment = surroundings(folder, folder)
        for name in (OURS, DELTA, PEER):
            timings[name], found = in_child("benchmarks.linkage", name, folder, repeats, environment)
            print(f"{name}: {found}", flush=True)
    return show(f"linkage: {persons:,} persons, {2 * persons:,} records", timings, claims(timings))


def claims(timings: dict[str, Timing]) -> list[Claim]:
    return [
        Claim(f"{OURS}, seconds", timings[OURS].steady.wall_s, 60),
        Claim(f"{OURS}, peak GB", timings[OURS].peak_mb / 1000, 2),
        ratio(timings, DELTA, OURS, 0.1),
        ratio(timings, PEER, OURS, 1, at_least=True),
    ]


def ours(folder: Path) -> Callable[[], dict[str, float]]:
    rules, records = rules_of("persons"), pq.read_table(folder / "mentions.parquet")
    truth, records = records["entity_no"], records.drop_columns(["entity_no"])
    return lambda: _told(link(records, rules), records, truth)


def delta(folder: Path) -> Callable[[], dict[str, float]]:
    """One record in a hundred is new. The others were linked before and left their keys, which is not measured."""
    rules, records = rules_of("persons"), pq.read_table(folder / "mentions.parquet").drop_columns(["entity_no"])
    new, held = records.slice(0, records.num_rows // 100), records.slice(records.num_rows // 100)
    before = link(held, rules)
    place = pc.index_in(held["mention_id"], value_set=before.clusters["mention_id"].combine_chunks())
    entity = pc.cast(pc.take(before.clusters["cluster"], place), pa.string())
    keys, entities = leave_keys(held, entity, rules, SECRET), pc.count_distinct(entity).as_py()

    def work() -> dict[str, float]:
        meets = pc.is_in(entity, value_set=touched(new, keys, rules, SECRET))
        given = pa.concat_tables([held.filter(meets), new])
        known = pa.table({"mention_id": held["mention_id"].filter(meets), "entity_id": entity.filter(meets)})
        after = link(given, rules, known, model=before.model, common=shares(given, keys, entities, rules, SECRET))
        return {"records": given.num_rows, "clusters": pc.count_distinct(after.clusters["cluster"]).as_py()}

    return work


def peer(folder: Path) -> Callable[[], dict[str, float]]:
    records = pq.read_table(folder / "mentions.parquet")
    truth, records = records["entity_no"], records.drop_columns(["entity_no"])
    return lambda: _plain_splink(records, truth)


def _plain_splink(records: pa.Table, truth: pa.ChunkedArray) -> dict[str, float]:
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    rules, engine = rules_of("persons"), duckdb.connect()
    engine.execute("create macro one_character(a, b) as damerau_levenshtein(a, b) <= 3 and length(a) = length(b)")
    rows = range(records.num_rows)
    columns = {k: v for column in encode(records, rules).values() for k, v in column.at(pa.array(rows).to_numpy()).items()}
    engine.register("records", pa.table(columns | {"profile": pa.array(rows)}))
    compared = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="profile",
        comparisons=[NUMBER, *rules.comparisons],
        blocking_rules_to_generate_predictions=[block_on("citizen_no"), *(block_on(*b.equal) for b in rules.blocking)],
        probability_two_random_records_match=1 / records.num_rows,
    )
    linker = Linker(DuckDBAPI(engine).register("records"), compared, log_level=None)
    linker.training.estimate_u_using_random_sampling(rules.training.u_profiles**2 / 2, seed=rules.training.seed)
    for block in (("citizen_no",), ("name", "birth_date")):
        linker.training.estimate_parameters_using_expectation_maximisation(
            block_on(*block), estimate_without_term_frequencies=True
        )
    pairs = linker.inference.predict(threshold_match_probability=rules.thresholds.link)
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, rules.thresholds.link)
    found = engine.sql(f"select cluster_id, profile from {clusters.physical_name} order by profile").to_arrow_table()
    return _measured(found["cluster_id"], truth)


def _told(found: Linkage, records: pa.Table, truth: pa.ChunkedArray) -> dict[str, float]:
    place = pc.index_in(records["mention_id"], value_set=found.clusters["mention_id"].combine_chunks())
    return _measured(pc.take(found.clusters["cluster"], place), truth)


def _measured(cluster: pa.ChunkedArray, truth: pa.ChunkedArray) -> dict[str, float]:
    found = accuracy(cluster, truth)
    return {"precision": round(found.precision, 5), "recall": round(found.recall, 5), "clusters": found.clusters}


if __name__ == "__main__":
    serve({OURS: ours, DELTA: delta, PEER: peer})
