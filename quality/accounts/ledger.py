"""One entry of the books: a delivery or a stream of one source, as one dataset sees it."""

from dataclasses import dataclass

FIGURES = ("received", "accepted", "exact", "superseded", "quarantined", "dead_letter", "waiting")


@dataclass(frozen=True)
class Account:
    """received = accepted + duplicate (exact, superseded) + quarantined + dead letter + waiting, in records.

    `unit` is a delivery id or a stream; `waiting` counts records landed since silver was last built.
    """

    dataset: str
    source: str
    unit: str
    received: int
    accepted: int
    exact: int
    superseded: int
    quarantined: int
    dead_letter: int
    waiting: int

    @property
    def duplicate(self) -> int:
        return self.exact + self.superseded

    @property
    def difference(self) -> int:
        """Records of which nobody can say what became of them; 0 when the books balance."""
        return self.received - self.accepted - self.duplicate - self.quarantined - self.dead_letter - self.waiting

    def __str__(self) -> str:
        return (
            f"{self.received} received = {self.accepted} accepted + {self.exact} exact and {self.superseded} superseded"
            f" duplicates + {self.quarantined} quarantined + {self.dead_letter} dead letter + {self.waiting} waiting"
            f" + {self.difference} unexplained"
        )


def total(accounts: list[Account], dataset: str) -> Account:
    """The accounts of one dataset added up."""
    return Account(dataset, "", "all", *(sum(getattr(a, name) for a in accounts) for name in FIGURES))
