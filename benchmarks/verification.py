"""The verification service as officers meet it: a server process of its own, keys, HTTP, at a given rate of requests.

Requests leave at their planned times whether or not earlier ones were answered; latency counts from the planned time.
Absent and withheld subjects are asked after in pairs, in random order; flipping the signs of the differences at random tells how
often chance makes a difference as large.
"""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import numpy as np

from benchmarks.measure import Claim
from benchmarks.verification_server import Subjects, served

CALLERS, PAIR_CALLERS, RATE, PAIRS_AT_ONCE = 60, 60, 50, 2
MOST_SECONDS, LEAST_CHANCE, FLIPS = 0.3, 0.01, 5_000
PATH = "/api/v1/verification/verify"


@dataclass
class Told:
    """Seconds of each call, and how the calls ended."""

    seconds: list[float] = field(default_factory=list)
    ends: Counter = field(default_factory=Counter)


def run(persons: int, seconds: int, pairs: int) -> bool:
    """Measure; whether the targets are met."""
    with served(persons, pairs, CALLERS + PAIR_CALLERS) as (address, keys, subjects):
        load = asyncio.run(_load(address, keys[:CALLERS], subjects, seconds))
        differences, ends = asyncio.run(_pairs(address, keys[CALLERS:], subjects))
    return report(load, differences, ends, seconds)


def report(load: Told, differences: np.ndarray, ends: Counter, seconds: int) -> bool:
    """Print the figures and the claims."""
    p50, p95, most = np.quantile(load.seconds, [0.5, 0.95, 1.0])
    print(f"{len(load.seconds)} calls in {seconds} s of {CALLERS} callers: p50 {p50:.3f} s, p95 {p95:.3f} s, max {most:.3f} s")
    print(f"answers: {dict(load.ends)}; of the pairs: {dict(ends)}")
    print(f"{len(differences)} pairs: mean difference {1e3 * differences.mean():+.3f} ms")
    failed = sum(n for end, n in (load.ends + ends).items() if end not in ("yes", "no", "unknown"))
    claims = [
        Claim("p95 of verify, s", float(p95), MOST_SECONDS),
        Claim("calls that failed", failed, 0),
        Claim("p of absent against withheld", chance(differences), LEAST_CHANCE, at_least=True),
    ]
    for claim in claims:
        print(claim.line())
    return all(claim.is_met for claim in claims)


def chance(differences: np.ndarray, seed: int = 7) -> float:
    """How often random signs make a mean difference as large as the one measured."""
    random, measured = np.random.default_rng(seed), abs(differences.mean())
    means = [abs((random.choice([-1.0, 1.0], len(differences)) * differences).mean()) for _ in range(FLIPS)]
    return float(np.mean(np.array(means) >= measured))


async def _load(address: str, keys: list[str], subjects: Subjects, seconds: int) -> Told:
    """Calls of all callers in turn, each about another person; one of each caller before, which does not count."""
    told = Told()
    async with _client(address) as client:
        for key in keys:
            await _ask(client, key, "resident_of_county", {"citizen_no": subjects.known[-1]})
        begun = time.monotonic() + 0.5
        calls = [
            _at(begun + n / RATE, client, keys[n % len(keys)], subject, told)
            for n, subject in zip(range(RATE * seconds), _asked(subjects), strict=False)
        ]
        await asyncio.gather(*calls)
    return told


def _asked(subjects: Subjects) -> Iterator[tuple[str, dict[str, str]]]:
    """Statements of four kinds about persons who are there, one in fifty with a slip in the number."""
    for n, number in enumerate(subjects.known):
        asked = number[:-1] + "0" if n % 50 == 9 else number
        yield (
            ("number_name_match", {"citizen_no": asked, "name": "李霞"}), ("resident_of_county", {"citizen_no": asked}),
            ("alive_on", {"citizen_no": asked, "date": "2014-12-31"}), ("age_at_least", {"citizen_no": asked, "years": "18"}),
        )[n % 4]  # fmt: skip


async def _at(due: float, client: httpx.AsyncClient, key: str, asked: tuple[str, dict[str, str]], told: Told) -> None:
    await asyncio.sleep(max(due - time.monotonic(), 0))
    told.ends[await _ask(client, key, *asked)] += 1
    told.seconds.append(time.monotonic() - due)


async def _pairs(address: str, keys: list[str], subjects: Subjects) -> tuple[np.ndarray, Counter]:
    """Seconds that the absent subject of each pair took more than the withheld one."""
    random, ends = np.random.default_rng(11), Counter()
    waiting = iter(list(enumerate(zip(subjects.absent, subjects.withheld, strict=True))))
    differences: list[float] = []

    async def ask_in_turn(client: httpx.AsyncClient) -> None:
        for n, pair in waiting:
            took = [0.0, 0.0]
            for which in random.permutation(2):
                begun = time.perf_counter()
                ends[await _ask(client, keys[n % len(keys)], "resident_of_county", {"citizen_no": pair[which]})] += 1
                took[which] = time.perf_counter() - begun
            differences.append(took[0] - took[1])

    async with _client(address) as client:
        await asyncio.gather(*(ask_in_turn(client) for _ in range(PAIRS_AT_ONCE)))
    return np.array(differences), ends


def _client(address: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=address, timeout=30, limits=httpx.Limits(max_connections=200, max_keepalive_connections=200, keepalive_expiry=2)
    )


async def _ask(client: httpx.AsyncClient, key: str, statement: str, arguments: dict[str, str]) -> str:
    body = {"purpose": "benefit_check", "statement": statement, "arguments": arguments}
    try:
        told = await client.post(PATH, json=body, headers={"Authorization": f"Bearer {key}"})
    except httpx.HTTPError as error:
        print(type(error).__name__, error, file=sys.stderr)
        return type(error).__name__
    return told.json()["answer"] if told.status_code == 200 else str(told.status_code)
