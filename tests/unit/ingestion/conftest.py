"""A city whose departments' files were all delivered, once for the tests that only look at what came of it."""

import io
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import NamedTuple

import pytest

from lakehouse import cli
from tests.support.sample_city import build
from tests.support.scored_lake import living_in


class Delivered(NamedTuple):
    """The city, its lake's folder, and what `lake deliver --brief` said, line by line."""

    city: Path
    lake: Path
    told: list[str]


@pytest.fixture(scope="session")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Delivered:
    folder, said = tmp_path_factory.mktemp("delivered"), io.StringIO()
    city = build(folder / "city")
    with living_in(folder), redirect_stdout(said):
        (folder / "data").mkdir()
        assert cli.call("deliver", "--brief", "--folder", str(city / "extracts")) == 0
    return Delivered(city, folder, said.getvalue().splitlines())


@pytest.fixture
def lake_of_the_city(delivered: Delivered) -> Iterator[Delivered]:
    """With the settings on its lake; for looking only."""
    with living_in(delivered.lake):
        yield delivered
