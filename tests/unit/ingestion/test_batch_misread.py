"""Chinese in UTF-8 that was opened as Latin-1 or GBK and saved again is refused; single texts are for the rules."""

import pyarrow as pa
import pytest

from ingestion.batch import misread
from ingestion.batch.answers import answer
from ingestion.batch.faults import Extract, Refused
from ingestion.batch.statement import Statement
from lakehouse.contracts import contracts
from tests.unit.ingestion.test_batch_personal import DEATHS, MAPPING, ROW

RESIDENTS = contracts().sources["population__residents__psb_residents_full"]


def read_as(text: str, program: str) -> str:
    return text.encode("utf-8").decode(program, errors="ignore")


@pytest.mark.parametrize(
    ("program", "saved", "said"),
    [
        ("latin-1", "utf-8", "opened as Latin-1 (Windows-1252) and saved again, so that 德清 reads as å¾·æ¸…;"),
        ("cp1252", "utf-8", "opened as Latin-1 (Windows-1252)"),
        ("gbk", "utf-8", "opened as GBK and saved again, so that 德清 reads as 寰锋竻;"),
    ],
)
def test_a_file_misread_and_saved_again_is_refused_with_what_happened(home, tmp_path, program, saved, said):
    """Its headings were misread, too; the answer repeats none of its texts."""
    lines = [",".join(MAPPING.columns), ",".join(ROW[c] if c in ROW else "" for c in MAPPING.columns)]
    (tmp_path / "deaths.csv").write_bytes(read_as("\n".join(lines), program).encode(saved))
    told = answer(tmp_path / "deaths.csv", DEATHS, Statement(period="2014-12-31"))
    assert "refused and kept" in told and said in told and "save it as utf-8" in told
    assert read_as("欧阳测试", program) not in told


def table(*names: str) -> Extract:
    return Extract(pa.table({"_row_no": pa.array(range(len(names)), pa.int64()), "XM": pa.array(names, pa.string())}))


NAMES = ["王秀英", "李国强", "何丽丽", "陈建平"]


@pytest.mark.parametrize("program", ["latin-1", "gbk"])
@pytest.mark.parametrize(("count", "is_refused"), [(2, False), (3, True)])
def test_more_than_half_of_the_texts_are_a_file(program, count, is_refused):
    names = [read_as(name, program) for name in NAMES[:count]] + NAMES[count:]
    if is_refused:
        with pytest.raises(Refused, match=r"of 4 texts 3 are Chinese in UTF-8 .* and save it as gbk\."):
            misread.check(table(*names), RESIDENTS, "residents.csv")
    else:
        misread.check(table(*names), RESIDENTS, "residents.csv")


@pytest.mark.parametrize("names", [NAMES, ["Müller", "Čapek", "Ångström", "façade “é”"], ["a", "b", "c"], []])
def test_what_people_write_is_no_misread_text(names):
    misread.check(table(*names), RESIDENTS, "residents.csv")
