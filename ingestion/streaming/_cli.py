"""Land sealed segments of the edge collectors in bronze; receive them by HTTP."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from deltalake.exceptions import DeltaError

app = typer.Typer(invoke_without_command=True, add_completion=False, help=__doc__)


@app.callback()
def land(
    ctx: typer.Context,
    follow: Annotated[bool, typer.Option(help="Go on landing what comes, until stopped.")] = False,
    seconds: Annotated[float, typer.Option(min=0.1, help="Pause between two passes of --follow.")] = 5.0,
) -> None:
    """Land what waits; with --follow go on doing so. Prints one line per stream with work or with an obstacle."""
    if ctx.invoked_subcommand:
        return
    said = _land_once(said="")
    while follow:
        time.sleep(seconds)
        try:
            said = _land_once(said)
        except (OSError, DeltaError) as error:
            typer.echo(f"not landed, will try again: {' '.join(str(error).split())[:300]}")


@app.command()
def receive(
    host: str = "127.0.0.1",
    port: int = 8095,
    certificate: Annotated[Path | None, typer.Option(help="TLS certificate (PEM); wanted on every open network.")] = None,
    key: Annotated[Path | None, typer.Option(help="Key of the certificate (PEM).")] = None,
) -> None:
    """Receive segments by HTTP until stopped."""
    import uvicorn

    from ingestion.streaming.receiver import application

    tls = {"ssl_certfile": certificate, "ssl_keyfile": key} if certificate else {}
    uvicorn.run(application(), host=host, port=port, log_level="warning", **tls)


@app.command()
def release() -> None:
    """Bring readings that were kept without contract to bronze, each once, when a source takes them by now."""
    from ingestion.streaming import release as releases

    done = releases.release()
    for source, rows in done.released.items():
        typer.echo(f"{source}: {rows} readings released to bronze; `lake run` brings them to silver.")
    for what, rows in done.waiting.items():
        typer.echo(f"{rows} readings stay kept without contract; they wait for {what}.")
    for path in done.gone:
        typer.echo(f"{path} is not there any more; restore it from a backup, then release again.")
    if not (done.released or done.waiting or done.gone):
        typer.echo("No reading is kept without contract.")
    elif not done.released:
        typer.echo("Nothing was released. A mapping under contracts/ takes a system type by listing it under system_types.")


@app.command()
def token(collector: str, out: Annotated[Path, typer.Option(help="File for the gateway; must not exist yet.")]) -> None:
    """Issue a collector's token for `receive`; an older one ends. The lake keeps only its hash."""
    from ingestion.streaming import tokens

    try:
        tokens.issue(collector, out)
    except FileExistsError:
        raise ValueError(f"{out} exists; name a new file, or delete it first.") from None
    typer.echo(f"{out}: move it to the gateway and name it in uplink.token_file")


def _land_once(said: str) -> str:
    """One pass. Obstacles are said when they change, not with every pass of --follow; they are returned."""
    from ingestion.streaming.land import land as land_segments

    passed = land_segments()
    for landed in passed:
        if landed.segments or landed.replays or landed.refused:
            typer.echo(
                f"{landed.stream}: {landed.segments} segments, {landed.accepted} records to bronze, "
                f"{landed.dead_letter} dead letters, {landed.replays} repeated, {len(landed.refused)} refused"
            )
        for reason in landed.refused:
            typer.echo(f"  refused: {reason}")
    obstacles = "\n".join(landed.obstacle for landed in passed if landed.obstacle)
    if obstacles and obstacles != said:
        typer.echo(obstacles)
    return obstacles
