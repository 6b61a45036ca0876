"""Rates of defects under one of the presets none, default, heavy."""

from dataclasses import dataclass

from sample_city.parameters import words


@dataclass(frozen=True)
class Rates:
    """Shares by defect id (with a suffix where one id has several forms); at most 1."""

    shares: dict[str, float]

    def __getitem__(self, defect: str) -> float:
        return self.shares[defect]


def rates(preset: str) -> Rates:
    """Raises ValueError for an unknown preset."""
    factors = words("defects")["factors"]
    if preset not in factors:
        raise ValueError(f"--defects {preset}: there is no such preset; there are {', '.join(factors)}.")
    return Rates({name: min(1.0, rate * factors[preset]) for name, rate in words("defects")["rates"].items()})
