"""What a statement on a person is judged to be, from an index made by hand."""

from datetime import date

import pyarrow as pa
import pytest

from lakehouse import vault
from portal.verification import statements
from publishing import register_index

LIVING, DEAD, ABSENT = "990122198403160025", "990122193906300023", "990122196510160013"
DATA_AS_OF = date(2014, 12, 31)


@pytest.fixture(autouse=True)
def registers(home) -> None:
    persons = pa.table({
        "number_token": vault.tokens("citizen_no", pa.array([LIVING, DEAD])), "person_id": ["P1", "P2"],
        "birth_date": [date(1984, 3, 16), date(1939, 6, 30)], "death_date": [None, date(2014, 12, 10)],
        "is_dead": [0, 1], "is_withheld": [0, 0],
    })  # fmt: skip
    nothing = pa.table({"uscc": pa.nulls(0, pa.string())}), pa.table({"address_text": pa.nulls(0, pa.string())})
    register_index.publish(1, persons, *nothing, DATA_AS_OF)


@pytest.mark.parametrize(
    ("number", "day", "judged"),
    [
        (LIVING, "2014-12-31", True), (LIVING, "2015-01-01", None), (LIVING, "2030-06-01", None),
        (DEAD, "2014-12-10", True), (DEAD, "2014-12-31", False), (DEAD, "2015-01-01", None), (ABSENT, "2014-12-31", None),
    ],
)  # fmt: skip
def test_nobody_is_called_alive_on_a_day_after_the_data(number, day, judged) -> None:
    assert statements.judge("alive_on", {"citizen_no": number, "date": day}, date(2020, 1, 1)) is judged
