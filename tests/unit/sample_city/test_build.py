"""A whole build, read back from its files: the same bytes twice, a truth for every record, a log for every error."""

import json
import os
import subprocess
import sys
from collections import Counter

import pytest
from typer.testing import CliRunner

from lakehouse.settings import settings
from sample_city._cli import app
from sample_city.extract import sources
from sample_city.people import DEAD
from sample_city.views.insurance import health_insurance
from tests.support.sample_city import REFERENCE, build, content_digest, notes, office, records, text, truth

PINNED = "ba340a06950aea3a5261e92e27e9e0fd3b5f2fb3898fb067b6a7af6444dda4fd"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return build(tmp_path_factory.mktemp("city") / "default")


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    return build(tmp_path_factory.mktemp("city") / "clean", defects="none")


@pytest.fixture(scope="module")
def heavy(tmp_path_factory):
    return build(tmp_path_factory.mktemp("city") / "heavy", defects="heavy")


def test_twice_the_same_bytes(built, tmp_path) -> None:
    again = build(tmp_path / "again")
    files = sorted(p.relative_to(built) for p in built.rglob("*") if p.is_file())
    assert files == sorted(p.relative_to(again) for p in again.rglob("*") if p.is_file())
    assert [f for f in files if (built / f).read_bytes() != (again / f).read_bytes()] == []


def test_content_is_pinned(built) -> None:
    """Changes whenever the city changes; then the change belongs into the changelog and this value is renewed."""
    assert content_digest(built) == PINNED


def test_another_processor_writes_the_same(built, tmp_path) -> None:
    """A process of its own, without vector instructions, which may change the last bit of exponentials, and another hash seed."""
    code = f"from pathlib import Path; from tests.support.sample_city import build; build(Path({str(tmp_path / 'plain')!r}))"
    plain = os.environ | {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4", "PYTHONHASHSEED": "5", "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, env=plain, cwd=settings().checkout)
    assert content_digest(tmp_path / "plain") == content_digest(built)


def test_another_seed_has_the_same_totals_and_other_content(built, tmp_path) -> None:
    other = build(tmp_path / "other", seed=8)
    assert content_digest(other) != content_digest(built)
    for name in ("persons", "households", "addresses"):
        assert len(truth(other, name)) == len(truth(built, name))
    rows = [json.loads((f / "SYNTHETIC.json").read_text("utf-8"))["rows"] for f in (built, other)]
    large = [s for s, n in rows[0].items() if n >= 1_000]
    assert len(large) >= 6
    assert all(abs(rows[1][s] / rows[0][s] - 1) < 0.05 for s in large)


@pytest.mark.parametrize("which", ["built", "clean", "heavy"])
def test_truth_covers_every_record(which, request) -> None:
    """The rows read from the files are the rows that the truth knows, each with the entity it is about."""
    folder = request.getfixturevalue(which)
    about: dict[str, Counter] = {}
    for row in truth(folder, "record_entity"):
        about.setdefault(row["file"], Counter())[row["row_no"]] += row["role"] in ("self", "event")
    delivered = notes(folder)
    for note in delivered:
        found = records(note)
        assert len(found) == note["rows"], note["file"]
        assert about.get(note["file"], Counter()) == Counter(dict.fromkeys(found, 1)), note["file"]
    assert set(about) <= {n["file"] for n in delivered}


def test_every_file_and_row_says_synthetic(built) -> None:
    for note in notes(built):
        assert note["file"].startswith("SYN_")
        assert note["data_origin"] == "synthetic"
        for number, row in records(note).items():
            assert "synthetic" in row, (note["file"], number)
        if note["path"].suffix in (".csv", ".txt", ".gz", ".json", ".xml", ".geojson"):
            assert "SYNTHETIC 合成数据" in text(note["path"])[:400]


def test_a_clean_city_has_no_defect(clean) -> None:
    assert not (clean / "truth" / "defects.parquet").exists() or truth(clean, "defects") == []


def test_every_difference_to_the_clean_city_is_logged_once(built, clean) -> None:
    """Fields that differ from the clean build are the logged ones, with both values; no more, no less."""
    log = [d for d in truth(built, "defects") if d["row_no"] > 0]
    logged = {(d["file"], d["row_no"], d["field"]): d for d in log}
    assert len(logged) == len(log)
    reshaped = {d["file"] for d in truth(built, "defects") if d["row_no"] == 0 and d["defect_id"] in ("D16", "D18")}
    clean_notes = {n["file"]: n for n in notes(clean)}
    compared_files, differences = 0, 0
    for note in notes(built):
        if note["file"] not in clean_notes or note["agreed"]["format"] == "geojson" or note["file"] in reshaped:
            continue
        compared_files += 1
        fields = list(sources()[note["source"]].columns)
        wrong, right = records(note), records(clean_notes[note["file"]])
        implanted = {n for n in wrong if logged.get((note["file"], n, "status_code"), {}).get("defect_id") == "D21"}
        copies = {n for n in wrong if (note["file"], n, "") in logged}
        kept = [n for n in sorted(wrong) if n not in implanted and n not in copies]
        assert len(kept) == len(right), note["file"]
        for n, good in zip(kept, (right[k] for k in sorted(right)), strict=True):
            for field, is_, should in zip(fields, wrong[n], good, strict=False):
                entry = logged.pop((note["file"], n, field), None)
                if field in ("lon", "lat"):
                    entry = logged.get((note["file"], n, "lon,lat"))
                    assert (entry is not None) or is_ == should
                    continue
                assert (is_ != should) == (entry is not None), (note["file"], n, field, is_, should)
                if entry:
                    differences += 1
                    assert (entry["true_value"], entry["injected_value"]) == (should, is_)
    assert compared_files > 60 and differences > 1_500


