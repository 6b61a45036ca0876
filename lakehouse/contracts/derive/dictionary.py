"""Contract -> data dictionary rows and labels in both languages."""

from lakehouse.contracts.model import Dataset


def dictionary(dataset: Dataset) -> list[dict[str, str]]:
    """One row per column: what it is, in which unit, which rules guard it."""
    return [
        {
            "dataset": dataset.id,
            "column": f.name,
            "name_en": f.name_en,
            "name_zh": f.name_zh,
            "type": f.logical_type,
            "unit": f.unit or "",
            "required": "yes" if f.required else "no",
            "key": "yes" if f.primary_key else "no",
            "description": f.description,
            "rules": "; ".join(r.description for r in dataset.rules if r.field == f.name),
            "example": str(f.examples[0]) if f.examples else "",
        }
        for f in dataset.fields
    ]


def labels(dataset: Dataset, language: str) -> dict[str, str]:
    """Column name -> label in `zh` or `en`, the unit in brackets behind it."""
    if language not in ("zh", "en"):
        raise ValueError(f"Language {language!r} is not offered; use zh or en.")
    names = {f.name: f.name_zh if language == "zh" else f.name_en for f in dataset.fields}
    return {f.name: f"{names[f.name]} ({f.unit})" if f.unit else names[f.name] for f in dataset.fields}
