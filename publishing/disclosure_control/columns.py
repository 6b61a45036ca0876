"""Columns and rows that may leave, from the contract's allow-list. What is not listed never leaves."""

from collections.abc import Iterable

from lakehouse.contracts import Dataset, Field

IN_FORCE = "is_in_force"


class Refused(ValueError):
    """The gate says no. The message names the dataset, the place, the rule and the mend."""


def open_columns(dataset: Dataset) -> tuple[Field, ...]:
    """The columns of `publish.include`, in the contract's order.

    Raises Refused when the contract has no list, or the list names an unknown column, a column above `public`,
    an identifier, or leaves out a column of the key (a release is ordered and compared by it).
    """
    if not dataset.publish:
        raise Refused(
            f"{dataset.id}: its contract {dataset.path} has no `publish` list, so no column may leave; "
            "let the owner add the list of open columns."
        )
    unknown = [name for name in dataset.publish if name not in {f.name for f in dataset.fields}]
    if unknown:
        raise Refused(f"{dataset.id}: `publish` lists {unknown[0]}, which {dataset.path} does not define; mend the name.")
    if hidden := [name for name in dataset.primary_key if name not in dataset.publish]:
        raise Refused(f"{dataset.id}: key column {hidden[0]} is not in `publish`, so versions cannot be compared; list it.")
    columns = tuple(field for field in dataset.fields if field.name in dataset.publish)
    for field in columns:
        _check_column(dataset, field)
    return columns


def _check_column(dataset: Dataset, field: Field) -> None:
    if field.classification != "public":
        raise Refused(
            f"{dataset.id}: column {field.name} is classified {field.classification}, and only public columns "
            "may leave; take it out of `publish` or let the owner reclassify it."
        )
    if field.identifier_kind:
        raise Refused(
            f"{dataset.id}: column {field.name} is a {field.identifier_kind} identifier (identifierKind), "
            "which may not leave; take it out of `publish`."
        )


def open_rows(dataset: Dataset) -> str | None:
    """The condition on rows that may leave, as SQL, or None for all of them.

    A dataset computed by several rule versions shows the one in force on the day.
    """
    return IN_FORCE if IN_FORCE in {f.name for f in dataset.fields} else None


def open_datasets(datasets: Iterable[Dataset], theme: str | None = None) -> list[Dataset]:
    """The gold datasets (of one theme) whose contract has a `publish` list, by id."""
    listed = (d for d in datasets if d.layer == "gold" and d.publish and theme in (None, d.domain))
    return sorted(listed, key=lambda d: d.id)
