"""What a steward reads at the terminal: who contradicts whom, two records side by side, and what can be decided."""

from collections.abc import Iterator, Sequence
from typing import Any
from unicodedata import east_asian_width

from lakehouse.contracts import contracts
from transforms.entity_resolution import code_names, desk, waiting

KINDS = {
    "shared_number": "two under one number",
    "two_numbers": "one under two numbers",
    "values": "sources contradict each other",
    "death_unconfirmed": "a death told without a certificate",
    "insured_after_death": "insured after death",
    "legal_person_differs": "two registers name different legal persons",
    "no_tax_file": "in the business register, not at the tax office",
}
RULES = {
    "open": "nobody yet", "rank": "the highest source", "newest": "what was said last", "agreement": "most sources",
    "agreed": "all agree", "steward": "a steward", "linkage": "linkage", "two_registers": "comparing registers",
}  # fmt: skip
ATTRIBUTES = {
    "tax_file": "File at the tax office", "operating_address": "Place of business", "registered_address": "Registered address",
}  # fmt: skip
"""What is compared and is no column of its own."""
STATES = {None: "", False: "decided; the next run carries it out", True: "decided and carried out"}
CHOSEN, OPEN = "* in the register", "? open"
Rows = Sequence[Sequence[str]]


def waiting_conflicts(kind: str, what: str, limit: int) -> Iterator[str]:
    """Open contradictions of a register by kind, then the entities concerned, so many at most; `what` = only this kind."""
    counts = [c for c in waiting.open_conflicts(kind) if what in ("", c["kind"])]
    if not counts:
        yield f"No contradiction{f' of the kind {what}' if what else ''} about {kind} is open."
        return
    yield from table(("entities", "kind", "which means", "about"), [
        (f"{c['entities']:,}", c["kind"], KINDS.get(c["kind"], ""), label(kind, c["attribute"])) for c in counts
    ])  # fmt: skip
    yield ""
    found = waiting.concerned(kind, what, limit)
    rows = [(c["entity_id"], c["kind"], c["attribute"], c["other_entity_id"] or "", STATES[c["is_done"]]) for c in found]
    yield from table(("entity", "kind", "about", "confused with", "decision"), rows)
    yield f"{'The first ' if len(found) == limit else ''}{len(found)}; `lake register conflicts show ENTITY` tells who says what."


def golden(kind: str, entity: str) -> Iterator[str]:
    """The columns of a golden record that are filled, codes with what they stand for."""
    filled = {name: value for name, value in desk.golden(kind, entity).items() if value}
    yield from table(("column", "value"), [(label(kind, name), _named(name, value)) for name, value in filled.items()])


def conflicts(kind: str, entity: str) -> Iterator[str]:
    """All competing values of one entity by contradiction, the entities that it is confused with, and what to do."""
    rivals = waiting.rivals(kind, entity)
    if not rivals:
        yield f"No source contradicts another about {entity}."
        return
    for attribute, what in dict.fromkeys((r["attribute"], r["kind"]) for r in rivals):
        own = [r for r in rivals if (r["attribute"], r["kind"]) == (attribute, what)]
        yield f"{label(kind, attribute)}: {KINDS.get(what, what)} ({what}){'' if own[0]['is_open'] else ', settled'}"
        yield from _indented(_rivals(own))
        yield ""
    others = sorted({r["other_entity_id"] for r in rivals if r["other_entity_id"]})
    for other in others:
        yield "Side by side; * = both are filled and differ"
        yield from _indented(side_by_side(kind, *desk.older_first(kind, entity, other)))
        yield ""
    yield from _next_steps(entity, others, [r for r in rivals if r["is_open"]])


def side_by_side(kind: str, a: str, b: str) -> Iterator[str]:
    """Columns that one of two records fills: both values, codes with what they stand for, and the value if both were `a`."""
    heads = ("", "column", a, b, "if they were one")
    filled = [row for row in waiting.side_by_side(kind, a, b) if row["left"] or row["right"]]
    yield from table(heads, [
        ("*" if row["differs"] else "", label(kind, row["name"]), *(_named(row["name"], row[at]) for at in ("left", "right")),
         _named(row["name"], _after(row)))
        for row in filled
    ])  # fmt: skip


def label(kind: str, attribute: str) -> str:
    """`Birth date (birth_date)`."""
    names = {field.name: field.name_en for field in contracts()[f"entity__{kind}"].fields}
    named = names.get(attribute) or ATTRIBUTES.get(attribute)
    return f"{named} ({attribute})" if named else attribute


def table(heads: Sequence[str], rows: Rows) -> Iterator[str]:
    """Lines of equal columns below their headings; Chinese characters are two places wide."""
    cells = [[head.upper() if not head[:1].isupper() else head for head in heads], *rows]
    wide = [max(_width(row[n]) for row in cells) for n in range(len(heads))]
    for row in cells:
        yield "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, wide, strict=True)).rstrip()


def _rivals(rows: list[dict[str, Any]]) -> Iterator[str]:
    heads = ("value", "said by", "as of", "sources agreeing", "state", "found by", "record", "confused with")
    yield from table(heads, [
        (_named(r["attribute"], r["shown"]) or "(none)", _source(r), str(r["as_of"] or ""),
         "" if r["agreement"] is None else f"{r['agreement']:.0%}",
         *_standing(r),
         _record(r["mention_id"]), r["other_entity_id"] or "")
        for r in rows
    ])  # fmt: skip


def _standing(r: dict[str, Any]) -> tuple[str, str]:
    """Whether the value is the one in the register or waits, and who decided or found that."""
    state = CHOSEN if r["is_chosen"] else OPEN if r["is_open"] else ""
    return state, RULES.get(r["rule"], r["rule"] or "") if state else ""


def _named(attribute: str, shown: str | None) -> str:
    name = code_names.names_of(attribute, shown).get("en")
    return f"{shown} {name}" if name and name != shown else shown or ""


def _source(r: dict[str, Any]) -> str:
    source = contracts().sources.get(r["source_code"] or "")
    return (
        f"{contracts()[source.feeds].name_en} ({r['source_code'].split('__')[-1]})" if source else r["source"] or r["source_code"]
    )


def _record(name: str | None) -> str:
    """The beginning of a record's name, by which decisions take it, and the role in it."""
    record, _, role = (name or "").partition("#")
    return f"{record[:12]} {role}".strip()


def _after(row: dict[str, Any]) -> str:
    if row["after"] is not None:
        return row["after"]
    return "(the next run decides)" if row["differs"] or row["left"] != row["right"] else row["left"]


def _next_steps(entity: str, others: Sequence[str], still_open: list[dict[str, Any]]) -> Iterator[str]:
    if not still_open:
        yield "Nothing here waits for a decision."
        return
    yield "What you can do (the next `lake run registers` carries it out; `lake register undo` takes it back):"
    for other in others:
        yield f'  they are one:                   lake register merge {entity} {other} --reason "..."'
        yield f'  they are two:                   lake register apart {entity} {other} --reason "..."'
    for attribute in dict.fromkeys(r["attribute"] for r in still_open if r["kind"] == "values"):
        yield f'  one value of {attribute} is right: lake register value {entity} {attribute} --record RECORD --reason "..."'
    yield f'  a record is somebody else\'s:     lake register split {entity} --record RECORD --reason "..."'
    if not others and all(r["kind"] != "values" for r in still_open):
        yield "  else ask the departments named above; the contradiction ends with a delivery that settles it."


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)


def _width(text: str) -> int:
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)
