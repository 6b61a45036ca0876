"""Build a sample city: county by county, source by source, file by file; then its truth."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lakehouse.settings import settings
from sample_city.city import build_city
from sample_city.defects.rates import Rates, rates
from sample_city.delivery import Sender
from sample_city.entities import add_entities
from sample_city.extract import Extract, sources
from sample_city.knowledge import Office, police_view
from sample_city.presets import Window, window
from sample_city.randomness import Draws
from sample_city.roll_forward import newcomers
from sample_city.schedule import days_of
from sample_city.slices import stacks
from sample_city.truth import Truth
from sample_city.views import VIEWS

Say = Callable[[str], None]


@dataclass(frozen=True)
class Order:
    """What is to be built."""

    scale: float
    seed: int
    window: Window
    rates: Rates
    defects: str
    out: Path


def plan(scale: float, seed: int, preset: str, days: int, defects: str, out: Path) -> Order:
    """Checks everything before anything is written. Raises ValueError in one sentence."""
    stacks(scale)
    reported = window(preset, days)
    homes = (settings().home, settings().data_home)
    if any(out.absolute().is_relative_to(home) for home in homes):
        raise ValueError(f"--out {out}: this lies inside the lake's home, where no truth may be; name a folder outside it.")
    if out.exists() and any(out.iterdir()):
        raise ValueError(f"--out {out}: the folder holds files already; name an empty or a new one.")
    return Order(scale, seed, reported, rates(defects), defects, out)


def run(order: Order, say: Say) -> dict[str, int]:
    """Write extracts and truth under `order.out`; returns the number of rows by source."""
    draws, rows = Draws(order.seed), dict.fromkeys(sources(), 0)
    with Truth(order.out / "truth") as truth:
        for stack in stacks(order.scale, *newcomers(order.window.reference)):
            city = build_city(draws, stack, order.window.reference)
            say(f"county {stack.county}: {city.people.present(city.reference).sum():,} registered persons")
            office = Office(draws, city, police_view(draws, city), order.rates)
            sender = Sender(draws, order.rates, city.first_code, order.window.opening, order.out / "extracts", truth)
            for source, extract in extracts(office, order.window):
                rows[source] += sender.deliver(extract)
            add_entities(office, order.window, truth)
    (order.out / "SYNTHETIC.json").write_text(json.dumps(_about(order, rows), ensure_ascii=False, indent=1) + "\n", "utf-8")
    return rows


def extracts(office: Office, window: Window) -> Iterator[tuple[str, Extract]]:
    """(source name, extract as the department knows it) of every due delivery."""
    for name, source in sources().items():
        for day, since in days_of(source, window):
            yield name, VIEWS[name](office, source, day, since)


def _about(order: Order, rows: dict[str, int]) -> dict:
    window = order.window
    return {
        "notice": "SYNTHETIC 合成数据",
        "licence": "CC0-1.0",
        "scale": order.scale,
        "seed": order.seed,
        "preset": window.preset,
        "defects": order.defects,
        "reference_day": str(window.reference),
        "opening_day": str(window.opening),
        "rows": rows,
    }
