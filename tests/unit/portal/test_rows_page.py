"""Rows as people read them: codes with their names; a form offers only columns with few values."""

from types import SimpleNamespace

import pytest

from portal import open_data
from portal.page import environment
from portal.pages import dataset as page
from portal.texts import Texts
from tests.support.open_data import field

CLASS, ENTERPRISE = field("class_code"), field("enterprise_id", key=True)


@pytest.mark.parametrize(("language", "name"), [("zh", "个体工商户"), ("en", "self-employed")])
def test_a_code_stands_beside_its_name(language, name):
    parts = environment().get_template("parts.html.j2").module
    table = {"fields": [ENTERPRISE, CLASS], "rows": [["E06H0NH0DBHFFV7Q", "self_employed"]]}
    shown = str(parts.data_table(table, Texts(language), "rows"))
    assert f"<td>{name} <code>self_employed</code></td>" in shown and "<td>E06H0NH0DBHFFV7Q</td>" in shown
    assert open_data.value_label(CLASS, "self_employed", language) == f"{name} (self_employed)"


@pytest.mark.parametrize(("ids", "offered"), [(100, ["enterprise_id", "class_code"]), (101, ["class_code"])])
def test_a_form_offers_columns_with_at_most_a_hundred_values(monkeypatch, ids, offered):
    values = {"enterprise_id": [f"E{n}" for n in range(ids)], "class_code": ["branch", "self_employed"]}
    monkeypatch.setattr(open_data, "choices", lambda _dataset, name: values[name])
    monkeypatch.setattr(page.series, "dimensions", lambda _dataset: [ENTERPRISE])
    rows = SimpleNamespace(
        fields=(ENTERPRISE, field("name"), CLASS), types=dict.fromkeys(("enterprise_id", "name", "class_code"))
    )
    assert [f.name for f, _ in page.filters(rows)] == offered
