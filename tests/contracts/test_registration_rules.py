"""Which rows of the register of enterprises are held: those that name no entity by a valid number."""

import pyarrow as pa

from lakehouse.contracts import contracts
from lakehouse.contracts.derive import mask

CODE, NUMBER = "91350100M000100Y43", "330122000000013"
"""A code of GB 32100's examples; a registration number with its check digit worked out by hand (ISO 7064 MOD 11,10)."""
CASES = [
    (CODE, None, True),
    (None, NUMBER, True),
    (NUMBER, None, True),  # the old number in the column of the code
    (CODE.lower(), NUMBER, True),  # a slip in the one, the other is right
    (CODE.lower(), None, False),
    ("91350100M000100Y44", None, False),
    ("3303021012389", None, False),  # 13 digits, without a check digit
    (None, "330122000000014", False),
    (None, None, False),
]


def test_a_registration_names_its_entity_by_a_valid_number_or_is_held():
    (rule,) = (r for r in contracts()["enterprise__registrations"].row_rules("error") if r.name == "names_one_entity")
    uscc, reg_no, expected = zip(*CASES, strict=True)
    rows = {"uscc": pa.array(uscc, pa.string()), "reg_no": pa.array(reg_no, pa.string())}
    assert mask(rule.predicate, rows).to_pylist() == list(expected)
