"""Held rows: list, show, fix, waive, undo, preview, replay; scorecards of the sources."""

import json
from datetime import UTC
from typing import Annotated

import typer

from quality import decisions, fixes, held_rows, masking, provenance, rivals
from quality.decisions import Decision
from quality.held_rows import HeldRow

app = typer.Typer(add_completion=False, help=__doc__, no_args_is_help=True)
HoldId = Annotated[str, typer.Argument(help="Id of the held row; its first 8 characters do when they are unique.")]
Reason = Annotated[str, typer.Option(help="Why, in words; kept with your name.")]
WholeRecord = Annotated[bool, typer.Option("--whole-record", help="All held items of the same record.")]
NEXT = "`lake quarantine preview` shows what changes, `lake quarantine replay` does it."
OneDataset = Annotated[str, typer.Option(help="Only this dataset.")]


@app.command("list")
def list_rows(
    dataset: OneDataset = "",
    check: Annotated[str, typer.Option(help="Only rows that fail this check.")] = "",
    source: Annotated[str, typer.Option(help="Only rows of this source.")] = "",
    limit: Annotated[int, typer.Option(min=0, help="So many rows at most.")] = 20,
) -> None:
    """Counts per check with its business sentence, then the rows; last, what did not parse and is not held."""
    _list(dataset, check, source, limit)
    for name, rows in held_rows.letters(dataset).items():
        shows = f'`lake sql --lake "select reason, count(*) from {name} group by 1"`'
        typer.echo(f"{rows} records did not parse and are dead letters, for their senders to mend: {shows}.")


def _list(dataset: str, check: str, source: str, limit: int) -> None:
    counts = held_rows.counts(dataset, source)
    if not counts:
        typer.echo(
            "No rows are held." if held_rows.datasets() else "Nothing has been checked yet; `lake run` checks what has landed."
        )
        return
    wanted = [c for c in counts if check in ("", c.check)]
    if not wanted:
        typer.echo(f"No rows are held by {check}; rows are held by {', '.join(dict.fromkeys(c.check for c in counts))}.")
        return
    for count in wanted:
        typer.echo(f"{count.rows:>8}  {count.check:<28} {count.dataset}: {count.sentence}")
    rows = held_rows.held(dataset, check, source, limit + 1)
    for row in rows[:limit]:
        typer.echo(f"{row.hold_id}  {masking.observed(row)}  {', '.join(row.failed):<28} {_shown(row)}")
    more = f"More rows are held than the {limit} shown; --limit shows more. " if len(rows) > limit else ""
    typer.echo(f"{more}`lake quarantine show ID` tells all of one row; fix, waive or leave it held.")


@app.command()
def show(hold_id: HoldId) -> None:
    """One held row: its columns, the checks it fails, what was decided on it and by whom."""
    found = held_rows.search(hold_id)
    dataset, decided = held_rows.decided(found[0].hold_id if len(found) == 1 else hold_id)
    if decided and not found:
        _show_passed(dataset, decided[0].hold_id)
    else:
        _show(held_rows.find(hold_id))
    for one in decided:
        typer.echo(f"  {_told(one)}")
    if decided:
        typer.echo(f"  {_what_counts(dataset, decided[0].hold_id)}")
        typer.echo(f"  {_what_next(dataset, decided[0].hold_id, is_held=bool(found))}")
    else:
        typer.echo(f"  Nothing is decided. {_choices(found[0])}")


def _show_passed(dataset: str, hold_id: str) -> None:
    where = "it is in silver" if held_rows.in_silver(dataset, hold_id) else "another row of the same key counts before it"
    typer.echo(f"{hold_id} of {dataset} is held no longer: a decision let it pass, and {where}.")


def _what_counts(dataset: str, hold_id: str) -> str:
    """The decision in force, or why there is none."""
    if standing := decisions.in_force(dataset).get(hold_id):
        return f"Counts now: {_told(standing)}"
    last = held_rows.decided(hold_id)[1][-1]
    why = "the last decision was taken back" if last.kind == "undo" else "the waiver has ended"
    return f"Counts now: no decision, {why}."


def _what_next(dataset: str, hold_id: str, is_held: bool) -> str:
    standing = decisions.in_force(dataset).get(hold_id)
    if decisions.built_with(dataset).get(hold_id) != (standing.decided_at.isoformat() if standing else None):
        return "Silver does not know of it yet: `lake quarantine preview` shows what changes, `lake quarantine replay` does it."
    if standing and is_held:
        return "Silver was built with it and the row is held all the same; fix what it fails above."
    return "Silver was built with it." if standing else "The row is held until a decision lets it pass."


