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
    keyed = [(key.key,) for key in rules.exact]
    of_new = keyed + [rule.equal for rule in (*rules.rules, *rules.conflicts)]
    of_open = [block.equal for block in rules.blocking]
    names = {name for equal in (*of_new, *of_open) for name in equal}
    numbers = {name: column.numbered(name) for column in columns.values() for name in column.values if name in names}
    is_new = entity == NONE
    is_open = is_new & np.all([numbers[key] == NONE for (key,) in keyed], axis=0) if keyed else is_new
    with connection() as engine:
        engine.register("mentions", pa.table(numbers | {"entity": entity, "is_new": is_new, "is_open": is_open}))
        found = [_entities(engine, equal, "is_new") for equal in of_new] + [
            _entities(engine, equal, "is_open") for equal in of_open
        ]
    near = np.zeros(int(entity.max(initial=-1)) + 2, bool)
    near[np.concatenate(found)] = True
    near[NONE] = True
    return np.flatnonzero(near[entity])


def _entities(engine: duckdb.DuckDBPyConnection, equal: Sequence[str], mark: str) -> NDArray[np.int64]:
    """Entities of known mentions that agree in all of `equal` with a marked one; no value agrees with nothing."""
    keys, present = ", ".join(equal), " and ".join(f"{key} >= 0" for key in equal)
    asked = f"select distinct {keys} from mentions where {mark} and {present}"
    found = engine.sql(f"select distinct entity from mentions semi join ({asked}) using ({keys}) where not is_new")
    return found.to_arrow_table()["entity"].to_numpy()
