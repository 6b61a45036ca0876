"""What a steward may see of persons: direct identifiers not at all, quasi identifiers by their beginning."""

import json
from typing import TYPE_CHECKING, Any

from lakehouse.contracts import Source, contracts

if TYPE_CHECKING:
    from quality.held_rows import HeldRow

MASK = "***"
SHOWN_OF_ADDRESS = 9
"""Characters of an address that are shown: city and county."""


def masked(dataset: str, column: str, value: Any) -> str:
    """A value as a steward may see it: of a person's date its year, of an address its beginning; empty for none."""
    if value is None:
        return ""
    field = next((f for f in contracts()[dataset].fields if f.name == column), None)
    if field is not None and field.is_direct:
        return MASK
    if field is not None and field.identifier_kind == "quasi" and field.logical_type in ("date", "timestamp"):
        return f"{str(value)[:4]}-**-**"
    is_address = column.endswith(("address_text", "_address"))
    return f"{str(value)[:SHOWN_OF_ADDRESS]}{MASK}" if is_address else str(value)


def told_apart(dataset: str, column: str, value: Any) -> str:
    """As `masked`, with the end of the stand-in of what is not shown, so that two values can be told apart."""
    shown = masked(dataset, column, value)
    return f"{shown} {str(value)[-4:]}" if shown == MASK else shown


def kept_or_masked(dataset: str, column: str, value: Any) -> Any:
    """The value as it is where nothing of it is to be masked, else as `told_apart`."""
    shown = told_apart(dataset, column, value)
    return shown if shown not in ("", str(value)) else value


def columns(row: "HeldRow") -> dict[str, str | None]:
    """The columns of a held row, and `_as_sent`, as a steward may see them; None where there is no value."""
    shown = {name: None if value is None else told_apart(row.dataset, name, value) for name, value in row.row.items()}
    sent = _texts_as_sent(row)
    return shown | ({"_as_sent": json.dumps(sent, ensure_ascii=False)} if sent else {})


def message(row: "HeldRow", text: str) -> str:
    """A check's message without the texts of the sender that `columns` masks."""
    sent = json.loads(row.row["_as_sent"]) if _texts_as_sent(row) else {}
    for heading, shown in _texts_as_sent(row).items():
        text = text.replace(sent[heading], shown)
    return text


def observed(row: "HeldRow", form: str = "%Y-%m-%d %H:%M UTC") -> str:
    """The time of observation in UTC; only its year where it is a person's date, such as that of birth."""
    source = contracts().sources.get(row.source)
    names = source.time.columns if source and source.time else ()
    dates = [field for heading in names if source and (field := _column(source, heading))]
    hidden = [field for field in dates if masked(row.dataset, field, row.observed_at).endswith("-**-**")]
    return masked(row.dataset, hidden[0], row.observed_at) if hidden else row.observed_at.strftime(form)


def _texts_as_sent(row: "HeldRow") -> dict[str, str]:
    """Heading -> text that did not read, masked as its column is; empty for readings, whose text is one value."""
    source = contracts().sources.get(row.source)
    if source is None or source.shape != "records" or not row.row.get("_as_sent"):
        return {}
    sent = json.loads(row.row["_as_sent"])
    return {heading: masked(row.dataset, _column(source, heading) or "", text) for heading, text in sent.items()}


def _column(source: Source, heading: str) -> str | None:
    return next((name for name, filling in source.fields.items() if filling.reads == heading), None)
