"""One publisher process of the storm: made-up hourly readings at a steady rate, each kept until it is confirmed.

python -m tests.faults.publisher hj212|mqtt5|mqtt311 --count 50000 --seed 7 --per-second 200 --port 9212 --log FILE
"""

import argparse
import random
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from edge_collectors.feeders.hj212_device import Hj212Device
from edge_collectors.feeders.hj212_messages import hour_messages
from edge_collectors.feeders.ngsi_messages import publications
from edge_collectors.feeders.ngsi_publisher import NgsiPublisher
from edge_collectors.feeders.prsa import POLLUTANTS, WEATHER, HourReading
from edge_collectors.feeders.publisher_log import PublisherLog

STATIONS = 20


def readings(name: str, seed: int) -> Iterator[HourReading]:
    """Endless hours of twenty stations; the same name and seed give the same values."""
    chance = random.Random(f"{name}|{seed}")
    for hour in range(1_000_000):
        start = datetime(2024, 1, 1) + timedelta(hours=hour)
        for station in range(STATIONS):
            values = {pollutant: f"{chance.uniform(1, 300):.1f}" for pollutant in POLLUTANTS}
            yield HourReading(f"{name}-{station:02d}", start, values | dict.fromkeys(WEATHER))


def paced(messages: Iterable, per_second: float) -> Iterator:
    began = time.monotonic()
    for number, message in enumerate(messages):
        time.sleep(max(began + number / per_second - time.monotonic(), 0))
        yield message


def main() -> None:
    wanted = argparse.ArgumentParser()
    wanted.add_argument("kind", choices=["hj212", "mqtt5", "mqtt311"])
    wanted.add_argument("--count", type=int)
    wanted.add_argument("--seed", type=int)
    wanted.add_argument("--per-second", type=float)
    wanted.add_argument("--port", type=int)
    wanted.add_argument("--log", type=Path)
    told = wanted.parse_args()
    log = PublisherLog(told.log)
    if told.kind == "hj212":
        messages = islice(hour_messages(readings("storm-tcp", told.seed), told.seed), told.count)
        device = Hj212Device("127.0.0.1", told.port, log, over_time_s=3.0, window=200)
        device.run(paced(messages, told.per_second))
        return
    version = "5" if told.kind == "mqtt5" else "3.1.1"
    messages = islice(publications(readings(f"storm-{told.kind}", told.seed), weather=False), told.count)
    publisher = NgsiPublisher(
        "127.0.0.1", told.port, f"storm-{told.kind}", log, version,
        window=2000, resend_after_s=5.0, per_second=told.per_second,
    )  # fmt: skip
    publisher.run(messages)


if __name__ == "__main__":
    main()
