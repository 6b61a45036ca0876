"""Match probabilities by the model of Fellegi and Sunter (1969), estimated and applied by Splink on DuckDB.

Chances of agreement among strangers (u) come from all pairs of a sample of different entities, those within one entity (m)
from expectation maximisation. Samples are drawn by profile number, which depends on content alone, and estimation runs on one
thread, so that neither the order of rows nor the machine changes a probability.
"""

import contextlib
import logging
import math
from typing import Any

import duckdb
import pyarrow as pa
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from transforms.entity_resolution.linkage.rules import LinkageRules

logging.getLogger("splink").setLevel(logging.ERROR)  # a level that no pair reached is no news: its chance is stated in the rules
Model = dict[str, Any]
LEAST = 1e-6
NO_PAIRS = pa.table({"left": pa.nulls(0, pa.int64()), "right": pa.nulls(0, pa.int64()), "probability": pa.nulls(0, pa.float64())})


def train(engine: duckdb.DuckDBPyConnection, rules: LinkageRules, has_keys: bool) -> Model:
    """Splink's settings with estimated m and u, learned from the table `profiles` (with `grp`)."""
    asked = rules.training
    engine.execute("set threads = 1")
    sample = (
        "create or replace table {name} as select * from profiles where grp in (select grp from "
        "(select distinct grp from profiles) order by hash(grp * 2654435761 + {seed}) limit {groups}) order by profile"
    )
    engine.execute(sample.format(name="trained", seed=asked.seed, groups=asked.em_profiles))
    engine.execute(sample.format(name="strangers", seed=asked.seed + 1, groups=asked.u_profiles))
    engine.execute("create or replace table strangers as select distinct on (grp) * from strangers order by grp, profile")
    model = _settings(rules, _prior(engine, rules, has_keys)).create_settings_dict("duckdb")
    linker = _linker(engine, "strangers", model)
    pairs = asked.u_profiles * asked.u_profiles
    linker.training.estimate_u_using_random_sampling(pairs, seed=asked.seed, min_count_per_level=None, num_chunks=1)
    linker = _linker(engine, "trained", linker.misc.save_model_to_json())
    for columns in filter(lambda block: _has_pairs(engine, block), asked.em_blocks):
        with contextlib.suppress(ValueError):  # of a sample so small that a chance becomes zero nothing is learned
            linker.training.estimate_parameters_using_expectation_maximisation(
                block_on(*columns), estimate_without_term_frequencies=True
            )
    trained = _possible(linker.misc.save_model_to_json())
    engine.execute("reset threads; drop table trained; drop table strangers")
    return trained


def _has_pairs(engine: duckdb.DuckDBPyConnection, columns: tuple[str, ...]) -> bool:
    """Whether there is anything to learn from; before that, Splink's own starting values stand."""
    keys, present = ", ".join(columns), " and ".join(f"{column} is not null" for column in columns)
    found = engine.sql(f"select {keys} from trained where {present} group by {keys} having count(*) > 1 limit 1")
    return bool(found.fetchall())


def _possible(model: Model) -> Model:
    """The model with no chance below LEAST: what no pair of a small sample showed is rare, not impossible."""
    for comparison in model["comparisons"]:
        for level in comparison["comparison_levels"]:
            for chance in {"m_probability", "u_probability"} & level.keys():
                level[chance] = max(level[chance], LEAST)
    return model


def score(engine: duckdb.DuckDBPyConnection, model: Model, keep: float) -> pa.Table:
    """left, right, probability of the pairs in table `candidates` that reach `keep`; by probability, then by profile."""
    linker = _linker(engine, "profiles", model)
    linker.table_management.register_blocked_pairs_for_predict(linker._db_api.register("candidates"))
    found = linker.inference.predict(threshold_match_probability=max(keep, 1e-9), warning_mode="never")
    return engine.sql(
        f"select profile_l as left, profile_r as right, round(match_probability, 9) as probability "
        f"from {found.physical_name} order by 3 desc, 1, 2"
    ).to_arrow_table()


def _prior(engine: duckdb.DuckDBPyConnection, rules: LinkageRules, has_keys: bool) -> float:
    """Chance that two profiles drawn at random are one entity: one in so many entities, where keys tell them.

    Elsewhere by the pairs that the rules' `prior_equal` find, divided by their assumed recall.
    """
    profiles, groups = engine.sql("select count(*), count(distinct grp) from profiles").fetchall()[0]
    if has_keys:
        return 1 / max(groups, 2)
    keys = [" and ".join(f"l.{c} = r.{c}" for c in columns) for columns in rules.training.prior_equal]
    found = " union ".join(
        f"select l.profile, r.profile from profiles l join profiles r on {key} and l.profile < r.profile" for key in keys
    )
    agreeing = engine.sql(f"select count(*) from ({found})").fetchall()[0][0]
    return min(0.5, max(agreeing, 1) / rules.training.recall / math.comb(profiles, 2))


def _settings(rules: LinkageRules, prior: float) -> SettingsCreator:
    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="profile",
        comparisons=list(rules.comparisons),
        blocking_rules_to_generate_predictions=[block_on("profile")],
        probability_two_random_records_match=prior,
        retain_matching_columns=False,
    )


def _linker(engine: duckdb.DuckDBPyConnection, table: str, model: Model) -> Linker:
    api = DuckDBAPI(engine)
    return Linker(api.register(table), model, validate_settings=False, log_level=None)
