"""Registers of persons and enterprises: what contradicts itself, whose record is whose, and the steward's decisions on it.

Begin with `lake register conflicts list`, then `lake register conflicts show ID`. A decision is kept at once with its reason and
your name; the next `lake run registers` carries it out, and `undo` takes it back. Names, numbers and telephones are never shown.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from lakehouse import tables
from lakehouse.settings import settings
from quality import withheld
from quality.decisions import Decision
from transforms.entity_resolution import desk, rulings, steward_view, waiting

app = typer.Typer(add_completion=False, help=__doc__, no_args_is_help=True)
conflicts_app = typer.Typer(add_completion=False, help="Contradictions that wait for a steward.", no_args_is_help=True)
app.add_typer(conflicts_app, name="conflicts", rich_help_panel="Look")

LOOK, DECIDE, ANSWER, BUILD = "Look", "Decide", "What the verification service answers", "Build"
EntityId = Annotated[str, typer.Argument(help="Id of a person (P...) or enterprise (E...); a historic one does.")]
Reason = Annotated[str, typer.Option(help="Why, in words; kept with your name.")]
IsSure = Annotated[bool, typer.Option("--yes", help="Decide without being asked.")]
NEXT = "`lake run registers` carries it out; `lake register undo {about} --reason ...` takes it back."


@app.command(rich_help_panel=LOOK)
def show(entity_id: EntityId) -> None:
    """The record of an entity, the departments' records behind it, and what happened to its id."""
    kind, entity = desk.resolved(entity_id)
    if entity != entity_id:
        typer.echo(f"{entity_id} is {entity} today.")
    _say(steward_view.golden(kind, entity))
    _say(["", "Records behind it:", *(f"  {line}" for line in desk.records(kind, entity))])
    _say(["", "What happened to the id:", *(f"  {line}" for line in desk.events(kind, entity))])
    if any(r["is_open"] for r in waiting.rivals(kind, entity)):
        _say(["", f"Sources contradict each other about it: `lake register conflicts show {entity}`."])


@app.command(rich_help_panel=LOOK)
def resolve(entity_id: EntityId) -> None:
    """The id that stands for this one today, and what happened to it."""
    kind, entity = desk.resolved(entity_id)
    typer.echo(entity)
    for line in desk.events(kind, entity_id):
        typer.echo(f"  {line}")


@conflicts_app.command("list")
def list_conflicts(
    kind: Annotated[str, typer.Option(help="persons or enterprises.")] = "persons",
    what: Annotated[str, typer.Option(help="Only this kind of conflict.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="So many at most.")] = 20,
) -> None:
    """What waits: how many entities by kind of contradiction, then which ones."""
    _say(steward_view.waiting_conflicts(kind, what, limit))


@conflicts_app.command("show")
def show_conflicts(entity_id: EntityId) -> None:
    """One entity: who says what, the entities it may be confused with side by side, and what you can decide."""
    kind, entity = desk.resolved(entity_id)
    _say(steward_view.conflicts(kind, entity))


@app.command(rich_help_panel=DECIDE)
def merge(left: EntityId, right: EntityId, reason: Reason, yes: IsSure = False) -> None:
    """Decide that two entities are one: both records side by side, then the decision."""
    kind, pair = desk.same_kind(left, right)
    kept, lost = desk.older_first(kind, *pair)
    _say(steward_view.side_by_side(kind, kept, lost))
    typer.echo(f"{lost} becomes another name of {kept}, and its records go with it.")
    _ask(yes)
    _tell(rulings.merge(kept, lost, reason))


@app.command(rich_help_panel=DECIDE)
def apart(left: EntityId, right: EntityId, reason: Reason) -> None:
    """Decide that two entities are two, whatever linkage finds; they leave the list of pairs to look at."""
    _tell(rulings.keep_apart(left, right, reason))


@app.command(rich_help_panel=DECIDE)
def split(
    entity_id: EntityId,
    record: Annotated[list[str], typer.Option(help="Mention that leaves, as `lake register show` names it; give all of them.")],
    reason: Reason,
    yes: IsSure = False,
) -> None:
    """Decide that some records are another entity; the id stays with the part that holds the anchor record."""
    kind, entity = desk.resolved(entity_id)
    leaving = desk.leaving(kind, entity, record)
    for line in desk.records(kind, entity):
        typer.echo(f"{'leaves' if line.split()[0] in leaving else 'stays ':<7} {line}")
    _ask(yes)
    _tell(rulings.split(entity, leaving, reason))


@app.command(rich_help_panel=DECIDE)
def value(
    entity_id: EntityId,
    attribute: Annotated[str, typer.Argument(help="Column of the golden record.")],
    record: Annotated[str, typer.Option(help="Mention whose value is right, as `lake register conflicts show` names it.")],
    reason: Reason,
) -> None:
    """Decide which competing value of an attribute holds; it outranks all sources for 365 days."""
    _tell(rulings.value(entity_id, attribute, record, reason))


@app.command(rich_help_panel=DECIDE)
def undo(
    about: Annotated[str, typer.Argument(help="What the decision is about, as it was told when it was made.")], reason: Reason
) -> None:
    """Take the last decision back; the next run separates or joins again."""
    rulings.undo(about, reason)
    typer.echo(f"The decision on {about} is taken back. `lake run registers` carries it out.")


@app.command(rich_help_panel=ANSWER)
def withhold(
    person_id: EntityId, reason: Reason, until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Last day.")]
) -> None:
    """Have the verification service answer for a person as for an absent one."""
    person = _person(person_id)
    withheld.withhold(person, reason, (until + timedelta(1)).replace(tzinfo=ZoneInfo(settings().business_zone)))
    typer.echo(f"{person} is withheld; `lake run register_index` carries it out.")


@app.command(rich_help_panel=ANSWER)
def release(person_id: EntityId, reason: Reason) -> None:
    """Have the verification service answer for a withheld person again."""
    person = _person(person_id)
    withheld.release(person, reason)
    typer.echo(f"{person} is withheld no more; `lake run register_index` carries it out.")


def _person(entity_id: str) -> str:
    kind, entity = desk.resolved(entity_id)
    if kind != "persons":
        raise ValueError(f"{entity_id} is no person; only persons are withheld.")
    return entity


@app.command(rich_help_panel=BUILD)
def relink() -> None:
    """Compare all records anew, as if there were no former run; ids stay."""
    from lakehouse.pipeline import lock
    from transforms.entity_resolution.stage import STAGE, rebuild_plan, run

    work = rebuild_plan()
    if not work:
        raise LookupError("No department's records are in silver; `lake deliver` and `lake run` bring them there.")
    lock(STAGE, work)
    run(work)
    for kind in work:
        typer.echo(f"{kind}: {len(tables.read(f'silver.xref__{kind}', ['mention_id'])):,} rows in the crosswalk.")


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(line)


def _ask(is_sure: bool) -> None:
    if not is_sure:
        typer.confirm("Decide so?", abort=True)


def _tell(made: Decision) -> None:
    typer.echo(
        f"Decided by {made.decided_by}: {made.kind} {made.hold_id}, because {made.reason}. {NEXT.format(about=made.hold_id)}"
    )
