"""Each wrong file of tests/data/contracts gets the one sentence that its first line expects."""

import shutil
from pathlib import Path

import pytest

from lakehouse.contracts import contracts
from lakehouse.contracts.lint import findings
from lakehouse.contracts.yaml_file import ContractError

DATA = Path(__file__).parents[1] / "data" / "contracts"
SHARED = Path(__file__).parents[2] / "contracts" / "_shared"


def named(pattern: str):
    files = sorted(DATA.glob(pattern))
    return pytest.mark.parametrize("file", files, ids=[f.name.split(".")[0] for f in files])


def expected(file: Path) -> str:
    return file.read_text("utf-8").splitlines()[0].removeprefix("# expected: ")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A contracts folder with the project's shared fields, the sound contract and its sound mapping."""
    shutil.copytree(SHARED, tmp_path / "_shared")
    (tmp_path / "test" / "sources").mkdir(parents=True)
    shutil.copy(DATA / "sound.odcs.yaml", tmp_path / "test" / "levels.odcs.yaml")
    shutil.copy(DATA / "sound.source.yaml", tmp_path / "test" / "sources" / "file.yaml")
    return tmp_path


def test_the_sound_ones_have_no_finding(folder):
    assert findings(folder) == []


@named("unreadable/*.yaml")
def test_a_contract_that_cannot_be_read(folder, file):
    place = folder / "test" / "levels.odcs.yaml"
    shutil.copy(file, place)
    with pytest.raises(ContractError) as refused:
        contracts(folder)
    sentence = str(refused.value)
    assert sentence.startswith(f"{place}: ") and sentence.endswith(expected(file)) and "\n" not in sentence
    assert findings(folder) == [sentence]


@named("unsound/*.yaml")
def test_a_contract_that_reads_but_is_not_sound(folder, file):
    place = folder / "test" / "levels.odcs.yaml"
    shutil.copy(file, place)
    (sentence,) = findings(folder)
    assert sentence.startswith(f"{place}:") and expected(file) in sentence and "\n" not in sentence


@named("sources/*.yaml")
def test_a_mapping_with_a_fault(folder, file):
    shutil.copy(file, folder / "test" / "sources" / "file.yaml")
    (sentence,) = findings(folder)
    assert sentence.startswith(f"{folder}/test/sources/file.yaml: ")
    assert sentence.endswith(expected(file)) and "\n" not in sentence


@pytest.fixture
def of_records(folder) -> Path:
    """The folder with the sound contract of records and its sound mapping besides."""
    shutil.copy(DATA / "records.odcs.yaml", folder / "test" / "residents.odcs.yaml")
    shutil.copy(DATA / "records.source.yaml", folder / "test" / "sources" / "residents.yaml")
    return folder


def test_records_without_a_fault_have_no_finding(of_records):
    assert findings(of_records) == []


@named("records/*.yaml")
def test_a_mapping_of_records_with_a_fault(of_records, file):
    shutil.copy(file, of_records / "test" / "sources" / "residents.yaml")
    (sentence,) = findings(of_records)
    assert sentence.startswith(f"{of_records}/test/sources/residents.yaml: ")
    assert sentence.endswith(expected(file)) and "\n" not in sentence


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("engine, value: kernel", "engine, value: sql", "records feed it; write engine: kernel and partition: _event_month."),
        (", {property: tokenKind, value: person_name}", "", "identifierKind direct and tokenKind go together; a direct"),
        ("- name: name\n        logicalType: string", "- name: name\n        logicalType: integer", "write logicalType string."),
    ],
)
def test_a_contract_of_records_with_a_fault(of_records, old, new, said):
    place = of_records / "test" / "residents.odcs.yaml"
    body = place.read_text("utf-8")
    assert old in body
    place.write_text(body.replace(old, new), "utf-8")
    (sentence,) = findings(of_records)
    assert sentence.startswith(f"{place}:") and said in sentence and "\n" not in sentence


def test_a_dataset_is_of_records_or_of_readings(of_records):
    mapping = of_records / "test" / "sources" / "file.yaml"
    mapping.write_text(mapping.read_text("utf-8").replace("feeds: test__levels", "feeds: test__residents"), "utf-8")
    said = "a dataset is of records or of readings, not of both."
    assert any(sentence.endswith(said) for sentence in findings(of_records))


def test_a_silver_dataset_that_nothing_feeds(folder):
    (folder / "test" / "sources" / "file.yaml").unlink()
    (sentence,) = findings(folder)
    said = "no source feeds it; add a mapping in sources/, or madeFrom, or layer: gold."
    assert sentence == f"{folder}/test/levels.odcs.yaml: {said}"


def test_a_mapping_fills_numbers_only(folder):
    contract = folder / "test" / "levels.odcs.yaml"
    body = contract.read_text("utf-8").replace("level_m, logicalType: number", "level_m, logicalType: date")
    contract.write_text(body, "utf-8")
    (sentence,) = findings(folder)
    said = "Level becomes level_m, which is a date; a mapping fills numbers, what else was sent stays in bronze."
    assert sentence.endswith(f"file.yaml: {said}")


def test_bytes_that_are_not_utf_8_are_refused_with_their_place(folder):
    place = folder / "test" / "levels.odcs.yaml"
    place.write_bytes("name: 监测".encode("gb18030"))
    assert findings(folder) == [f"{place}: byte 6 is not UTF-8; save the file as UTF-8."]


@pytest.mark.parametrize("name", ["levels.odcs.yaml", "sources/file.yaml"])
def test_two_files_cannot_have_one_name(folder, name):
    file = folder / "test" / name
    shutil.copy(file, file.with_name(f"z_{file.name}"))
    (sentence,) = findings(folder)
    assert f"z_{file.name}: " in sentence and "is taken by" in sentence
