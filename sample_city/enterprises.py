"""Market entities and organisations of a county as columns: kinds, lives, industries, premises, legal persons, employees.

A slice holds its entities of the calibrated day, then room for those deregistered in the year before, then its bodies and
organisations, then those set up since.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from sample_city.divisions import townships, units
from sample_city.dwellings import Addresses
from sample_city.enterprise_years import founded, lives_since
from sample_city.identifiers import credit_codes, organisation_codes, registration_numbers, scramble
from sample_city.parameters import parameters, words
from sample_city.people import FLOATING, NEVER, REGISTERED, YEAR, People
from sample_city.presets import CALIBRATED_DAY
from sample_city.randomness import Draws, rank_in_rows
from sample_city.slices import Stack

KINDS = ("self_employed", "company", "branch", "cooperative", "organisation")
SELF_EMPLOYED, COMPANY, BRANCH, COOPERATIVE, ORGANISATION = range(len(KINDS))
STATES = ("active", "suspended", "revoked", "deregistered")
ACTIVE, SUSPENDED, REVOKED, DEREGISTERED = range(len(STATES))
NO_ENTERPRISE = -1


@dataclass(frozen=True)
class Enterprises:
    """One row an entity; `exists` is false for room not filled. `legal_person`, `address`, `parent` are rows (-1: none)."""

    number: np.ndarray
    exists: np.ndarray
    kind: np.ndarray
    state: np.ndarray
    established: np.ndarray
    ended: np.ndarray
    revoked: np.ndarray
    industry: np.ndarray
    address: np.ndarray
    legal_person: np.ndarray
    parent: np.ndarray
    capital: np.ndarray
    output: np.ndarray
    uscc: pa.Array
    org_code: pa.Array
    reg_no: pa.Array
    name: pa.Array


def a_slice() -> int:
    """Rows of one slice on the calibrated day."""
    return parameters().slice.enterprises + words("enterprises")["largest_exits"] + parameters().slice.organisations


def build_enterprises(
    draws: Draws, stack: Stack, people: People, home: np.ndarray, addresses: Addresses, reference, code: int
) -> Enterprises:
    """All entities of a county. `home` is the address row of each person's household, `code` the division of identifiers."""
    from sample_city.trade_names import entity_names

    number = stack.numbers(a_slice() + founded(reference))
    kind, exists, is_exit = _kinds(draws, stack, number)
    flat = number.ravel()
    legal_person = _legal_persons(draws, stack, people, number, reference).ravel()
    premises = _premises(stack, number)
    home_based = _home_based(draws, kind, is_exit, number)
    address = np.where(home_based, home[legal_person], premises.ravel())
    kind, is_exit = kind.ravel(), is_exit.ravel()
    established, ended, revoked, state = _lives(draws, stack, number, kind, is_exit, reference)
    is_gone = ~np.isnat(ended)
    parent = _parents(stack, kind, is_gone)
    industry = _industries(draws, flat, kind, addresses.unit[address])
    industry = np.where(parent >= 0, industry[parent], industry)
    org_code = organisation_codes(scramble(flat, 10**8, "organisation codes"))
    uscc = _credit_codes(kind, flat, code, org_code)
    capital = np.array(words("enterprises")["capital_cny10k"])[
        draws.below("capital", flat, len(words("enterprises")["capital_cny10k"]))
    ]
    return Enterprises(
        number=flat,
        exists=exists.ravel(),
        kind=kind,
        state=state,
        established=established,
        ended=ended,
        revoked=revoked,
        industry=industry,
        address=address,
        legal_person=legal_person,
        parent=parent,
        capital=np.where(np.isin(kind, (COMPANY, COOPERATIVE)), capital, 0),
        output=_output(draws, stack, flat, kind, industry, exists.ravel() & ~is_gone),
        uscc=uscc,
        org_code=org_code,
        reg_no=registration_numbers(np.full(len(flat), code), scramble(flat, 10**8, "registration numbers")),
        name=entity_names(draws, flat, kind, industry, parent, addresses.unit[address]),
    )


