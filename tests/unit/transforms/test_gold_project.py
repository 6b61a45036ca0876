"""How dbt's answer is taken: Ctrl-C stays Ctrl-C, a fault becomes one sentence."""

from types import SimpleNamespace

import pytest

from transforms.gold import project


def test_ctrl_c_while_dbt_works_is_not_a_fault_of_dbt():
    with pytest.raises(KeyboardInterrupt):
        project._checked(SimpleNamespace(exception=KeyboardInterrupt(), result=None))


def test_a_fault_of_the_project_is_one_sentence():
    fault = ValueError("Compilation Error\n  model dim_x:\n  unexpected '}'")
    with pytest.raises(project.GoldError, match=r"^dbt could not start: Compilation Error model dim_x: unexpected '}'$"):
        project._checked(SimpleNamespace(exception=fault, result=None))


def test_a_model_that_was_skipped_for_a_fault_in_an_ephemeral_one_is_a_fault():
    node = SimpleNamespace(name="dim_x", resource_type="model")
    told = "Compilation Error in model.lake.dim_x, caused by compilation error in referenced ephemeral model model.lake.stg_x"
    skipped = SimpleNamespace(node=node, status="skipped", execution_time=0.0, failures=None, message=told)
    with pytest.raises(project.GoldError, match=r"^model dim_x broke: Compilation Error .* model\.lake\.stg_x\.$"):
        project._checked(SimpleNamespace(exception=None, result=SimpleNamespace(results=[skipped])))


def test_what_dbt_begins_is_what_is_being_done(monkeypatch):
    told: list[str] = []
    monkeypatch.setattr(project.progress, "doing", told.append)
    begun = SimpleNamespace(index=3, total=61, description="sql table model gold.dim_stations")
    project._tell(SimpleNamespace(info=SimpleNamespace(name="LogStartLine"), data=begun))
    project._tell(SimpleNamespace(info=SimpleNamespace(name="LogModelResult"), data=begun))
    assert told == ["3 of 61, sql table model gold.dim_stations"]
