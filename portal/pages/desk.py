"""The steward's desk: what waits in the registers, competing values, two records side by side, and the decisions on them.

Who decides is who is logged in. Decisions are those of `lake register`; the next run carries them out.
"""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from lakehouse.contracts import Field, contracts
from portal.login import required
from portal.page import render
from portal.query import BadParameter
from quality import held_rows
from quality.decisions import Decision
from transforms.entity_resolution import desk, identity_log, rulings, waiting

router = APIRouter()
ROLES = ("steward", "admin")
REGISTERS = ("persons", "enterprises")
SHOWN = 100
Text = Annotated[str, Form(max_length=1000)]
Records = Annotated[list[str] | None, Form()]


@router.get("/desk")
def index(request: Request) -> Response:
    """What waits: conflicts by kind, pairs to look at, held rows, decisions. `?register=` and `?conflict=` list one kind."""
    who = required(request, *ROLES)
    register, conflict = (request.query_params.get(name, "") for name in ("register", "conflict"))
    registers = [_waiting(kind) for kind in REGISTERS]
    listed = waiting.concerned(register, conflict, SHOWN) if conflict and register in REGISTERS else []
    held = [(contracts()[name], n) for name, n in held_rows.totals().items()]
    chosen = {"register": register, "conflict": conflict, "listed": listed, "shown": SHOWN}
    return _kept_private(render(request, "desk.html.j2", who=who, registers=registers, held=held, **chosen))


@router.get("/desk/conflicts/{entity_id}")
def conflicts(request: Request, entity_id: str) -> Response:
    """Who says what of one entity, and its records. Raises LookupError (404) for an id never given."""
    who = required(request, *ROLES)
    kind, entity = desk.resolved(entity_id)
    return _kept_private(render(
        request, "desk_entity.html.j2", who=who, kind=kind, entity=entity, asked=entity_id, fields=_fields(kind),
        disputes=_disputes(waiting.rivals(kind, entity)), members=waiting.members(kind, entity),
        events=desk.history(kind, entity), decisions=_decisions(kind, entity),
    ))  # fmt: skip


@router.post("/desk/conflicts/{entity_id}")
def decide_on_one(
    request: Request, entity_id: str, decision: Text = "", reason: Text = "", attribute: Text = "", about: Text = "",
    record: Records = None,
) -> Response:  # fmt: skip
    """Decide a value (one record), split records off, or take a decision back; then the same page."""
    by, records = required(request, *ROLES).name, record or []
    return _decided(request, decision, {
        "value": lambda: rulings.value(entity_id, attribute, _one(records), reason, by),
        "split": lambda: rulings.split(entity_id, records, reason, by),
        "undo": lambda: rulings.undo(about, reason, by),
    })  # fmt: skip


@router.get("/desk/pair/{left}/{right}")
def pair(request: Request, left: str, right: str) -> Response:
    """Two entities side by side and what a merge would change; one that they are already, as the page of one."""
    who = required(request, *ROLES)
    if desk.resolved(left) == desk.resolved(right):
        return RedirectResponse(f"/desk/conflicts/{desk.resolved(left)[1]}", 303)
    kind, pair = _asked(lambda: desk.same_kind(left, right))
    a, b = desk.older_first(kind, *pair)
    return _kept_private(render(
        request, "desk_pair.html.j2", who=who, kind=kind, a=a, b=b, fields=_fields(kind), rows=waiting.side_by_side(kind, a, b),
        evidence=waiting.evidence(kind, a, b), between=waiting.between(kind, a, b), decisions=_decisions(kind, a, b),
        members={one: waiting.members(kind, one) for one in (a, b)},
    ))  # fmt: skip


@router.post("/desk/pair/{left}/{right}")
def decide_on_two(
    request: Request, left: str, right: str, decision: Text = "", reason: Text = "", entity: Text = "", about: Text = "",
    record: Records = None,
) -> Response:  # fmt: skip
    """Merge two entities, keep them apart, split records off one of them, or take a decision back; then the same page."""
    by = required(request, *ROLES).name
    return _decided(request, decision, {
        "merge": lambda: rulings.merge(left, right, reason, by),
        "apart": lambda: rulings.keep_apart(left, right, reason, by),
        "split": lambda: rulings.split(entity, record or [], reason, by),
        "undo": lambda: rulings.undo(about, reason, by),
    })  # fmt: skip


def _waiting(kind: str) -> dict[str, Any]:
    """What waits in one register; `is_there` is false before the first run."""
    try:
        conflicts = waiting.open_conflicts(kind)
    except LookupError:
        return {"kind": kind, "is_there": False}
    found = {"conflicts": conflicts, "reviews": waiting.reviews(kind), "fields": _fields(kind)}
    return {"kind": kind, "is_there": True, **found, "decisions": waiting.decided(kind), "undone": waiting.taken_back(kind)}


def _decisions(kind: str, *entities: str) -> list[tuple[Decision, bool]]:
    """Decisions in force on what these entities are today."""
    log = identity_log.standing(identity_log.read(kind))
    today = dict(zip(log["entity_id"].to_pylist(), log["root_id"].to_pylist(), strict=True))
    named = [(d, is_done, d.hold_id.partition(".")[0].split("+")) for d, is_done in waiting.decided(kind)]
    return [(d, is_done) for d, is_done, ids in named if {today.get(one) for one in ids} & set(entities)]


def _decided(request: Request, decision: str, choices: dict[str, Callable[[], Decision]]) -> Response:
    if decision not in choices:
        raise BadParameter(f"There is no decision {decision!r} here; choose one of {', '.join(choices)}.")
    _asked(choices[decision])
    return RedirectResponse(f"{request.url.path}?decided=1", 303)


def _asked(ask: Callable[[], Any]) -> Any:
    """What was asked for. What cannot be decided so is told in the sentence of the command (400)."""
    try:
        return ask()
    except (ValueError, LookupError) as error:
        raise BadParameter(str(error)) from error


def _one(records: list[str]) -> str:
    if len(records) != 1:
        raise BadParameter(f"{len(records)} records are chosen; choose the one whose value is right.")
    return records[0]


def _disputes(rivals: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Competing values by attribute and kind of conflict, those that are open first."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rivals:
        groups.setdefault((row["attribute"], row["kind"]), []).append(row)
    return [{"attribute": a, "kind": k, "rows": rows, "is_open": rows[0]["is_open"]} for (a, k), rows in groups.items()]


def _fields(kind: str) -> dict[str, Field]:
    return {f.name: f for f in contracts()[f"entity__{kind}"].fields}


def _kept_private(page: Response) -> Response:
    page.headers["Cache-Control"] = "no-store"
    return page
