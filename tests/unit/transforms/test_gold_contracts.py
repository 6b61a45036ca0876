"""What dbt finds on disk is what the contracts say; gold contracts are complete; KPI files are checked."""

import difflib

import pytest
import yaml

from lakehouse.contracts import contracts
from lakehouse.contracts.derive import labels
from lakehouse.contracts.yaml_file import ContractError
from transforms.gold.kpis import FOLDER, load_kpis
from transforms.gold.model_files import MODELS, generated_files

GOLD = contracts().of_layer("gold")


def test_generated_model_files_are_up_to_date():
    for path, text in generated_files().items():
        on_disk = path.read_text("utf-8") if path.exists() else ""
        drift = "\n".join(
            difflib.unified_diff(on_disk.splitlines(), text.splitlines(), "on disk", "from the contracts", lineterm="")
        )
        assert on_disk == text, f"Run `python -m transforms.gold.model_files`; {path} differs:\n{drift}"


def test_every_gold_contract_has_its_model_and_the_reverse():
    models = {p.stem for p in (MODELS / "marts").rglob("*.sql")}
    assert models == {d.id for d in GOLD if d.engine == "dbt"}


@pytest.mark.parametrize("dataset", GOLD, ids=lambda d: d.id)
def test_a_gold_contract_names_every_column_in_both_languages(dataset):
    assert set(dataset.publish) <= {f.name for f in dataset.fields}
    assert dataset.primary_key and dataset.grain and dataset.description
    for language in ("zh", "en"):
        assert len(set(labels(dataset, language).values())) == len(dataset.fields), "two columns bear one label"
    for field in dataset.fields:
        assert field.description.endswith(".") and field.name_en != field.name, field.name


def test_no_technical_column_is_published():
    for dataset in GOLD:
        assert not [c for c in dataset.publish if c.startswith("_") or c == "event_month"]


def test_kpis_of_the_theme():
    kpis = {k.id: k for k in load_kpis()}
    assert set(kpis) >= {"ENV-01", "ENV-02", "ENV-03"}
    limits = {i: (kpis[i].thresholds[0].green, kpis[i].thresholds[0].amber, kpis[i].direction) for i in kpis}
    assert limits["ENV-01"] == (50, 100, "less")
    assert limits["ENV-02"] == (90, 80, "more")
    assert limits["ENV-03"] == (30, 35, "less")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"direction": "up"}, "direction: Input should be 'more' or 'less'; mend it there."),
        ({"thresholds": []}, "thresholds: Tuple should have at least 1 item after validation, not 0; mend it there."),
        ({"id": "ENV-09"}, "holds ENV-09; the file must bear the KPI's name."),
    ],
)
def test_a_broken_kpi_file_is_named(tmp_path, change, sentence):
    body = yaml.safe_load((FOLDER / "ENV-02.yaml").read_text("utf-8")) | change
    (tmp_path / "ENV-02.yaml").write_text(yaml.safe_dump(body), "utf-8")
    with pytest.raises(ContractError, match=r"ENV-02\.yaml: ") as error:
        load_kpis(tmp_path)
    assert str(error.value).endswith(sentence)
