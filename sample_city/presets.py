"""The reference day and the days that departments report, by preset."""

from dataclasses import dataclass

import numpy as np

CALIBRATED_DAY = np.datetime64("2014-12-31")
"""The day whose totals are known; later days are reached by letting time pass."""
REFERENCE_DAYS = {"seed2014": CALIBRATED_DAY, "now2026": np.datetime64("2026-03-16")}
LONGEST_WINDOW = 365


@dataclass(frozen=True)
class Window:
    """The last `days` days up to and including the reference day."""

    preset: str
    reference: np.datetime64
    days: int

    @property
    def opening(self) -> np.datetime64:
        """The day before the first reported day; the opening extracts state it."""
        return self.reference - np.timedelta64(self.days, "D")

    def dates(self) -> np.ndarray:
        return np.arange(self.opening + 1, self.reference + 1)

    def month_ends(self) -> list[np.datetime64]:
        """Month ends among the reported days."""
        return [d for d in self.dates() if (d + 1).astype("datetime64[M]") != d.astype("datetime64[M]")]


def window(preset: str, days: int) -> Window:
    """Raises ValueError for an unknown preset or a window that the year of known events does not cover."""
    if preset not in REFERENCE_DAYS:
        raise ValueError(f"--preset {preset}: there is no such preset; there are {', '.join(REFERENCE_DAYS)}.")
    if not 1 <= days <= LONGEST_WINDOW:
        raise ValueError(f"--days {days}: the city knows the events of {LONGEST_WINDOW} days; give 1 to {LONGEST_WINDOW}.")
    return Window(preset, REFERENCE_DAYS[preset], days)
