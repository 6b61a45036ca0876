"""Which known mentions a daily delta can touch: those that share a key of some rule with a new mention."""

from collections.abc import Sequence

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from transforms.entity_resolution.linkage.normalise import Encoded
from transforms.entity_resolution.linkage.profiles import NONE, connection
from transforms.entity_resolution.linkage.rules import LinkageRules


def touched(columns: dict[str, Encoded], entity: NDArray[np.int64], rules: LinkageRules) -> NDArray[np.int64]:
    """Rows of the new mentions (entity -1) and of all mentions of the entities that share a key with one of them."""
    keys = [key.key for key in rules.exact]
    rule_keys = [(key,) for key in keys] + [rule.equal for rule in (*rules.rules, *rules.conflicts)]
    block_keys = [block.equal for block in rules.blocking]
    names = {name for equal in (*rule_keys, *block_keys) for name in equal}
    numbers = {name: column.numbered(name) for column in columns.values() for name in column.values if name in names}
    is_open = np.all([numbers[key] == NONE for key in keys], axis=0) if keys else np.ones(len(entity), bool)
    with connection() as engine:
        engine.register("mentions", pa.table(numbers | {"entity": entity, "is_new": entity == NONE, "is_open": is_open}))
        found = [_entities(engine, equal, "is_new", "true") for equal in rule_keys]
        found += [_entities(engine, equal, "is_new and is_open", "true") for equal in block_keys]
        found += [_entities(engine, equal, "is_new", "is_open") for equal in block_keys]
    near = np.zeros(int(entity.max(initial=-1)) + 2, bool)
    near[np.concatenate(found)] = True
    near[NONE] = True
    return np.flatnonzero(near[entity])


def _entities(engine: duckdb.DuckDBPyConnection, equal: Sequence[str], new: str, known: str) -> NDArray[np.int64]:
    """Entities of the known mentions that agree in all of `equal` with a new one; no value agrees with nothing.

    `new`, `known`: which of them, as SQL over the marks is_new and is_open.
    """
    keys, present = ", ".join(equal), " and ".join(f"{key} >= 0" for key in equal)
    asked = f"select distinct {keys} from mentions where {new} and {present}"
    found = engine.sql(f"select distinct entity from mentions semi join ({asked}) using ({keys}) where not is_new and {known}")
    return found.to_arrow_table()["entity"].to_numpy()
