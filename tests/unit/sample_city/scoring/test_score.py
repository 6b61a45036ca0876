"""Scoring against registers that are right by construction, and against single errors put into them by hand."""

import json
from collections import defaultdict
from itertools import combinations

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from lakehouse import tables
from quality.linkage import scores as kept
from sample_city._cli import app
from sample_city.scoring import joined
from sample_city.scoring import score as scoring
from tests.support import scored_lake
from tests.support.sample_city import build, notes


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return build(tmp_path_factory.mktemp("city") / "default")


@pytest.fixture(scope="module")
def made(city, tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    with scored_lake.living_in(folder):
        scored_lake.make(city)
    return folder


@pytest.fixture
def lake(home, city, made):
    """A copy of the lake, so that each test may spoil its own."""
    scored_lake.copied(made)
    return city


def scored(city) -> scoring.Scored:
    return scoring.score(city / "truth", lambda _: None)


def figure(found: scoring.Scored, kind: str, measure: str, by: str | None = None, group: str | None = None) -> dict:
    wanted = (kind, measure, by, group, None)
    columns = ("kind", "measure", "subgroup_by", "subgroup", "attribute")
    (row,) = [r for r in found.scores if tuple(r.get(c) for c in columns) == wanted]
    return row


def test_a_right_register_scores_one_in_every_measure(lake):
    found = scored(lake)
    for kind in ("person", "enterprise"):
        for measure in ("precision", "recall", "f1", "bcubed_recall", "across_sources_precision", "across_sources_recall"):
            assert figure(found, kind, measure)["value"] == 1.0
    assert figure(found, "person", "precision")["n"] > 20_000
    assert {r["value"] for r in found.scores if r["measure"] == "survivorship_accuracy"} == {1.0}


def test_pairs_across_registers_and_by_township_are_those_counted_by_hand(lake):
    """Twenty persons lose their records of health files, forty pairs of persons are taken for one."""
    mentions = tables.read("silver.mentions__persons").to_pylist()
    xref = dict(zip(*(tables.read("silver.xref__persons")[c].to_pylist() for c in ("mention_id", "entity_id")), strict=True))
    persons = sorted(set(xref.values()))
    lost = {m["mention_id"] for m in mentions if "health_index" in m["source_code"] and xref[m["mention_id"]] in persons[:200:10]}
    merged = dict(zip(persons[1000:1040], persons[1040:1080], strict=True))
    moves = {m: "lost" + m for m in lost} | {m: merged[e] for m, e in xref.items() if e in merged}
    scored_lake.relink("persons", moves)
    found = scored(lake)
    register = {m["mention_id"]: m["source_code"].removesuffix("_full").removesuffix("_delta") for m in mentions}
    expected = by_pairs(xref, {m: moves.get(m, e) for m, e in xref.items()}, lambda a, b: True)
    across = by_pairs(xref, {m: moves.get(m, e) for m, e in xref.items()}, lambda a, b: register[a] != register[b])
    for prefix, (precision, recall) in (("", expected), ("across_sources_", across)):
        assert figure(found, "person", f"{prefix}precision")["value"] == pytest.approx(precision, abs=1e-12)
        assert figure(found, "person", f"{prefix}recall")["value"] == pytest.approx(recall, abs=1e-12)
    assert expected[0] < 1 and expected[1] < 1 and across != expected
    townships = [r for r in found.scores if (r["kind"], r["measure"], r.get("subgroup_by")) == ("person", "recall", "township")]
    assert len(townships) == 14 and all(r["low"] <= r["value"] <= r["high"] for r in townships)


def by_pairs(true: dict[str, str], cluster: dict[str, str], counts) -> tuple[float, float]:
    """Precision and recall over pairs, made one by one."""
    together, same = (pairs(of, counts) for of in (cluster, true))
    return len(together & same) / len(together), len(together & same) / len(same)


def pairs(of: dict[str, str], counts) -> set[tuple[str, str]]:
    groups = defaultdict(list)
    for mention, group in of.items():
        groups[group].append(mention)
    return {pair for members in groups.values() for pair in combinations(sorted(members), 2) if counts(*pair)}


def test_records_that_the_register_left_out_lower_the_coverage_only(lake):
    mentions, xref = (tables.read(f"silver.{n}__enterprises") for n in ("mentions", "xref"))
    for name, rows in (("mentions", mentions), ("xref", xref)):
        tables.replace(f"silver.{name}__enterprises", rows.slice(10))
    found = scored(lake)
    landed = figure(found, "enterprise", "coverage")
    assert landed["n"] == mentions.num_rows and landed["value"] == pytest.approx(1 - 10 / mentions.num_rows)
    assert figure(found, "enterprise", "recall")["value"] == 1.0


def test_golden_values_are_held_against_the_truth_in_clear(lake):
    golden = tables.read("silver.entity__persons")
    births = golden["birth_date"].to_pylist()
    wrong = [b.replace(year=b.year + 1, day=1) if n < 30 else None if n < 50 else b for n, b in enumerate(births)]
    place = golden.schema.get_field_index("birth_date")
    tables.replace("silver.entity__persons", golden.set_column(place, "birth_date", pa.array(wrong, pa.date32())))
    found = {(r["attribute"], r["measure"]): r for r in scored(lake).scores if r["measure"].startswith("survivorship")}
    accuracy, filled = found["birth_date", "survivorship_accuracy"], found["birth_date", "survivorship_filled"]
    assert accuracy["value"] == pytest.approx(1 - 30 / accuracy["n"]) and accuracy["n"] == filled["n"] - 20
    assert found["citizen_no", "survivorship_accuracy"]["value"] == 1.0


def event(number: int, kind: str, entity: str, from_ids: str) -> dict:
    return {"event_no": number, "event": kind, "entity_id": entity, "from_ids": from_ids}


def log(events: list[dict]) -> None:
    tables.replace("silver.identity_log__persons", pa.Table.from_pylist(events))


def test_ids_that_change_without_an_event_are_churn(lake):
    xref = tables.read("silver.xref__persons")
    ids = sorted(set(xref["entity_id"].to_pylist()))
    log([event(1, "MERGE", ids[3], f"{ids[4]},{ids[3]}")])  # before the scoring: no excuse for what changes after it
    scored(lake)
    by_id = defaultdict(list)
    for mention, entity in zip(xref["mention_id"].to_pylist(), xref["entity_id"].to_pylist(), strict=True):
        by_id[entity].append(mention)
    moves = {ids[0]: ids[0] + "x", ids[1]: ids[2], ids[3]: ids[4]}
    scored_lake.relink("persons", {m: new for old, new in moves.items() for m in by_id[old]})
    log([event(1, "MERGE", ids[3], f"{ids[4]},{ids[3]}"), event(2, "MERGE", ids[1], f"{ids[2]},{ids[1]}")])
    churn = figure(scored(lake), "person", "id_churn")
    assert churn["value"] == pytest.approx(2 / len(ids)) and churn["n"] == len(ids)


def test_rows_carry_the_run_and_the_versions_of_the_tables(lake):
    found = scored(lake)
    rows = tables.read(kept.SCORES).to_pylist()
    assert {(r["seed"], r["scale"], r["files"]) for r in rows} == {(7, 0.01, found.run.files)}
    assert {r["rule_version"] for r in rows if r["kind"] == "person"} == {scored_lake.RULES}
    assert json.loads(rows[0]["table_versions"])["silver.xref__persons"] == 0
    assert len(rows) == len(found.scores) and tables.read(kept.CATCHES).num_rows == len(found.catches)


def test_the_command_shows_the_figures_and_ends_with_the_gates_verdict(lake):
    result = CliRunner().invoke(app, ["score", "--truth", str(lake / "truth")], env={"COLUMNS": "160"})
    assert result.exit_code == 1
    assert "person" in result.output and "1.00000" in result.output
    assert "precision of address records was not measured" in result.output


def test_wrong_orders_are_refused_in_a_sentence(home, city, tmp_path):
    def refusal(folder) -> str:
        return str(CliRunner().invoke(app, ["score", "--truth", str(folder)]).exception)

    assert "no truth of a built city" in refusal(tmp_path)
    assert "has been delivered" in refusal(city / "truth")
    other = build(tmp_path / "other", seed=8)
    scored_lake.deliver(next(n for n in notes(city) if n["source"] == "edu_enrolments"))
    assert "has been delivered" in refusal(other / "truth")
    assert "no register of persons yet" in refusal(city / "truth")


def test_the_card_tells_what_each_threshold_costs(lake, tmp_path):
    """Ten scored pairs: six belong together, one of them below the threshold, and one pair at 0.995 does not. One person more
    lies in two clusters though no pair of them was scored."""
    xref = tables.read("silver.xref__persons").to_pylist()
    by_entity = defaultdict(list)
    for row in xref:
        by_entity[row["entity_id"]].append(row["mention_id"])
    people = [m for _, m in sorted(by_entity.items()) if len(m) > 1][:20]
    same = [(m[0], m[1]) for m in people[:6]]
    other = [(a[0], b[0]) for a, b in zip(people[6:10], people[10:14], strict=True)]
    probability = [0.999, 0.999, 0.998, 0.997, 0.992, 0.95, 0.995, 0.93, 0.7, 0.6]
    rows = [
        {"left_id": a, "right_id": b, "method": "probabilistic", "match_probability": p, "is_linked": p >= 0.99}
        for (a, b), p in zip(same + other, probability, strict=True)
    ]
    tables.replace("silver.match_pairs__persons", pa.Table.from_pylist(rows))
    scored_lake.relink("persons", {same[5][1]: "apart", people[15][1]: "unscored"})
    CliRunner().invoke(app, ["score", "--truth", str(lake / "truth"), "--cards", str(tmp_path)])
    card = (tmp_path / "linkage_persons.md").read_text("utf-8")
    lines = {line.split(" | ")[0]: line for line in card.splitlines() if line.startswith("| 0")}
    assert lines["| 0.99"] == "| 0.99 | 0.8333 | 0.7143 | 0.7692 | 1 | 2 | 12 |"
    assert lines["| 0.5"] == "| 0.5 | 0.6000 | 0.8571 | 0.7059 | 4 | 1 | 41 |"
    assert lines["| 0.999"] == "| 0.999 | 1.0000 | 0.2857 | 0.4444 | 0 | 5 | 5 |"
    assert "Link at 0.9970 or more" in card and "cost 3." in card
    kept_rows = {row["threshold"]: row for row in tables.read(kept.CURVES).to_pylist() if row["kind"] == "person"}
    costs = {t: (row["false_links"], row["missed_links"], row["cost"], row["is_in_force"]) for t, row in kept_rows.items()}
    assert (costs[0.99], costs[0.5]) == ((1, 2, 12.0, True), (4, 1, 41.0, False))
    assert min(kept_rows.values(), key=lambda row: row["cost"])["threshold"] == 0.997


def errors(city, defect: str, source: str) -> list[str]:
    """Mentions of the persons whom the rows with a defect are about."""
    query = (
        "select distinct l.record_id || '#self' from truth.defects d join landed l using (source, file, row_no) "
        "where d.defect_id = $defect and d.source like $source and d.field in ('address_text', 'citizen_no') order by 1"
    )
    with joined.opened(city / "truth") as connection:
        return [m for (m,) in connection.execute(query, {"defect": defect, "source": source}).fetchall()]


def test_links_and_conflicts_catch_what_no_row_can_show(lake):
    """Of the records of persons whose outdated address one source holds, three have a conflict that says so; of those without a
    number, two are linked to nobody; a conflict about a number concerns all records of the person."""
    said = {r["mention_id"]: r for r in tables.read("silver.xref__persons").to_pylist()}
    outdated, unnumbered = (errors(lake, defect, "hc_health_index") for defect in ("D11", "D05"))
    doubled = errors(lake, "D09", "%")
    same = {"attribute": "usual_address", "kind": "values", "is_chosen": False, "source_code": said[outdated[0]]["source_code"]}
    rows = [same | {"entity_id": said[m]["entity_id"], "mention_id": m} for m in outdated[:3]]
    rows.append(rows[0] | {"attribute": "phone", "entity_id": said[outdated[5]]["entity_id"], "mention_id": outdated[5]})
    number = {"attribute": "citizen_no", "kind": "two_numbers", "source_code": "another", "mention_id": "another#self"}
    rows += [rows[0] | number | {"entity_id": said[m]["entity_id"]} for m in doubled]
    tables.replace("silver.conflict__persons", pa.Table.from_pylist(rows))
    scored_lake.relink("persons", {m: f"alone {m}" for m in unnumbered[:2]})
    found = {(c["defect_id"], c["field"]): c for c in scored(lake).catches}
    assert found["D11", "address_text"]["caught_by"] == "usual_address (3)"
    assert doubled and found["D09", "citizen_no"]["caught_by"] == "citizen_no (2)"  # of one person, in two extracts
    assert found["D05", "citizen_no"]["missed"] == 2 and found["D05", "citizen_no"]["caught_by"].startswith("exact (")
