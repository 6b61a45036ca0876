"""`lake register` on a register of three persons written by hand: tables with headings, codes in words, what can be done next."""

import pytest
from typer.testing import CliRunner

from lakehouse import tables
from tests.support import disputed_register
from tests.support.disputed_register import LI, NAMES, NUMBER, WANG
from transforms.entity_resolution import steward_view
from transforms.entity_resolution._cli import app


@pytest.fixture
def register(home) -> None:
    disputed_register.write()


def said(*words: str) -> str:
    told = CliRunner().invoke(app, list(words))
    assert told.exit_code == 0, told.output
    return told.output


def lines(*words: str) -> list[str]:
    return [" ".join(line.split()) for line in said(*words).splitlines()]


def test_what_waits_is_counted_and_named_with_headings(register):
    told = lines("conflicts", "list")
    assert told[0] == "ENTITIES KIND WHICH MEANS ABOUT"
    assert "2 shared_number two under one number Citizen number (citizen_no)" in told
    assert f"{LI} shared_number citizen_no {WANG}" in told and f"{WANG} shared_number citizen_no {LI}" not in told
    assert lines("conflicts", "list", "--what", "no_tax_file") == [
        "No contradiction of the kind no_tax_file about persons is open."
    ]


def test_a_contradiction_says_who_says_what_beside_whom_and_what_to_do(register):
    told = lines("conflicts", "show", WANG)
    assert "VALUE SAID BY AS OF SOURCES AGREEING STATE FOUND BY RECORD CONFUSED WITH" in told
    assert "Birth date (birth_date): sources contradict each other (values)" in told
    assert "1984-**-** Social insurance (hsa_insurance) 2014-12-31 ? open nobody yet r2 self" in told
    assert any(line.startswith(f"COLUMN {LI} {WANG}") for line in told)  # the older one is the one that would stay
    assert any(line.startswith("* Name (name)") for line in told)
    for step in (
        f"lake register merge {WANG} {LI}",
        f"lake register apart {WANG} {LI}",
        f"lake register value {WANG} birth_date",
    ):
        assert any(step in line for line in told), step


def test_codes_stand_there_with_what_they_mean(register):
    rows = tables.read("silver.entity__persons").to_pylist()
    disputed_register.put("entity__persons", [row | {"sex_code": "2", "usual_division_code": "330122003001"} for row in rows])
    told = lines("show", LI)
    assert "Sex (sex_code) 2 female" in told and "Usual division (usual_division_code) 330122003001 迎宾社区" in told


def test_no_direct_identifier_is_printed(register):
    told = said("conflicts", "show", WANG) + said("show", WANG) + said("conflicts", "list")
    assert not [hidden for hidden in (NUMBER, *NAMES.values(), "citizen_no_", "1984-03-16") if hidden in told]


def test_columns_are_as_wide_as_their_widest_cell_and_chinese_counts_twice():
    assert list(steward_view.table(("a", "b"), [("桐庐", "1"), ("x", "22")])) == ["A     B", "桐庐  1", "x     22"]


def test_without_a_contradiction_it_says_so(register):
    assert lines("conflicts", "show", disputed_register.OTHER) == [
        f"No source contradicts another about {disputed_register.OTHER}."
    ]
