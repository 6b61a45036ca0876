"""Where rows come from; what is made of several origins bears the worst of them, so that nothing made up passes for measured."""

from collections.abc import Iterable

MADE_UP = frozenset({"synthetic", "test_vector"})
WORST_FIRST = ("synthetic", "test_vector", "public_reference", "operational")


def worst(origins: Iterable[str]) -> str:
    """The worst of some origins (at least one). Raises ValueError for a word that is none."""
    return WORST_FIRST[min(WORST_FIRST.index(origin) for origin in origins)]


def worst_sql(x: str) -> str:
    """The same as an aggregate in DuckDB's SQL over the expression `x`."""
    return f"arg_min({x}, list_position({list(WORST_FIRST)}, {x}))"
