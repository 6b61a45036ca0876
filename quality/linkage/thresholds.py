"""Precision and recall over all thresholds of match probability, and the threshold that costs least."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa


@dataclass(frozen=True)
class Choice:
    """A threshold with what it costs: links that are false, links that are missed, and their cost by the stated weights."""

    threshold: float
    precision: float
    recall: float
    f1: float
    false_links: int
    missed_links: int
    cost: float

    def words(self, false_link: float, missed_link: float) -> str:
        """One sentence for the record of the decision."""
        return (
            f"Link at {self.threshold:.4f} or more: precision {self.precision:.4f}, recall {self.recall:.4f}; "
            f"{self.false_links} false links at {false_link:g} and {self.missed_links} missed at {missed_link:g} "
            f"cost {self.cost:g}."
        )


def curve(probability: np.ndarray, is_match: np.ndarray, true_pairs: int) -> pa.Table:
    """One row a threshold, from high to low: threshold, precision, recall, f1, false_links, missed_links.

    `probability` and `is_match`: one value a scored pair. `true_pairs`: all pairs that belong together, those that no blocking
    rule brought forward included. Raises ValueError if more pairs match than there are true ones.
    """
    if int(is_match.sum()) > true_pairs:
        raise ValueError(f"{int(is_match.sum())} scored pairs match, but only {true_pairs} pairs are said to be true.")
    order = np.argsort(-probability, kind="stable")
    sorted_probability, hits = probability[order], np.cumsum(is_match[order])
    last = np.flatnonzero(np.append(np.diff(sorted_probability) != 0, True)) if len(order) else order
    linked, right = last + 1, hits[last]
    precision, recall = right / linked, right / max(true_pairs, 1)
    return pa.table(
        {
            "threshold": sorted_probability[last],
            "precision": precision,
            "recall": recall,
            "f1": 2 * right / (linked + true_pairs),
            "false_links": linked - right,
            "missed_links": true_pairs - right,
        }
    )


def choose(found: pa.Table, false_link: float = 10.0, missed_link: float = 1.0) -> Choice:
    """The threshold of a curve with the least cost; of equal ones the highest.

    Two people made one is worse than one person left as two, which a later record can still join: hence 10 to 1.
    Raises ValueError for a curve without rows.
    """
    if found.num_rows == 0:
        raise ValueError("No pair was scored: there is no threshold to choose.")
    cost = false_link * found["false_links"].to_numpy() + missed_link * found["missed_links"].to_numpy()
    best = int(np.argmin(cost))
    return Choice(**found.slice(best, 1).to_pylist()[0], cost=float(cost[best]))
