"""How old the newest row may be by what its contract promises about time (`slaProperties`)."""

from lakehouse.contracts import Dataset, Field


def time_key(dataset: Dataset) -> Field | None:
    """The time in the dataset's key: the start of the interval that a row speaks of."""
    return next((f for f in dataset.fields if f.primary_key and f.logical_type in ("timestamp", "date")), None)


def oldest_newest_row(dataset: Dataset) -> float | None:
    """Hours that may lie between the start of the newest row's interval and now; None = nothing is promised.

    Just before the next row comes, the newest one is as old as its own interval, the next one's, and the latency.
    """
    frequency = dataset.promised_hours("frequency")
    if frequency is None or time_key(dataset) is None:
        return None
    return 2 * frequency + (dataset.promised_hours("latency") or 0)
