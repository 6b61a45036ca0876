"""Show what runs, what the lake holds, how fresh it is and how the last run ended."""

from datetime import UTC, datetime

import typer

from lakehouse import outcomes, tables
from lakehouse.services import services
from lakehouse.settings import settings

app = typer.Typer()


@app.callback(invoke_without_command=True)
def status() -> None:
    """Services, clock, tables per layer, and the newest outcome of each stage and dataset."""
    lake = settings()
    typer.echo(
        f"data home    {lake.data_home}  (profile {lake.profile}, as of {lake.as_of_time():%Y-%m-%d %H:%M} UTC)"
    )
    for name, service in services().items():
        pid = service.running_pid()
        typer.echo(f"{name:<12} {f'{service.address()} (process {pid})' if pid else 'not running'}")
    for layer in tables.LAYERS:
        typer.echo(f"{layer:<12} {len(tables.names(layer))} tables")
    for row in newest_outcomes():
        age = datetime.now(UTC) - row["started_at"]
        typer.echo(
            f"{row['stage']:<12} {row['dataset']:<42} {row['state']:<7} {row['rows_out'] or 0:>10} rows  {age.total_seconds() / 3600:.1f} h ago"
        )
        if row["error"]:
            typer.echo(f"             {row['error'].splitlines()[-1]}")


def newest_outcomes() -> list[dict]:
    """The newest outcome row of each stage and dataset, in the order in which they ran."""
    if not tables.exists(outcomes.TABLE):
        return []
    newest: dict[tuple, dict] = {}
    for row in sorted(tables.read(outcomes.TABLE).to_pylist(), key=lambda r: r["started_at"]):
        newest[row["stage"], row["dataset"]] = row
    return sorted(newest.values(), key=lambda r: r["started_at"])
