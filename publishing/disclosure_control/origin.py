"""Where rows come from: made-up rows leave only as samples that say so."""

from collections.abc import Iterable

from lakehouse.contracts import Dataset
from lakehouse.contracts.origin import MADE_UP
from publishing.disclosure_control.columns import Refused


def check_origins(dataset: Dataset, found: Iterable[str], profile: str) -> tuple[str, ...]:
    """The origins of a dataset, sorted: those `found` in its rows and the one that its contract declares.

    Raises Refused when a made-up origin is among them outside the profile `sample`.
    """
    origins = sorted({*found, *((dataset.origin,) if dataset.origin else ())})
    made_up = [o for o in origins if o in MADE_UP]
    if made_up and profile != "sample":
        raise Refused(
            f"{dataset.id}: holds rows of origin {made_up[0]}, which are released only in the profile `sample` "
            f"(this one is `{profile}`); remove their source or set LAKE_PROFILE=sample."
        )
    return tuple(origins)
