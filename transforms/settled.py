"""What a slice becomes: rows of silver with the names of the warnings they give, and rows that are held."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lakehouse.words import chosen


@dataclass(frozen=True)
class Settled:
    """Silver and quarantine rows of a slice, and how many candidates lost to a better one of the same key."""

    silver: pa.Table
    quarantine: pa.Table
    superseded: int


def named(broken: list[tuple[str, np.ndarray]], rows: int) -> pa.DictionaryArray:
    """Per row the names of what it breaks, joined by commas; null where it breaks nothing."""
    codes = sum((np.asarray(b).astype(np.int64) << bit for bit, (_, b) in enumerate(broken)), np.zeros(rows, np.int64))
    words = {c: ",".join(name for bit, (name, _) in enumerate(broken) if c >> bit & 1) or None for c in np.unique(codes).tolist()}
    return chosen(list(words.values()), pa.array(np.searchsorted(np.array(list(words)), codes)))
