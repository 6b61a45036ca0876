"""Show what runs, what collectors say, what the lake holds and how the last run ended."""

from datetime import UTC, datetime
from typing import Any

import typer

from lakehouse import collectors, outcomes, tables
from lakehouse.services import services
from lakehouse.settings import settings

app = typer.Typer(add_completion=False)
NEWEST = f"""
select stage, dataset, state, rows_out, error, started_at from {outcomes.TABLE}
qualify row_number() over (partition by stage, dataset order by started_at desc) = 1
order by started_at
"""


@app.command()
def status() -> None:
    """Services, clock, collectors, tables per layer, and the newest outcome of each stage and dataset."""
    lake = settings()
    clock = f"{lake.as_of_time():%Y-%m-%d %H:%M} UTC"
    typer.echo(f"data home    {lake.data_home}  (profile {lake.profile}, as of {clock})")
    for name, service in services().items():
        pid = service.running_pid()
        typer.echo(f"{name:<12} {f'{service.address()} (process {pid})' if pid else 'not running'}")
    for line in collectors.in_words():
        typer.echo(line)
    for layer in tables.LAYERS:
        typer.echo(f"{layer:<12} {len(tables.names(layer))} tables")
    for row in newest_outcomes():
        typer.echo(in_words(row))


def newest_outcomes() -> list[dict[str, Any]]:
    """The newest outcome row of each stage and dataset, in the order in which they ran."""
    if not tables.exists(outcomes.TABLE):
        return []
    found = tables.duck(outcomes.TABLE).sql(NEWEST)
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def in_words(row: dict[str, Any]) -> str:
    """One line per outcome (rows where the step counted any); the error of a failed one on a second."""
    rows = "" if row["rows_out"] is None else f"{row['rows_out']:,} rows"
    what = f"{row['stage']:<15} {row['dataset']:<42} {row['state']:<7}"
    error = f"\n{'':<15} {row['error'].splitlines()[-1]}" if row["error"] else ""
    return f"{what} {rows:>15}  {collectors.ago((datetime.now(UTC) - row['started_at']).total_seconds())} ago{error}"
