"""A small storm in the suite; the full one is `python -m tests.faults.edge_storm`."""

import os

import pytest

from tests.faults.edge_storm import Storm
from tests.support.broker import mosquitto


@pytest.mark.faults
@pytest.mark.slow
def test_nothing_is_lost_or_doubled_while_everything_is_killed(tmp_path):
    if not mosquitto():
        if os.environ.get("CI"):
            pytest.fail("mosquitto is missing; install the package mosquitto")
        pytest.skip("mosquitto is not installed")
    found = Storm(messages=5000, kills=8, seed=11, seconds=20.0, cut_seconds=5.0, folder=tmp_path).run()
    assert found.is_clean, found.table()
    assert found.sent == 5000 and found.kills >= 8 and found.sent_twice
