"""Releases of a theme: planned from gold table versions and contracts, built, recorded, verified, withdrawn."""

from publishing.release.ledger import Entry, current, entries, withdraw
from publishing.release.plan import ReleasePlan, resolve_plan
from publishing.release.run import Built, build
from publishing.release.verify import verify

__all__ = [
    "Built",
    "Entry",
    "ReleasePlan",
    "build",
    "current",
    "entries",
    "resolve_plan",
    "verify",
    "withdraw",
]
