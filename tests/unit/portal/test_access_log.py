"""Calls that come at once are written together, each once, and are there when their writer goes on."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from portal.verification import access_log
from portal.verification.access_log import Call

AT = "2014-12-31T00:00:00+00:00"


def test_calls_of_many_threads_are_all_kept(home) -> None:
    def keep(number: int) -> int:
        caller = f"officer_{number % 4}"
        access_log.write(Call(f"V{number}", AT, caller, "HSA", "verify", "p", "law", "s", "t", 1, "no", AT))
        return access_log.calls_in_last_minute(caller, datetime.fromisoformat(AT).astimezone(UTC))

    with ThreadPoolExecutor(16) as threads:
        counts = list(threads.map(keep, range(200)))
    assert min(counts) >= 1 and access_log.failed_today("t", datetime.fromisoformat(AT)) == 200
    assert [number for number, _ in access_log.calls_after(0)] == list(range(1, 201))