def test_the_address_of_a_record_is_the_one_its_text_names(built) -> None:
    """Also where the text is outdated (D11); shortened and garbled texts, and copies of such rows, apart."""
    texts = {a["address_no"]: a["address_text"] for a in truth(built, "addresses")}
    spoilt = {(d["file"], d["row_no"]) for d in truth(built, "defects") if d["defect_id"] in ("D10", "D12", "D15")}
    named = {(r["file"], r["row_no"]): r["entity_no"] for r in truth(built, "record_entity") if r["role"] == "address"}
    compared = 0
    for note in notes(built):
        fields = list(sources()[note["source"]].columns)
        if "address_text" not in fields or note["source"] == "nr_addresses" or note["agreed"]["format"] == "workbook":
            continue
        for number, row in records(note).items():
            if (note["file"], number) not in spoilt:
                assert row[fields.index("address_text")] == texts[named[note["file"], number]]
                compared += 1
    assert compared > 15_000


def test_a_repeated_row_repeats_the_row_that_is_named(heavy) -> None:
    copies: dict[str, list[dict]] = {}
    for entry in (d for d in truth(heavy, "defects") if d["defect_id"] == "D10"):
        copies.setdefault(entry["file"], []).append(entry)
    for note in (n for n in notes(heavy) if n["file"] in copies):
        rows = records(note)
        assert all(rows[c["row_no"]] == rows[int(c["true_value"])] for c in copies[note["file"]])
    assert sum(map(len, copies.values())) > 300


def test_heavy_has_every_kind_of_the_registers(heavy) -> None:
    """D22 and D23 concern sensors and requests; D21 needs more deaths than this city has."""
    kinds = {d["defect_id"] for d in truth(heavy, "defects")} | {"D21"}
    assert kinds == {f"D{n:02d}" for n in range(1, 27)} - {"D22", "D23"}


def test_insurance_after_death_befalls_the_dead_alone() -> None:
    """D21 at five times 0.5 % of 290 deaths: between 1 and 20 rows (binomial, p < 0.001 outside)."""
    view, source = office(10, "heavy"), sources()["hsa_insurance"]
    made = health_insurance(view, source, REFERENCE, REFERENCE - 30)
    (implant,) = made.implanted
    people = view.city.people
    persons = people.row(made.key[implant.rows])
    assert 1 <= len(persons) <= 20
    assert (people.kind[persons] == DEAD).all()
    assert implant.defect == "D21"


def test_the_police_register_balances(clean) -> None:
    """Opening extract, with the daily changes applied, is the closing extract."""
    files = {n["file"]: n for n in notes(clean) if n["source"].startswith("psb_residents")}
    ordered = sorted(files)
    full = [f for f in ordered if "full" in f]
    state = {row[1]: row[1:] for row in records(files[full[0]]).values()}
    for name in (f for f in ordered if "delta" in f):
        for row in records(files[name]).values():
            if row[9] in ("8", "9"):
                del state[row[1]]
            else:
                state[row[1]] = row[1:]
    assert state == {row[1]: row[1:] for row in records(files[full[1]]).values()}


def test_identifiers_carry_no_real_division(built) -> None:
    for note in notes(built):
        places = [
            i for i, f in enumerate(sources()[note["source"]].columns) if (f.endswith("_no") and "citizen" in f) or f == "uscc"
        ]
        for row in records(note).values():
            for value in (row[i] for i in places):
                assert "330122" not in value


def run_cli(*words: str):
    return CliRunner().invoke(app, ["build", *words])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--scale", "0.013"), "hundredths of the county"),
        (("--preset", "seed1900"), "there is no such preset"),
        (("--days", "400"), "give 1 to 365"),
        (("--defects", "many"), "there are none, default, heavy"),
    ],
)
def test_wrong_orders_are_refused_in_a_sentence(tmp_path, words, sentence) -> None:
    result = run_cli("--out", str(tmp_path / "new"), *words)
    assert isinstance(result.exception, ValueError) and sentence in str(result.exception)
    assert not (tmp_path / "new").exists()


def test_a_folder_with_files_is_not_overwritten(tmp_path) -> None:
    (tmp_path / "kept.txt").write_text("mine")
    result = run_cli("--out", str(tmp_path))
    assert "holds files already" in str(result.exception)
    assert [p.name for p in tmp_path.iterdir()] == ["kept.txt"]


def test_truth_is_not_written_into_the_lake(home) -> None:
    result = run_cli("--out", str(home / "city"))
    assert "inside the lake's home" in str(result.exception)
