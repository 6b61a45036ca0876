"""A lake of one's own for a module of gold tests: the shared Spark session, pointed at another data home."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lakehouse import tables
from lakehouse.settings import settings


@contextmanager
def lake(spark, folder: Path, as_of: str | None = None) -> Iterator[Path]:
    """Within it, settings and the session's catalog speak of `folder`; `as_of` is the clock (ISO, UTC)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAKE_DATA_HOME", str(folder))
        patch.setenv("LAKE_SECRETS_HOME", str(folder / "secrets"))
        patch.setenv("LAKE_AS_OF", as_of) if as_of else patch.delenv("LAKE_AS_OF", raising=False)
        settings.cache_clear()
        point_at_lake(spark)
        yield folder
    settings.cache_clear()


def point_at_lake(spark) -> None:
    """Forget the tables of another lake; those of this one are registered when a stage runs."""
    for layer in tables.LAYERS:
        spark.sql(f"drop database if exists {layer} cascade")


def run_gold() -> dict:
    """Plan and run the stage `gold`; returns the plan (empty = nothing new)."""
    from transforms.gold import plan, run

    work = plan.gold()
    if work:
        run.gold(work)
    return work
