"""Data contracts (ODCS v3.1): the only description of a dataset; everything else derives from them."""

from lakehouse.contracts.load import contracts
from lakehouse.contracts.mapping import Source
from lakehouse.contracts.model import Contracts, Dataset, Field, Rule

__all__ = ["Contracts", "Dataset", "Field", "Rule", "Source", "contracts"]
