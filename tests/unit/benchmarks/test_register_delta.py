"""What counts as an id that changed hands, and as entities that differ; expected figures by hand."""

import pyarrow as pa
import pytest

from benchmarks.register_delta import agreement, churn


def links(**of: str) -> pa.Table:
    """Record -> entity; a record is mentioned once."""
    records = list(of)
    return pa.table({"mention_id": [f"{r}#self" for r in records], "record_id": records, "entity_id": list(of.values())})


NOTHING = pa.array([], pa.string())


def test_only_ids_of_the_untouched_count(capsys):
    before = links(a="P1", b="P1", c="P2", d="P3")
    assert churn("persons", before, links(a="P1", b="P1", c="P2", d="P3", e="P4"), NOTHING).value == 0
    assert churn("persons", before, links(a="P1", b="P1", c="P3", d="P3", e="P3"), NOTHING).value == 0
    assert churn("persons", before, links(a="P1", c="P2", d="P3"), pa.array(["b"])).value == 0
    assert churn("persons", before, links(a="P1", b="P1", c="P9", d="P3"), NOTHING).value == 1
    assert "c#self was of P2 and is of P9" in capsys.readouterr().out


def test_entities_agree_by_their_records_whatever_their_ids(capsys):
    found = links(a="P1", b="P1", c="P2", d="P3")
    assert agreement("persons", found, links(a="P7", b="P7", c="P2", d="P3")).value == 1
    assert agreement("persons", found, links(a="P1", b="P8", c="P2", d="P3")).value == pytest.approx(2 / 3)
    assert "P1 with 2 records is 2 when" in capsys.readouterr().out
