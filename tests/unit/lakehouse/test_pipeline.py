"""Stages run behind those they come after, by a plan written down before; nothing new costs nothing."""

import json

import pytest

from lakehouse import outcomes, pipeline
from lakehouse.pipeline import Stage
from lakehouse.settings import settings


class Point:
    def __init__(self, stage: Stage):
        self.name, self.stage = stage.name, stage

    def load(self) -> Stage:
        return self.stage


@pytest.fixture
def register(monkeypatch):
    """Register stages in the given order; each notes its run with the plan."""

    def put(*stages: tuple[str, tuple[str, ...], dict]) -> list:
        ran: list = []
        points = [
            Point(Stage(name, after, lambda work=work: work, lambda work, name=name: ran.append((name, work))))
            for name, after, work in stages
        ]
        monkeypatch.setattr(pipeline, "entry_points", lambda group: points if group == "lake.stages" else [])
        return ran

    return put


WORK = {"slices": ["2016-05-01"]}


def test_stages_run_in_the_order_of_what_they_come_after(home, register):
    ran = register(("gold", ("silver",), WORK), ("silver", ("bronze",), WORK), ("bronze", (), WORK))
    pipeline.run(tell=lambda line: None)
    assert ran == [("bronze", WORK), ("silver", WORK), ("gold", WORK)]


def test_a_stage_with_nothing_new_is_told_so_and_not_run(home, register):
    told: list[str] = []
    ran = register(("bronze", (), {}), ("silver", ("bronze",), WORK))
    pipeline.run(tell=told.append)
    assert ran == [("silver", WORK)]
    assert told[0].split() == ["bronze", "nothing", "new"] and told[1].startswith("silver") and "done in" in told[1]


def test_only_the_named_stages_run_in_their_own_order(home, register):
    ran = register(("bronze", (), WORK), ("silver", ("bronze",), WORK), ("gold", ("silver",), WORK))
    pipeline.run(("gold", "bronze"), tell=lambda line: None)
    assert [name for name, _ in ran] == ["bronze", "gold"]
    with pytest.raises(ValueError, match="No stage copper; there are bronze, silver, gold"):
        pipeline.run(("copper",))


def test_the_plan_is_written_down_before_the_stage_runs(home, register, monkeypatch):
    file = settings().runs / outcomes.run_id() / "silver.plan.json"
    seen: list[dict] = []
    stage = Stage("silver", (), lambda: WORK, lambda work: seen.append(json.loads(file.read_text())))
    monkeypatch.setattr(pipeline, "entry_points", lambda group: [Point(stage)])
    pipeline.run(tell=lambda line: None)
    assert seen == [WORK]


def test_a_stage_behind_one_that_nobody_registers_is_named(register):
    register(("gold", ("silver",), {}))
    with pytest.raises(ValueError, match="Stage gold comes after silver, which nobody registers"):
        pipeline.stages()


def test_the_projects_own_stages_are_ordered():
    names = [stage.name for stage in pipeline.stages()]
    assert names[:4] == ["bronze", "silver", "places", "registers"] and names.index("registers") < names.index("gold")
    assert names.index("gates") < names.index("serving") and names.index("forecast") < names.index("gold_forecasts")