def _kinds(draws: Draws, stack: Stack, number: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Kind, whether the row is filled, whether the entity was deregistered in the last year; all (slices, a_slice)."""
    given, counts = words("enterprises"), parameters().slice
    cards = np.repeat([KINDS.index(k) for k in given["counts"]], list(given["counts"].values()))
    living = cards[rank_in_rows(draws.bits("enterprise_kind", number[:, : counts.enterprises]))]
    exits, organisations = given["largest_exits"], counts.organisations
    gone = draws.pick("exit_kind", number[:, counts.enterprises : counts.enterprises + exits], (80, 20))
    later = draws.pick("kind_since", number[:, a_slice() :], tuple(given["counts"].values()))
    kind = np.hstack([living, gone, np.full((stack.count, organisations), ORGANISATION), later])
    dealt = _quota(stack, given["exit_rate"])
    place = np.arange(number.shape[1])
    is_exit = (place >= counts.enterprises) & (place < counts.enterprises + exits)
    exists = ~is_exit | (place - counts.enterprises < dealt[:, None])
    return kind, exists, np.tile(is_exit, (stack.count, 1))


def _quota(stack: Stack, rate: float) -> np.ndarray:
    """How many entities of each slice: a rate of the stock a year before, so dealt that the sums over slices stay within one."""
    inside = np.arange(stack.count)
    a_year = words("enterprises")["stock_a_year_before"] * rate
    return np.floor((inside + 1) * a_year + 0.5).astype(np.int64) - np.floor(inside * a_year + 0.5).astype(np.int64)


def _legal_persons(draws: Draws, stack: Stack, people: People, number: np.ndarray, reference) -> np.ndarray:
    """Rows of adults of the same slice, each at most once."""
    age = (reference - people.birth).astype(np.int64) / 365.25
    may = np.isin(people.kind, (REGISTERED, FLOATING)) & (age >= 22) & (age < 70)
    score = draws.uniform("legal_person", people.number) + 10.0 * ~may + 0.5 * (people.kind == FLOATING)
    order = np.argsort(score.reshape(stack.count, -1), axis=1, kind="stable")[:, : number.shape[1]]
    return order + np.arange(stack.count)[:, None] * stack.people


def _premises(stack: Stack, number: np.ndarray) -> np.ndarray:
    """Address rows of premises of the slice; former tenants and organisations share one."""
    counts = parameters().slice
    first = counts.households + counts.vacant_dwellings
    return (
        np.arange(stack.count)[:, None] * counts.addresses
        + first
        + np.arange(number.shape[1])[None, :] % counts.business_premises
    )


def _home_based(draws: Draws, kind: np.ndarray, is_exit: np.ndarray, number: np.ndarray) -> np.ndarray:
    """The slice's share of self-employed who trade from their dwelling."""
    trades = (kind == SELF_EMPLOYED) & ~is_exit
    share = words("enterprises")["home_based"] / words("enterprises")["counts"]["self_employed"]
    wanted = np.round(trades.sum(axis=1) * share).astype(np.int64)
    return (rank_in_rows(draws.uniform("home_based", number) + 10.0 * ~trades) < wanted[:, None]).ravel()


def _lives(draws: Draws, stack: Stack, number: np.ndarray, kind: np.ndarray, is_exit: np.ndarray, reference):
    """Days of establishment, end and revocation, and the state on the reference day."""
    given, flat = words("enterprises"), number.ravel()
    is_later = np.tile(np.arange(number.shape[1]) >= a_slice(), stack.count)
    others = is_exit | (kind == ORGANISATION) | is_later
    score = draws.uniform("entered_this_year", number) + 10.0 * others.reshape(number.shape)
    is_new = (rank_in_rows(score) < _quota(stack, given["entry_rate"])[:, None]).ravel()
    day = draws.below("established_day", flat, YEAR).astype("timedelta64[D]")
    years = np.minimum(-7.0 * np.log1p(-draws.uniform("established_years", flat)), 30.0)
    earlier = YEAR + (years * 365).astype(np.int64) + draws.below("established_day", flat, 30)
    before = CALIBRATED_DAY - earlier.astype("timedelta64[D]")
    established = np.select([is_later, is_new], [NEVER, CALIBRATED_DAY - day], before)
    ended = np.where(is_exit, CALIBRATED_DAY - draws.below("ended_day", flat, YEAR).astype("timedelta64[D]"), NEVER)
    since = (a.reshape(number.shape) for a in (kind != ORGANISATION, established, ended))
    established, ended = (days.ravel() for days in lives_since(draws, number, *since, reference))
    state = draws.pick("state", flat, tuple(given["status_weights"].values()))
    is_young = established > reference - YEAR
    state = np.where(~np.isnat(ended), DEREGISTERED, np.where(is_young | (kind == ORGANISATION), ACTIVE, state))
    revoked = np.where(state == REVOKED, reference - draws.between("revoked_day", flat, 1, 300).astype("timedelta64[D]"), NEVER)
    return established, ended, revoked, state


def _parents(stack: Stack, kind: np.ndarray, is_gone: np.ndarray) -> np.ndarray:
    """Row of the company that a branch belongs to: the companies of the slice in order."""
    parent = np.full(len(kind), NO_ENTERPRISE)
    by_slice = kind.reshape(stack.count, -1)
    stays = ~is_gone.reshape(by_slice.shape)
    order = np.argsort(~((by_slice == COMPANY) & stays), axis=1, kind="stable")
    nth = np.cumsum(by_slice == BRANCH, axis=1) - 1
    rows = np.take_along_axis(order, np.clip(nth, 0, None), axis=1) + np.arange(stack.count)[:, None] * by_slice.shape[1]
    return np.where(kind == BRANCH, rows.ravel(), parent)


def _industries(draws: Draws, number: np.ndarray, kind: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Index into the list of industries: the township's cluster for some, else by the kind's weights."""
    given = words("enterprises")
    codes = [i["code"] for i in given["industries"]]
    weights = np.array([i["weights"] for i in given["industries"]])
    picked = {
        k: draws.pick("industry", number, weights[:, column])
        for k, column in ((SELF_EMPLOYED, 1), (COMPANY, 0), (COOPERATIVE, 2))
    }
    industry = np.where(
        kind == SELF_EMPLOYED, picked[SELF_EMPLOYED], np.where(kind == COOPERATIVE, picked[COOPERATIVE], picked[COMPANY])
    )
    cluster_of = {t: codes.index(given["clusters"][t]) if t in given["clusters"] else NO_ENTERPRISE for t in townships()}
    cluster = np.array([cluster_of[u.township_code] for u in units()])[unit]
    follows = draws.chance("cluster", number, given["cluster_share"]) & (cluster >= 0) & np.isin(kind, (SELF_EMPLOYED, COMPANY))
    return np.where(follows, cluster, industry)


def _output(
    draws: Draws, stack: Stack, number: np.ndarray, kind: np.ndarray, industry: np.ndarray, counts: np.ndarray
) -> np.ndarray:
    """Value added in 10,000 CNY; in every slice its sums by sector stand in the stated proportion."""
    given = words("enterprises")
    sectors = tuple(given["sectors"])
    sector = np.array([sectors.index(i["sector"]) for i in given["industries"]])[industry]
    size = (
        np.exp(1.2 * draws.uniform("output", number) * 3)
        * np.where(kind == SELF_EMPLOYED, 1.0, 20.0)
        * (counts & (kind != ORGANISATION))
    )
    output = np.zeros(len(number))
    in_slice = np.repeat(np.arange(stack.count), len(number) // stack.count)
    for index, share in enumerate(given["sectors"].values()):
        weight = size * (sector == index)
        total = np.bincount(in_slice, weight, minlength=stack.count)
        output += weight * (given["output_cny10k"] * share / 100 / total)[in_slice]
    return np.round(output, 4)


def _credit_codes(kind: np.ndarray, number: np.ndarray, code: int, org_code: pa.Array) -> pa.Array:
    """Authority 9 by kind; organisations alternate between authorities 1 and 5."""
    is_body = (kind == ORGANISATION) & (number % 2 == 0)
    authority = np.where(kind != ORGANISATION, ord("9"), np.where(is_body, ord("1"), ord("5")))
    category = np.select([kind == SELF_EMPLOYED, kind == COOPERATIVE, is_body], [ord("2"), ord("3"), ord("2")], ord("1"))
    return credit_codes(authority, category, np.full(len(number), code), org_code)
