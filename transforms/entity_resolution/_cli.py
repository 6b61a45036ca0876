"""Registers: show an entity, resolve an id, look at conflicts, decide on merges and splits, take a decision back."""

from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from lakehouse import tables
from lakehouse.settings import settings
from quality import withheld
from quality.decisions import Decision
from transforms.entity_resolution import desk, rulings

app = typer.Typer(add_completion=False, help=__doc__, no_args_is_help=True)
conflicts_app = typer.Typer(add_completion=False, help="Contradictions that wait for a steward.", no_args_is_help=True)
app.add_typer(conflicts_app, name="conflicts")

EntityId = Annotated[str, typer.Argument(help="Id of a person (P...) or enterprise (E...); a historic one does.")]
Reason = Annotated[str, typer.Option(help="Why, in words; kept with your name.")]
IsSure = Annotated[bool, typer.Option("--yes", help="Decide without being asked.")]
NEXT = "`lake run registers` carries it out; `lake register undo {about} --reason ...` takes it back."


@app.command()
def show(entity_id: EntityId) -> None:
    """The golden record, the records behind it, what happened to the id; direct identifiers are masked."""
    kind, entity = desk.resolved(entity_id)
    if entity != entity_id:
        typer.echo(f"{entity_id} is {entity} today.")
    _echo(desk.golden(kind, entity))
    for line in (*desk.records(kind, entity), *desk.events(kind, entity), *desk.open_conflicts(kind, entity)):
        typer.echo(f"  {line}")


@app.command()
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
    """Counts of open conflicts by kind, then the entities concerned."""
    for line in desk.conflict_counts(kind, what):
        typer.echo(line)
    for line in desk.conflict_list(kind, what, limit):
        typer.echo(f"  {line}")


@conflicts_app.command("show")
def show_conflicts(entity_id: EntityId) -> None:
    """Every competing value of one entity, with source, day and share of agreement."""
    kind, entity = desk.resolved(entity_id)
    lines = desk.competing(kind, entity)
    for line in lines or [f"No source contradicts another about {entity}."]:
        typer.echo(line)


@app.command()
def merge(left: EntityId, right: EntityId, reason: Reason, yes: IsSure = False) -> None:
    """Decide that two entities are one: both records side by side, then the decision."""
    kind, (a, b) = desk.same_kind(left, right)
    _side_by_side(desk.golden(kind, a), desk.golden(kind, b))
    typer.echo(f"{min_name(kind, a, b)}, and its records with it.")
    _ask(yes)
    _tell(rulings.merge(a, b, reason))


@app.command()
def apart(left: EntityId, right: EntityId, reason: Reason) -> None:
    """Decide that two entities are two, whatever linkage finds; they leave the list of pairs to look at."""
    _tell(rulings.keep_apart(left, right, reason))


@app.command()
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


@app.command()
def value(
    entity_id: EntityId,
    attribute: Annotated[str, typer.Argument(help="Column of the golden record.")],
    record: Annotated[str, typer.Option(help="Mention whose value is right, as `lake register conflicts show` names it.")],
    reason: Reason,
) -> None:
    """Decide which competing value of an attribute holds; it outranks all sources for 365 days."""
    _tell(rulings.value(entity_id, attribute, record, reason))


@app.command()
def undo(
    about: Annotated[str, typer.Argument(help="What the decision is about, as it was told when it was made.")], reason: Reason
) -> None:
    """Take the last decision back; the next run separates or joins again."""
    rulings.undo(about, reason)
    typer.echo(f"The decision on {about} is taken back. `lake run registers` carries it out.")


@app.command()
def withhold(
    person_id: EntityId, reason: Reason, until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Last day.")]
) -> None:
    """Have the verification service answer for a person as for an absent one."""
    person = _person(person_id)
    withheld.withhold(person, reason, (until + timedelta(1)).replace(tzinfo=ZoneInfo(settings().business_zone)))
    typer.echo(f"{person} is withheld; `lake run register_index` carries it out.")


@app.command()
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


@app.command()
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


def min_name(kind: str, a: str, b: str) -> str:
    """Which id will stay."""
    kept, lost = desk.older_first(kind, a, b)
    return f"{lost} becomes another name of {kept}"


def _side_by_side(left: dict[str, str], right: dict[str, str]) -> None:
    for name in left:
        mark = " " if left[name] == right.get(name) else "*"
        typer.echo(f"{mark} {name:<26} {left[name]:<34} {right.get(name, '')}")


def _echo(record: dict[str, str]) -> None:
    for name, shown in record.items():
        typer.echo(f"{name:<26} {shown}")


def _ask(is_sure: bool) -> None:
    if not is_sure:
        typer.confirm("Decide so?", abort=True)


def _tell(made: Decision) -> None:
    typer.echo(
        f"Decided by {made.decided_by}: {made.kind} {made.hold_id}, because {made.reason}. {NEXT.format(about=made.hold_id)}"
    )
