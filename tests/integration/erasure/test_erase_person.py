"""A person erased from a small city: killed in the middle, begun again, delivered again, brought back by an older backup."""

import base64
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from erasure import person, run
from ingestion.batch import receipt
from ingestion.batch.answers import answer
from ingestion.batch.statement import Statement
from ingestion.batch.tree import noted
from lakehouse import cli, tables, vault
from lakehouse.settings import settings
from quality.reconcile import reconcile
from tests.support.erased_city import files_with, landed, silver
from tests.support.scored_lake import copied, living_in
from transforms.entity_resolution import identity_log
from transforms.entity_resolution import stage as registers

CLOCK = "2014-12-31T23:00:00+08:00"
KILLED = """
import os, signal
from lakehouse import cli, tables
replace, left = tables.replace, [6]
def dying(*arguments):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(*arguments)
tables.replace = dying
cli.call("erase", "person", "{person}", "--reason", "test")
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """The city and its lake, made once."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch, living_in(folder):
        patch.setenv("LAKE_AS_OF", CLOCK)
        settings.cache_clear()
        landed(folder / "city")
    return folder


@pytest.fixture
def city(made, home, tmp_path, monkeypatch) -> Path:
    """A copy of the lake for one test, and the files that were delivered."""
    monkeypatch.setenv("LAKE_HOME", str(tmp_path / "lake"))
    monkeypatch.setenv("LAKE_AS_OF", CLOCK)
    settings.cache_clear()
    copied(made)
    return made / "city" / "extracts"


def busiest(role: str) -> str:
    """The person of most sources among those who have the role somewhere."""
    with tables.duck("silver.xref__persons", "silver.mentions__persons") as base:
        asked = """
        select entity_id from silver.xref__persons x join silver.mentions__persons m using (mention_id) where x.valid_to is null
        group by entity_id having list_contains(list(m.role), ?)
        order by count(distinct m.dataset || m.role) desc, entity_id limit 1
        """
        return base.execute(asked, [role]).fetchone()[0]


def figures() -> list[tuple]:
    """Persons by division, sex and year of birth, and how they count."""
    golden = tables.read("silver.entity__persons", filters=pc.field("valid_to").is_null())
    return duckdb.from_arrow(golden).query(
        "golden",
        "select registered_division_code, sex_code, year(birth_date), is_registered, is_usual_resident, is_insured, count(*)"
        " from golden group by all order by all",
    ).fetchall()  # fmt: skip


def direct_values(who: str) -> list[str]:
    """Citizen number and telephones of the person, in clear."""
    found = run.clear_values(person.find(run.begin(who)))
    return [value for token, value in found.items() if token.startswith(("citizen_no_", "phone_"))]


def homes() -> tuple[Path, Path]:
    return settings().data_home, settings().secrets


def erase(who: str, capsys) -> dict:
    capsys.readouterr()
    assert cli.call("erase", "person", who, "--reason", "the person asked") == 0
    [file] = [
        f for f in (settings().data_home / "erasures").glob("*.json") if json.loads(f.read_text())["request"] in requests(who)
    ]
    return json.loads(file.read_text())


def requests(who: str) -> set[str]:
    return {request for request, plan in vault.erasures().items() if plan["person"] == who}


@pytest.mark.slow
def test_a_legal_person_and_a_mother_are_erased_and_stay_so(city, tmp_path, capsys) -> None:
    legal, mother = busiest("legal_person"), busiest("mother")
    archive, before = tmp_path / "before.tgz", figures()
    assert cli.call("backup", str(archive)) == 0
    values = {who: direct_values(who) for who in (legal, mother)}
    assert all(values.values())

    killed = subprocess.run([sys.executable, "-c", KILLED.format(person=legal)], env=dict(os.environ), capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    proofs = [erase(legal, capsys), erase(mother, capsys)]

    assert files_with([*values[legal], *values[mother]], *homes()) == []
    assert figures() == before
    books = reconcile("population__residents")
    assert books.mismatches == [] and "erased rows were rewritten in bronze" in " ".join(books.behind)
    for document in proofs:
        assert receipt.verify(document, receipt.public_key()) and document["files_with_identifiers"] == 0
        assert not receipt.verify(document | {"files_searched": 1}, receipt.public_key())
        assert base64.b64decode(document["signature"]) and legal not in str(document) and mother not in str(document)
    for plan in vault.erasures().values():
        assert vault.clear(pa.array(plan["search"]["own"])).null_count == len(plan["search"]["own"]) > 0
        events = tables.read(identity_log.table("persons"), filters=pc.field("cause") == "erasure").to_pylist()
        assert [e["event"] for e in events if e["entity_id"] == plan["person"]] == ["RETIRE"]
    requested = tables.read(run.TABLE).sort_by("at")
    assert requested["state"].to_pylist() == ["begun", "begun", "done", "begun", "done"]
    with pytest.raises(LookupError, match="retired"):
        cli.call("erase", "person", legal, "--reason", "twice")

    silver()
    registers.run(registers.rebuild_plan())
    assert figures() == before

    assert cli.call("reset", "--yes") == 0 and cli.call("restore", str(archive)) == 0
    golden = tables.read("silver.entity__persons")["person_id"].to_pylist()
    assert legal not in golden and mother not in golden
    assert files_with([*values[legal], *values[mother]], *homes()) == [] and figures() == before


@pytest.mark.slow
def test_an_erased_person_who_is_delivered_again_stays_nameless(city, tmp_path, capsys) -> None:
    who = busiest("self")
    values = direct_values(who)
    erase(who, capsys)
    [plan] = vault.erasures().values()
    [full] = [n for n in noted(city)[0] if n.source.endswith("residents_full") and n.statement.period == "2014-12-31"]
    later = tmp_path / "later.txt"
    later.write_bytes(full.file.read_bytes().replace(b"20141231", b"20150131"))
    answer(later, full.source, Statement(period="2015-01-31"))
    assert files_with(values, *homes()) == []
    rows = tables.read("bronze.population__residents__psb_residents_full", filters=pc.field("TQRQ") == "20150131")
    stand_ins = set(plan["tokens"].values())
    [again] = [row for row in rows.to_pylist() if row["GMSFHM"] in stand_ins]
    assert again["XM"] in stand_ins and again["CSRQ"].endswith("0101")
    assert vault.clear(pa.array([again["GMSFHM"], again["XM"]])).to_pylist() == [None, None]
