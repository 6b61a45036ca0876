"""What a code in the registers stands for, in both languages: `1` of `sex_code` is 男, male."""

from functools import cache
from typing import Any

from lakehouse import reference


def names_of(column: str, value: Any) -> dict[str, str]:
    """Names by language (`en`, `zh`); none for what is no code of a list."""
    text = "" if value is None else str(value)
    place = _divisions().get(text) if column.endswith("division_code") else None
    return {"en": place, "zh": place} if place else _codes().get((column, text), {})


def coded_columns() -> set[str]:
    """Columns whose codes have names on the registers' list."""
    return {column for column, _ in _codes()}


@cache
def _codes() -> dict[tuple[str, str], dict[str, str]]:
    return {
        (row["column"], row["code"]): {"en": row["name_en"], "zh": row["name_zh"]} for row in reference.rows("register_codes")
    }


@cache
def _divisions() -> dict[str, str]:
    """Codes to their newest names, which are Chinese in either language."""
    return {row["division_code"]: row["name"] for row in reference.rows("divisions")}
