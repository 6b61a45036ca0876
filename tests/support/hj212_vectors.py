"""HJ 212 packets of tests/data/hj212, by case name."""

from pathlib import Path

_FOLDER = Path(__file__).parents[1] / "data" / "hj212"
VALID = {path.stem: path.read_bytes().rstrip(b"\n") for path in sorted((_FOLDER / "valid").glob("*.txt"))}
BROKEN = {path.stem: path.read_bytes().rstrip(b"\n") for path in sorted((_FOLDER / "broken").glob("*.txt"))}
