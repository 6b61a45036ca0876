"""By which tokens the verification service finds a person: one way to make them, for the index and for what is asked."""

import unicodedata

import pyarrow as pa

from lakehouse import vault
from lakehouse.contracts.codes import citizen_number


def normal(text: str) -> str:
    """Full-width forms and blanks as the index has them (Unicode NFKC, no blanks)."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def number_tokens(numbers: pa.Array) -> pa.Array:
    """Tokens of citizen numbers in their one form: 18 characters, a 15-digit one extended. Raises VaultError."""
    return vault.named("citizen_no", citizen_number.normalised(numbers))


def name_tokens(names: pa.Array) -> pa.Array:
    """Tokens of names in their one form. Raises VaultError."""
    return vault.named("person_name", pa.array([name and normal(name) for name in names.to_pylist()], pa.string()))
