"""Files derived from contracts that other tools must find on disk; a drift test compares them."""

import json
from pathlib import Path

from lakehouse.contracts.derive import json_schema
from lakehouse.contracts.load import FOLDER, contracts

TARGET = FOLDER / "generated"
MARK = "Generated from the contract by `lake contracts generate`; change the contract, not this file."


def expected() -> dict[Path, str]:
    """Path -> content of every generated file."""
    return {
        TARGET / f"{d.id}.schema.json": json.dumps({"$comment": MARK, **json_schema(d)}, indent=1, ensure_ascii=False) + "\n"
        for d in contracts().of_layer("silver")
    }


def write() -> list[Path]:
    """Write them all, remove what no contract explains any more; returns the paths."""
    wanted = expected()
    TARGET.mkdir(exist_ok=True)
    for path in set(TARGET.glob("*.schema.json")) - set(wanted):
        path.unlink()
    for path, text in wanted.items():
        path.write_text(text, "utf-8")
    return sorted(wanted)
