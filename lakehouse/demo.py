"""Show the whole way on real sample input: device and file to dashboard, forecast and open data."""

import csv
import gzip
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from lakehouse import cli
from lakehouse.services import port_taken, services
from lakehouse.settings import settings

app = typer.Typer()

CLOCK = "2017-02-28T17:00:00+00:00"
"""Two hours after the last reading of the sample: what counts as now in a demo on historical data."""
REPLAYED_HOURS = 14 * 24
SOURCE = "environment__air_quality__prsa"


@app.callback(invoke_without_command=True)
def demo(
    leave: Annotated[bool, typer.Option("--exit", help="Do all the work, serve nothing.")] = False,
) -> None:
    """Every step is safe to interrupt and to repeat; what is done already is not done again."""
    began = time.monotonic()
    set_clock()
    steps: list[tuple[str, Callable[[], None]]] = [
        ("department files -> bronze, with receipts", deliver_files),
        ("devices -> collector -> sealed segments", replay_devices),
        ("bronze -> silver -> gold -> checks -> forecast -> serving file", lambda: do("run")),
        ("open data: release of the environment theme", lambda: do("release", "build", "environment")),
        ("dashboards", lambda: do("dashboards", "bootstrap")),
        ("counts from device to gold", lambda: do("reconcile")),
    ]
    for number, (title, step) in enumerate(steps, 1):
        clock = time.monotonic()
        print(f"\n[{number}/{len(steps)}] {title}", flush=True)
        step()
        print(f"      {time.monotonic() - clock:.1f} s", flush=True)
    print(
        f"\nAll of it took {time.monotonic() - began:.0f} s. Historical data: as of {settings().as_of_time():%Y-%m-%d %H:%M} UTC."
    )
    if not leave:
        serve_until_stopped()


def do(*words: str) -> None:
    """One command of the platform. Raises RuntimeError when it ends badly."""
    if code := cli.call(*words):
        raise RuntimeError(f"`lake {' '.join(words)}` ended with exit code {code}; the lines above say why.")


def set_clock() -> None:
    """Give the data home the clock of the historical sample, so that freshness and forecasts mean something."""
    home = settings().data_home
    home.mkdir(parents=True, exist_ok=True)
    settings().clock_file.write_text(CLOCK + "\n", "utf-8")


def sample_files() -> list[Path]:
    return sorted((settings().checkout / "samples" / "prsa").glob("*.csv.gz"))


def deliver_files() -> None:
    do("deliver", SOURCE, *(str(f) for f in sample_files()))


def replay_devices() -> None:
    """The last two weeks of the sample, sent by simulated HJ 212 devices over TCP to a real collector process."""
    folder = settings().data_home / "demo"
    folder.mkdir(exist_ok=True)
    readings = [last_hours(f, folder / f.name.removesuffix(".gz")) for f in sample_files()]
    done = folder / "replayed"
    if done.exists():
        print("  replayed before; nothing to send")
        return
    port = free_port()
    config = folder / "collector.yaml"
    config.write_text(
        "collector: demo-gateway\nuplink: {kind: folder}\ndata_origin: public_reference\nspool: {seal_seconds: 1}\n"
        f"heartbeat: {{seconds: 1}}\nhj212: [{{source: environment__air_quality__hj212, port: {port}}}]\n",
        "utf-8",
    )
    log = (folder / "collector.log").open("ab")
    collector = subprocess.Popen(
        [sys.executable, "-m", "lakehouse.cli", "collect", "--config", str(config)],
        stderr=log,
        start_new_session=True,
    )
    try:
        wait_until(lambda: port_taken(port) or collector.poll() is not None, 30)
        feeder = [
            sys.executable,
            "-m",
            "edge_collectors.feeders",
            "hj212",
            *map(str, readings),
            "--log",
            str(folder / "devices.jsonl"),
        ]
        sent = subprocess.run(
            [*feeder, "--port", str(port), "--window", "32"], check=True, capture_output=True, text=True
        )
        print(f"  devices: {sent.stdout.strip()} packets by the collector")
    finally:
        collector.send_signal(signal.SIGTERM)
        collector.wait(30)
    done.touch()


def last_hours(packed: Path, target: Path) -> Path:
    """The header and the last rows of a sample file, unpacked."""
    with gzip.open(packed, "rt", encoding="ascii", newline="") as source:
        header, *rows = csv.reader(source)
    with target.open("w", encoding="ascii", newline="") as file:
        csv.writer(file).writerows([header, *rows[-REPLAYED_HOURS:]])
    return target


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(is_so: Callable[[], bool], seconds: float) -> None:
    """Poll until the condition holds. Raises RuntimeError after the given seconds."""
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            raise RuntimeError(
                f"The collector did not listen within {seconds:.0f} s; see {settings().data_home}/demo/collector.log."
            )
        time.sleep(0.05)


def serve_until_stopped() -> None:
    """Start the pages, print their addresses, wait for Ctrl-C, stop them."""
    running = services()
    try:
        for name, service in running.items():
            print(f"  {name:<12} {service.start()}", flush=True)
        print("Ctrl-C stops the pages; `./lake serve` starts them again.", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    finally:
        for service in running.values():
            service.stop()
