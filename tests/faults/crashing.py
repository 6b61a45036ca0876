"""Run a `lake` command that kills itself (SIGKILL) inside a write, at a named point, the n-th time it gets there.

    python -m tests.faults.crashing spool.half_write:120 collect --config collector.yaml
    python -m tests.faults.crashing - land --follow

The product knows nothing of this: the points are wrapped around its functions from outside.
"""

import os
import signal
import sys
from collections.abc import Callable

from lakehouse import cli


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Countdown:
    """Says yes once, the n-th time it is asked."""

    def __init__(self, number: int):
        self.left = number

    def __call__(self) -> bool:
        self.left -= 1
        return self.left == 0


def before(owner: object, name: str, due: Countdown) -> None:
    original = getattr(owner, name)

    def wrapped(*arguments, **named):
        if due():
            die()
        return original(*arguments, **named)

    setattr(owner, name, wrapped)


def after(owner: object, name: str, due: Countdown) -> None:
    original = getattr(owner, name)

    def wrapped(*arguments, **named):
        result = original(*arguments, **named)
        if due():
            die()
        return result

    setattr(owner, name, wrapped)


def spool_half_write(due: Countdown) -> None:
    """Half of a batch has reached the file."""
    original = os.write

    def wrapped(file: int, data) -> int:
        if len(data) > 100 and due():
            original(file, bytes(data)[: len(data) // 2])
            die()
        return original(file, data)

    os.write = wrapped


def spool_before_sync(due: Countdown) -> None:
    """The batch is written, not synced, nobody is answered."""
    before(os, "fdatasync", due)


def spool_after_sync(due: Countdown) -> None:
    """The batch is durable, and nobody has been answered."""
    after(os, "fdatasync", due)


def spool_sealed_without_ids(due: Countdown) -> None:
    from edge_collectors.recent import RecentRecords

    before(RecentRecords, "keep", due)


def spool_sealed_not_shown(due: Countdown) -> None:
    from edge_collectors.stream import Stream

    before(Stream, "_show", due)


def shipper_delivered_not_let_go(due: Countdown) -> None:
    from edge_collectors.shipper import Shipper

    before(Shipper, "_let_go", due)


def shipper_half_delivered(due: Countdown) -> None:
    """The connection breaks in the middle of a request's body."""
    import httpx

    original = httpx.Client.post

    def wrapped(self, address, content, headers):
        def halves():
            yield content[: len(content) // 2]
            if due():
                die()
            yield content[len(content) // 2 :]

        return original(self, address, content=halves(), headers=headers)

    httpx.Client.post = wrapped


def lander_between_tables(due: Countdown) -> None:
    """After a commit to dead letters, bronze or ledger, whichever comes n-th."""
    from ingestion.streaming.open_table import OpenTable

    after(OpenTable, "append", due)


def lander_landed_not_moved(due: Countdown) -> None:
    from ingestion.streaming import landing

    before(landing, "keep", due)


POINTS: dict[str, dict[str, Callable[[Countdown], None]]] = {
    "collector": {
        "spool.half_write": spool_half_write,
        "spool.before_sync": spool_before_sync,
        "spool.after_sync": spool_after_sync,
        "spool.sealed_without_ids": spool_sealed_without_ids,
        "spool.sealed_not_shown": spool_sealed_not_shown,
    },
    "shipper": {
        "shipper.delivered_not_let_go": shipper_delivered_not_let_go,
        "shipper.half_delivered": shipper_half_delivered,
    },
    "lander": {
        "lander.between_tables": lander_between_tables,
        "lander.landed_not_moved": lander_landed_not_moved,
    },
}


def arm(point: str) -> None:
    """`-` for none, else `<name>:<n>`."""
    if point != "-":
        name, _, number = point.partition(":")
        everything = {name: action for points in POINTS.values() for name, action in points.items()}
        everything[name](Countdown(int(number)))


if __name__ == "__main__":
    arm(sys.argv.pop(1))
    cli.main()
