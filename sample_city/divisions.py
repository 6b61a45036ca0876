"""The county's divisions: the list of 2023, and the units of 2014 that an invented succession table leads to it."""

from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np

from sample_city.parameters import SLICES_A_COUNTY, parameters, rows

COMMITTEES_2014 = ("330122003001", "330122004011", "330122101010", "330122109002")
COMMITTEES_UNTIL = np.datetime64("2016-01-01")
"""Units that were residents' committees [居民委员会] in 2014 and are communities [社区] since that day (assumed)."""
NEVER_CHANGED = np.datetime64("1900-01-01")


@dataclass(frozen=True)
class Unit:
    """A village or community of the 2023 list; `former_code` is the unit of 2014 that its dwellings stood in."""

    code: str
    name: str
    township_code: str
    township_name: str
    is_community: bool
    former_code: str
    former_name: str
    former_share: float
    changed_on: np.datetime64

    @property
    def short_name(self) -> str:
        return short(self.name)

    def at(self, day: np.datetime64) -> tuple[str, str]:
        """Code and name in force on a day; a unit of which only a part was another one counts as itself."""
        if day < self.changed_on and self.former_share == 1:
            return self.former_code, _name_at(self.former_code, self.former_name, day)
        return self.code, _name_at(self.code, self.name, day)

    def part_at(self, day: np.datetime64, share: float) -> tuple[str, str]:
        """Code and name in force where a unit's dwellings, counted in order, reach `share`."""
        if day < self.changed_on and share < self.former_share:
            return self.former_code, _name_at(self.former_code, self.former_name, day)
        return self.code, _name_at(self.code, self.name, day)


def short(name: str) -> str:
    """As written in addresses: villages without 村委会, which one name of the list carries twice."""
    while name.endswith("村委会"):
        name = name.removesuffix("村委会")
    return name


@cache
def townships() -> dict[str, str]:
    return {r["code"]: r["name"] for r in rows("divisions_2023") if len(r["code"]) == 9}


@cache
def units() -> tuple[Unit, ...]:
    """The 218 units of 2023 as slices fill them: a village of every township first, communities evenly between."""
    former = {
        r["to_code"]: (r["from_code"], r["from_name"], float(r["share_of_to"]), np.datetime64(r["valid_on"]))
        for r in rows("succession")
    }
    found = [_unit(r["code"], r["name"], former) for r in rows("divisions_2023") if len(r["code"]) == 12]
    place: dict[str, float] = {}
    for township, is_community in product(townships(), (False, True)):
        alike = [u.code for u in found if u.township_code == township and u.is_community == is_community]
        place |= {code: (i + is_community / 2) / len(alike) for i, code in enumerate(alike)}
    return tuple(sorted(found, key=lambda u: (place[u.code], u.code)))


def _unit(code: str, name: str, former: dict[str, tuple[str, str, float, np.datetime64]]) -> Unit:
    before = former.get(code, (code, name, 1.0, NEVER_CHANGED))
    return Unit(code, name, code[:9], townships()[code[:9]], name.endswith("社区"), *before)


def _name_at(code: str, name: str, day: np.datetime64) -> str:
    return name.removesuffix("社区") + "居委会" if code in COMMITTEES_2014 and day < COMMITTEES_UNTIL else name


@cache
def household_quotas(county_households: int) -> np.ndarray:
    """Households of each unit at scale 1, in the order of `units()`; proportional to assumed populations, largest remainder."""
    weights = np.array([parameters().unit_population["community" if u.is_community else "village"] for u in units()], float)
    exact = weights / weights.sum() * county_households
    quota = np.floor(exact).astype(np.int64)
    quota[np.argsort(quota - exact, kind="stable")[: county_households - quota.sum()]] += 1
    return quota


@cache
def urban_rural_codes() -> dict[str, str]:
    """Class of each unit of 2023 [城乡分类代码]: communities, then villages of subdistricts, towns and townships
    by code, are urban as far as comes nearest to the county's urbanisation (assumed); the others are villages proper (220)."""
    quotas = household_quotas(SLICES_A_COUNTY * parameters().slice.households)
    households = dict(zip((u.code for u in units()), quotas, strict=True))
    order = sorted(units(), key=lambda u: (not u.is_community, _level(u), u.code))
    share = np.cumsum([households[u.code] for u in order]) / quotas.sum()
    last_urban = np.abs(share - parameters().urbanisation).argmin()
    return {u.code: _urban_code(u) if place <= last_urban else "220" for place, u in enumerate(order)}


def _level(unit: Unit) -> int:
    """0 in subdistricts [街道], 1 in towns [镇], 2 in townships [乡]: the first digit of the township's number."""
    return int(unit.township_code[6])


def _urban_code(unit: Unit) -> str:
    return ("111" if unit.is_community else "112") if _level(unit) == 0 else ("121" if unit.is_community else "122")
