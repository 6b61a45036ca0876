"""Held rows: list, show, fix, waive, undo, preview, replay; scorecards of the sources."""

import json
from datetime import UTC
from typing import Annotated

import typer

from quality import decisions, fixes, held_rows
from quality.decisions import Decision
from quality.held_rows import HeldRow

app = typer.Typer(add_completion=False, help=__doc__, no_args_is_help=True)
HoldId = Annotated[str, typer.Argument(help="Id of the held row; its first 8 characters do when they are unique.")]
Reason = Annotated[str, typer.Option(help="Why, in words; kept with your name.")]
OneDataset = Annotated[str, typer.Option(help="Only this dataset.")]


@app.command("list")
def list_rows(
    dataset: OneDataset = "",
    check: Annotated[str, typer.Option(help="Only rows that fail this check.")] = "",
    source: Annotated[str, typer.Option(help="Only rows of this source.")] = "",
    limit: Annotated[int, typer.Option(min=0, help="So many rows at most.")] = 20,
) -> None:
    """Counts per check with its business sentence, then the rows."""
    counts = held_rows.counts(dataset, source)
    if not counts:
        typer.echo("No rows are held.")
        return
    for count in (c for c in counts if check in ("", c.check)):
        typer.echo(f"{count.rows:>8}  {count.check:<28} {count.dataset}: {count.sentence}")
    for row in held_rows.held(dataset, check, source, limit):
        typer.echo(f"{row.hold_id}  {row.observed_at:%Y-%m-%d %H:%M} UTC  {', '.join(row.failed):<28} {_shown(row)}")


@app.command()
def show(hold_id: HoldId) -> None:
    """One held row: its columns, the checks it fails, what was decided on it and by whom."""
    found = held_rows.search(hold_id)
    dataset, decided = held_rows.decided(found[0].hold_id if len(found) == 1 else hold_id)
    if decided and not found:
        typer.echo(f"{decided[0].hold_id} of {dataset} is held no longer: a decision let it pass.")
    else:
        _show(held_rows.find(hold_id))
    for one in decided:
        typer.echo(f"  {_told(one)}")
    if found and decisions.in_force(dataset).get(found[0].hold_id):
        typer.echo("  Decided; `lake quarantine replay` brings it to silver and gold.")


def _show(row: HeldRow) -> None:
    typer.echo(f"{row.hold_id} of {row.dataset}, source {row.source}, delivery {row.delivery_id or '(stream)'}")
    typer.echo(f"  observed_at = {row.observed_at:%Y-%m-%dT%H:%M:%S}Z")
    for name, value in row.row.items():
        typer.echo(f"  {'as sent' if name == '_as_sent' else name} = {'(null)' if value is None else value}")
    for check in row.checks:
        typer.echo(f"  fails {check['check']} on {check['field']}: {check['message']}")


def _shown(row: HeldRow) -> str:
    return " ".join(f"{name.removeprefix('_')}={value}" for name, value in row.row.items() if value is not None)


def _told(one: Decision) -> str:
    what = f" {json.dumps(one.changes, ensure_ascii=False)}" if one.changes else ""
    until = f" until {one.expires_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if one.expires_at else ""
    return f"{one.decided_at:%Y-%m-%d %H:%M} UTC {one.decided_by}: {one.kind}{what}{until}: {one.reason}"


@app.command()
def fix(
    hold_id: HoldId,
    reason: Reason,
    set_: Annotated[list[str], typer.Option("--set", help="column=value; may be given several times.")],
) -> None:
    """Correct columns of a held row. What would still break a rule is refused."""
    row = held_rows.find(hold_id)
    _done(fixes.fix(row, fixes.typed(row.contract, set_), reason))


@app.command()
def waive(
    hold_id: HoldId, reason: Reason, until: Annotated[str, typer.Option(help="Day or instant at which the waiver ends.")]
) -> None:
    """Let a held row pass as it is until a day; it is marked `waived` in silver."""
    _done(fixes.waive(held_rows.find(hold_id), reason, fixes.end_of(until)))


@app.command()
def undo(hold_id: HoldId, reason: Reason) -> None:
    """Take the last decision on a row back."""
    dataset, decided = held_rows.decided(hold_id)
    if not decided:
        raise LookupError(f"Nothing was decided on {hold_id}.")
    _done(fixes.undo(dataset, decided[0].hold_id, reason))


def _done(decision: Decision) -> None:
    typer.echo(f"Recorded for {decision.hold_id}: {_told(decision)}")
    typer.echo("`lake quarantine preview` shows what it changes, `lake quarantine replay` does it.")


@app.command()
def preview(dataset: OneDataset = "") -> None:
    """What silver would change if it were built now; nothing is written."""
    from quality import replay as replays

    shown = False
    for changes in replays.preview(dataset):
        shown = True
        typer.echo("\n  ".join([str(changes), *map(str, changes.rows)]))
    if not shown:
        typer.echo("Nothing would change.")


@app.command()
def replay() -> None:
    """Bring the decisions to silver, gold and the serving file, and print what changed."""
    from quality import replay as replays

    done = replays.replay(tell=typer.echo)
    if not done:
        typer.echo("Nothing changed.")
    for changes in done:
        typer.echo("\n  ".join([str(changes), *map(str, changes.rows)]))


@app.command()
def scorecard() -> None:
    """Completeness, validity, timeliness and consistency of every source, by department."""
    from quality import scorecards

    typer.echo(scorecards.table())
