"""What a delivery would break, told from its rows in clear, by rule and row number."""

import pyarrow as pa

from lakehouse import vault
from quality.records.rehearsal import sentences
from tests.support.records import MAN, ROW, WOMAN, dataset, landed, source


def test_each_rule_names_its_rows_and_the_vault_learns_nothing(home):
    rows = [{}, {"CSRQ": "x"}, {"GMSFHM": WOMAN[:-1] + "1"}, {"GMSFHM": MAN, "CSRQ": "x", "MJ": "-1"}, {"CSRQ": "19500101"}]
    clear = landed(*rows, is_clear=True).append_column("_row_no", pa.array(range(3, 8), pa.int64()))
    assert sentences(clear, source(), dataset()) == [
        "2 rows would be held by value_is_date on birth_date: x is no date. In the file: row 4, 6.",
        "1 row would be held by citizen_no_valid on citizen_no: The check digit and the date of the number must be right."
        " In the file: row 5.",
        "1 row would be held by floor_area_m2_in_range on floor_area_m2: floor_area_m2 must be at least 0 m2."
        " In the file: row 6.",
        "1 row would be marked by birth_date_agrees: The number must say the day of birth. In the file: row 7.",
    ]
    assert vault.clear(pa.array([vault_token_of(ROW["GMSFHM"])])).to_pylist() == [None]


def vault_token_of(number: str) -> str:
    """The token that the number would have; the vault has a key, because another value made it."""
    vault.tokens("phone", pa.array(["12000000000"]))
    return vault.token("citizen_no", number)
