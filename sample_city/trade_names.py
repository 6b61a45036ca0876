"""Names of entities: area, trade name, trade word, legal form; a name that is taken gets a further character."""

import numpy as np
import pyarrow as pa

from sample_city.divisions import units
from sample_city.enterprises import BRANCH, COOPERATIVE, ORGANISATION, SELF_EMPLOYED
from sample_city.parameters import parameters, words
from sample_city.randomness import Draws

BRANCH_WORD = "分公司"
SHOP_ENDINGS = "店馆厂乐宿行"


def entity_names(
    draws: Draws, number: np.ndarray, kind: np.ndarray, industry: np.ndarray, parent: np.ndarray, unit: np.ndarray
) -> pa.Array:
    """One name a row; no two alike within a county. One pass over entities, of which there are a tenth as many as persons."""
    given = words("enterprises")
    first, second = (
        [given[pool][i] for i in draws.below(pool, number, len(given[pool]))] for pool in ("trade_first", "trade_second")
    )
    choice = draws.bits("trade_word", number).tolist()
    forms = [list(given["legal_forms"])[i] for i in draws.pick("legal_form", number, tuple(given["legal_forms"].values()))]
    taken: dict[str, int] = {}
    names: list[str] = []
    for row in range(len(number)):
        head, tail = _frame(kind[row], industry[row], unit[row], choice[row], forms[row], number[row])
        names.append(_free(head, first[row] + second[row], tail, taken))
    for row in np.flatnonzero(kind == BRANCH):
        names[row] = names[parent[row]] + _free("", units()[unit[row]].short_name, BRANCH_WORD, taken, names[parent[row]])
    return pa.array(names)


def _frame(kind: int, industry: int, unit: int, choice: int, form: str, number: int) -> tuple[str, str]:
    """What stands before and after the trade name."""
    given, county = words("enterprises"), parameters().county["name"]
    if kind == ORGANISATION:
        found = given["organisations"]["authority_1" if number % 2 == 0 else "authority_5"]["words"]
        return f"{county}{units()[unit].township_name}", found[choice % len(found)]
    found = given["industries"][industry]["words"]
    word = found[choice % len(found)]
    if kind == SELF_EMPLOYED:
        return f"{county}{units()[unit].township_name}", word if word[-1] in SHOP_ENDINGS else f"{word}经营部"
    if kind == COOPERATIVE:
        return county.removesuffix("县"), f"{word}专业合作社"
    return ("杭州", "桐庐", "桐庐县", "浙江")[(0, 1, 1, 1, 2, 2, 0, 3)[choice // 64 % 8]], word + form


def _free(head: str, trade: str, tail: str, taken: dict[str, int], scope: str = "") -> str:
    """The name with the shortest further characters that nobody has yet."""
    plain = f"{scope}{head}{trade}{tail}"
    turn = taken[plain] = taken.get(plain, -1) + 1
    thirds = words("enterprises")["trade_third"]
    further = "" if turn == 0 else thirds[(turn - 1) % len(thirds)] * (1 + (turn - 1) // len(thirds))
    return f"{head}{trade}{further}{tail}"