def _choices(row: HeldRow) -> str:
    """What may be done with the row, as commands."""
    fields = dict.fromkeys(c["field"] for c in row.checks if c["field"] in fixes.fixable(row.contract))
    fix = " ".join(f"--set {name}=..." for name in fields) or "--set COLUMN=VALUE"
    waive = "" if fixes.why_no_waiver(row) else f", or `lake quarantine waive {row.hold_id} --until DAY --reason ...`"
    items = len(held_rows.of_record(row.hold_id))
    whole = f" {items} items of this record are held; --whole-record decides on all of them." if items > 1 else ""
    return f"`lake quarantine fix {row.hold_id} {fix} --reason ...`{waive}; left alone, it stays held and counted.{whole}"


def _show(row: HeldRow) -> None:
    typer.echo(f"{row.hold_id} of {row.dataset}: {provenance.told(row)}")
    typer.echo(f"  observed_at = {masking.observed(row, '%Y-%m-%dT%H:%M:%SZ')}")
    for name, value in masking.columns(row).items():
        typer.echo(f"  {'as sent' if name == '_as_sent' else name} = {'(null)' if value is None else value}")
    for check in row.checks:
        typer.echo(f"  fails {check['check']} on {check['field']}: {masking.message(row, check['message'])}")


def _shown(row: HeldRow) -> str:
    return " ".join(f"{name.removeprefix('_')}={value}" for name, value in masking.columns(row).items() if value)


def _told(one: Decision) -> str:
    changes = {name: masking.kept_or_masked(one.dataset, name, value) for name, value in one.changes.items()}
    what = f" {json.dumps(changes, ensure_ascii=False)}" if changes else ""
    until = f" until {one.expires_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if one.expires_at else ""
    return f"{one.decided_at:%Y-%m-%d %H:%M} UTC {one.decided_by}: {one.kind}{what}{until}: {one.reason}"


@app.command()
def fix(
    hold_id: HoldId,
    reason: Reason,
    set_: Annotated[list[str], typer.Option("--set", help="column=value; may be given several times.")],
    whole_record: WholeRecord = False,
) -> None:
    """Correct columns of a held row. What would still break a rule is refused."""
    rows = held_rows.of_record(hold_id) if whole_record else [held_rows.find(hold_id)]
    for row, decision in zip(rows, fixes.fix(rows, fixes.typed(rows[0].contract, set_), reason), strict=True):
        _recorded(decision, row)
    typer.echo(NEXT)


@app.command()
def waive(
    hold_id: HoldId,
    reason: Reason,
    until: Annotated[str, typer.Option(help="Day or instant at which the waiver ends.")],
    whole_record: WholeRecord = False,
) -> None:
    """Let a held row pass as it is until a day; it is marked `waived` in silver."""
    rows = held_rows.of_record(hold_id) if whole_record else [held_rows.find(hold_id)]
    for row, decision in zip(rows, fixes.waive(rows, reason, fixes.end_of(until)), strict=True):
        _recorded(decision, row)
    typer.echo(NEXT)


@app.command()
def undo(hold_id: HoldId, reason: Reason) -> None:
    """Take the last decision on a row back; the one before it counts again."""
    dataset, decided = held_rows.decided(hold_id)
    if not decided:
        raise LookupError(f"Nothing was decided on {hold_id}; `lake quarantine list` shows the held rows.")
    decision = fixes.undo(dataset, decided[0].hold_id, reason)
    _recorded(decision, None)
    typer.echo(_what_counts(dataset, decision.hold_id))
    typer.echo(NEXT)


def _recorded(decision: Decision, row: HeldRow | None) -> None:
    typer.echo(f"Recorded for {decision.hold_id}: {_told(decision)}")
    if row and (loses := rivals.why_it_loses(row, decision.changes)):
        typer.echo(loses)


@app.command()
def preview(dataset: OneDataset = "") -> None:
    """What silver would change if it were built now, and which decided rows lose; nothing is written."""
    from quality import replay as replays

    told = [line for changes in replays.preview(dataset) for line in changes.lines()]
    for line in [*(told or ["Nothing would change."]), *replays.losers(dataset)]:
        typer.echo(line)


@app.command()
def replay() -> None:
    """Bring the decisions to silver, gold and the serving file, and print what changed."""
    from quality import replay as replays

    losers = list(replays.losers())
    done = replays.replay(tell=typer.echo)
    if not done:
        typer.echo("No row of silver or gold changed.")
    for line in [*(line for changes in done for line in changes.lines()), *losers]:
        typer.echo(line)


@app.command()
def scorecard() -> None:
    """Completeness, validity, timeliness and consistency of every source, by department."""
    from quality import scorecards

    typer.echo(scorecards.table())
