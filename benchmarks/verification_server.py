"""A verification service with a made-up register, as a process of its own on a port of its own."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import numpy as np
import pyarrow as pa

from benchmarks.measure import surroundings
from lakehouse import accounts, vault
from lakehouse.settings import settings
from publishing import register_index
from publishing.register_keys import name_tokens, number_tokens

READY_SECONDS = 60
AS_OF = "2014-12-31T23:00:00+08:00"
WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])


@dataclass(frozen=True)
class Subjects:
    """Citizen numbers of persons who are in the register, who are withheld, and who are absent."""

    known: list[str]
    withheld: list[str]
    absent: list[str]


@contextmanager
def served(persons: int, pairs: int, callers: int) -> Iterator[tuple[str, list[str], Subjects]]:
    """Address, a key for each caller, and the subjects. The server ends with the block."""
    with tempfile.TemporaryDirectory(prefix="lake-verification-") as folder:
        environment = _home(Path(folder))
        subjects = _register(persons, pairs)
        keys = _callers(callers)
        port = _free_port()
        environment |= {"LAKE_PORTAL_PORT": str(port)}
        log = Path(folder) / "portal.log"
        with log.open("wb") as said:
            server = subprocess.Popen([sys.executable, "-m", "portal"], env=environment, stdout=said, stderr=said)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait(address, server, log)
            yield address, keys, subjects
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()


def numbers(first: int, count: int) -> list[str]:
    """Valid citizen numbers of the invented division 990122 (GB 11643), each another one."""
    at = np.arange(first, first + count)
    days = np.datetime64("1930-01-01") + at // 999
    bodies = [f"990122{str(day).replace('-', '')}{1 + n % 999:03}" for day, n in zip(days, at, strict=True)]
    digits = np.array([list(body) for body in bodies]).astype(int)
    return [body + "10X98765432"[total % 11] for body, total in zip(bodies, digits @ WEIGHTS, strict=True)]


def _home(folder: Path) -> dict[str, str]:
    """Settings of this process and of the server: a data home and secrets that go with the folder."""
    environment = surroundings(folder, folder / "data")
    environment |= {"LAKE_SECRETS_HOME": str(folder / "secrets"), "LAKE_AS_OF": AS_OF}
    os.environ.update({name: value for name, value in environment.items() if name.startswith("LAKE_")})
    settings.cache_clear()
    return environment


def _register(persons: int, pairs: int) -> Subjects:
    made = numbers(0, persons + pairs)
    present, absent = made[:persons], made[persons:]
    vault.tokens("citizen_no", pa.array(present[:1]))
    born = [date.fromisoformat(f"{n[6:10]}-{n[10:12]}-{n[12:14]}") for n in present]
    rows = pa.table({
        "number_token": number_tokens(pa.array(present)), "name_token": name_tokens(pa.array(["李霞"] * persons)),
        "person_id": [f"P{n:015}" for n in range(persons)], "sex_code": ["2"] * persons, "birth_date": born,
        "death_date": pa.nulls(persons, pa.date32()), "is_dead": [0] * persons, "is_resident": [1] * persons,
        "is_enrolled": [0] * persons, "household_id": [f"H{n // 3:015}" for n in range(persons)],
        "division_code": ["990122003"] * persons, "is_withheld": [int(n < pairs) for n in range(persons)],
    })  # fmt: skip
    firms = pa.table({name: pa.nulls(0, pa.string()) for name in ("uscc", "enterprise_id", "is_active", "legal_person_id")})
    register_index.publish(1, rows, firms, pa.table({"address_text": pa.nulls(0, pa.string())}), datetime.now(UTC).date())
    return Subjects(present[pairs:], present[:pairs], absent)


def _callers(count: int) -> list[str]:
    """Keys of new officers."""
    accounts.all_accounts()
    names = [f"officer_{n:03}" for n in range(count)]
    for name in names:
        accounts.add(name, "officer", "HSA")
    return [accounts.new_key(name) for name in names]


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def _wait(address: str, server: subprocess.Popen, log: Path) -> None:
    """Until the server answers. Raises RuntimeError with its last words if it does not."""
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and server.poll() is None:
        try:
            httpx.get(f"{address}/login", timeout=5)
            return
        except httpx.TransportError:
            time.sleep(0.2)
    raise RuntimeError(f"The portal did not answer: {log.read_text('utf-8', 'replace')[-2000:]}")
