"""Setting Superset up, killed in the middle of its migrations and started again."""

import signal

import pytest

from dashboards import setup
from tests.support.dashboards_server import Running

pytestmark = [pytest.mark.faults, pytest.mark.slow]


def test_killed_migration_is_begun_again(superset: Running) -> None:
    """The server of all tests of dashboards was set up by a second attempt; the first was killed."""
    assert superset.killed == (-signal.SIGKILL, False)
    assert min(superset.rows.values()) > 0
    assert setup.bootstrap() is None
