"""Values of comparison columns as keyed hashes of 64 bits; 0 stands for no value."""

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from transforms.entity_resolution.linkage.normalise import Encoded
from transforms.entity_resolution.linkage.profiles import holder
from transforms.entity_resolution.linkage.rules import Fill, LinkageRules

Hashes = NDArray[np.uint64]
ODD = np.uint64(0x9E3779B97F4A7C15)


class HashedMentions:
    """Hashes of the columns of mentions, each different value hashed once (BLAKE2b with the secret)."""

    def __init__(self, columns: dict[str, Encoded], secret: bytes):
        self.columns, self.secret, self._made = columns, secret, {}

    def column(self, name: str) -> Hashes:
        if name not in self._made:
            encoded = holder(self.columns, name)
            values = pc.dictionary_encode(encoded.values[name])
            values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
            hashed = np.append([self.value(text) for text in values.dictionary.to_pylist()], [0]).astype(np.uint64)
            of_value = np.append(pc.fill_null(values.indices, -1).to_numpy(), -1).astype(np.int64)
            self._made[name] = hashed[of_value[encoded.numbers]]
        return self._made[name]

    def main(self, column: str) -> Hashes:
        """By the column of the rules: its main column."""
        return self.column(self.columns[column].main)

    def value(self, text: str) -> int:
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8, key=self.secret).digest(), "little") or 1

    def combined(self, equal: tuple[str, ...]) -> Hashes:
        """One hash for the values of several columns; none where one is missing."""
        columns = [self.column(name) for name in equal]
        return np.where(np.all(columns, axis=0), self._mixed("+".join(equal), columns), 0)

    def share(self, name: str) -> Hashes:
        """By which the frequency of a value is counted."""
        return np.where(self.column(name) > 0, self._mixed(f"share of {name}", [self.column(name)]), 0)

    def filling(self, fill: Fill, column: str) -> Hashes:
        """By which a gap finds the mentions that can close it."""
        return np.where(self.main(column) > 0, self._mixed(f"fill {fill.column}", [self.main(column)]), 0)

    def close_gaps(self, fill: Fill, told: Hashes) -> None:
        name = self.columns[fill.column].main
        self._made[name] = np.where(self.column(name) > 0, self.column(name), told)

    def is_open(self, rules: LinkageRules) -> NDArray[np.bool_]:
        """Mentions without a valid value in any of the exact keys."""
        keys = [self.column(key.key) == 0 for key in rules.exact]
        return np.all(keys, axis=0) if keys else np.ones(len(next(iter(self.columns.values())).numbers), bool)

    def _mixed(self, purpose: str, columns: list[Hashes]) -> Hashes:
        found = np.full(len(columns[0]), self.value(purpose), np.uint64)
        for hashes in columns:
            found = (found ^ hashes) * ODD
            found ^= found >> np.uint64(32)
        return found
