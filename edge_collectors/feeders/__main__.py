"""Run one feeder as a process: `python -m edge_collectors.feeders hj212|ngsi|packets|payloads --help`."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from edge_collectors.feeders.hj212_device import Hj212Device
from edge_collectors.feeders.hj212_messages import hour_messages
from edge_collectors.feeders.ngsi_messages import publications
from edge_collectors.feeders.ngsi_publisher import NgsiPublisher
from edge_collectors.feeders.prsa import read_stations
from edge_collectors.feeders.published import file_publications, send_packets
from edge_collectors.feeders.publisher_log import PublisherLog

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)
Files = Annotated[list[Path], typer.Argument(help="PRSA files, .csv or .csv.gz", exists=True)]
Log = Annotated[Path, typer.Option(help="The publisher's own log; a later run resumes from it.")]
Limit = Annotated[int | None, typer.Option(help="Stop after so many messages.")]


@app.command()
def hj212(
    files: Files,
    log: Log,
    port: Annotated[int, typer.Option(help="Of the collector's HJ 212 listener.")],
    host: str = "127.0.0.1",
    limit: Limit = None,
    seed: int = 1,
    edition: str = "2017",
    late_share: float = 0.0,
    window: int = 1,
    over_time: float = 10.0,
) -> None:
    """Send the rows as HJ 212 hour packets over TCP."""
    messages = hour_messages(read_stations(files), seed, edition, late_share)
    device = Hj212Device(host, port, PublisherLog(log), over_time_s=over_time, window=window)
    typer.echo(f"confirmed {device.run(islice(messages, limit))}")


@app.command()
def ngsi(
    files: Files,
    log: Log,
    port: Annotated[int, typer.Option(help="Of the broker.")] = 1883,
    host: str = "127.0.0.1",
    client_id: str = "feeder-1",
    version: str = "5",
    limit: Limit = None,
    weather: bool = True,
    one_per_value: bool = False,
    window: int = 1000,
    per_second: float | None = None,
    resend_after: float = 10.0,
) -> None:
    """Publish the rows as NGSI-LD observations over MQTT."""
    messages = publications(read_stations(files), weather, one_per_value)
    publisher = NgsiPublisher(host, port, client_id, PublisherLog(log), version, window, resend_after, per_second)
    typer.echo(f"confirmed {publisher.run(islice(messages, limit))}")


@app.command()
def packets(
    file: Annotated[Path, typer.Argument(help="HJ 212 packets, one a line", exists=True)],
    port: Annotated[int, typer.Option(help="Of the collector's HJ 212 listener.")],
    host: str = "127.0.0.1",
) -> None:
    """Send published HJ 212 packets as they are, damaged ones too."""
    typer.echo(f"answered {send_packets(file, host, port).count(b'CN=9014')}")


@app.command()
def payloads(
    folder: Annotated[Path, typer.Argument(help="NGSI payload files", exists=True)],
    log: Log,
    port: Annotated[int, typer.Option(help="Of the broker.")] = 1883,
    host: str = "127.0.0.1",
    client_id: str = "feeder-2",
) -> None:
    """Publish the NGSI payload files of a folder as they are."""
    publisher = NgsiPublisher(host, port, client_id, PublisherLog(log))
    typer.echo(f"confirmed {publisher.run(file_publications(folder))}")


if __name__ == "__main__":
    app()
