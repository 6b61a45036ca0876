"""The limit of calls: counted per client and minute, bounded in memory."""

from portal import guard
from portal.guard import CallCounter


def test_calls_are_counted_per_client_and_minute():
    now = [1000.0]
    counter = CallCounter(2, lambda: now[0])
    assert [counter.count("a") for _ in range(3)] == [(1, 60), (0, 60), (-1, 60)]
    assert counter.count("b") == (1, 60)
    now[0] += 59.5
    assert counter.count("a") == (-2, 1)
    now[0] += 0.5
    assert counter.count("a") == (1, 60)


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(guard, "MAX_CLIENTS", 3)
    counter = CallCounter(2)
    for client in "abcda":
        counter.count(client)
    assert list(counter._seen) == ["c", "d", "a"]
