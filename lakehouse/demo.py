"""Show the whole way on real sample input: device and file to dashboard, forecast and open data."""

import csv
import gzip
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from lakehouse import cli, notice, progress
from lakehouse.commands.serve import ACCOUNTS
from lakehouse.services import port_taken, refuse_taken_ports, services, started
from lakehouse.settings import settings

app = typer.Typer(add_completion=False)

CLOCK = "2017-02-28T17:00:00+00:00"
"""Two hours after the last reading of the sample: what counts as now in a demo on historical data."""
CITY_SCALE = "0.01"
NOTICE = """\
**演示 Demonstration**：这是虚构的县。\
人口、户、企业、地址只有真实规模的百分之一；土地（面积、乡镇、村居、网格及网格员）是真实大小。\
This county is made up. People, households, enterprises and addresses are one in a hundred of a real county's;\
 land (area, townships, villages, grids with their officers) is full size.
"""
REPLAYED_HOURS = 14 * 24
START_SECONDS = 60.0
STOPPING = {signal.SIGINT, signal.SIGTERM}
COLLECTOR = """\
collector: demo-gateway
uplink: {{kind: folder}}
data_origin: public_reference
spool: {{seal_seconds: 1}}
heartbeat: {{seconds: 1}}
hj212: [{{source: environment__air_quality__hj212, port: {port}}}]
"""
SOURCE = "environment__air_quality__prsa"


@app.command()
def demo(
    leave: Annotated[bool, typer.Option("--exit", help="Do all the work, serve nothing.")] = False,
) -> None:
    """Every step is safe to interrupt and to repeat; what is done already is not done again."""
    began = time.monotonic()
    if not leave:
        refuse_taken_ports()
    set_clock()
    steps: list[tuple[str, Callable[[], None]]] = [
        ("air quality and weather files -> bronze, each answered by a signed receipt", deliver_files),
        ("a synthetic county, one person in a hundred: what its departments send -> vault and bronze", deliver_city),
        ("devices -> collector -> sealed segments, which wait for bronze", replay_devices),
        ("bronze -> silver -> registers -> gold -> checks -> forecast -> serving file", lambda: do("run")),
        ("the registers held against the truth of the synthetic county", score_city),
        ("open data: release of the environment theme", lambda: do("release", "build", "environment")),
        ("dashboards: Superset with its accounts, charts and roles", lambda: do("dashboards", "bootstrap")),
        ("counts from device to dashboard, computed from the tables", lambda: do("reconcile")),
    ]
    for number, (title, step) in enumerate(steps, 1):
        clock = time.monotonic()
        print(f"\n[{number}/{len(steps)}] {title}", flush=True)
        step()
        print(f"      {time.monotonic() - clock:.1f} s", flush=True)
    as_of = f"{settings().as_of_time():%Y-%m-%d %H:%M} UTC"
    print(f"\nAll of it took {time.monotonic() - began:.0f} s. Historical data: as of {as_of}.")
    if leave:
        print("`./lake serve` starts the pages, `./lake accounts list` names who may open them; `./lake help` shows more.")
    else:
        serve_until_stopped()


def do(*words: str) -> None:
    """One command of the platform. Raises RuntimeError when it ends badly."""
    if code := cli.call(*words):
        raise RuntimeError(f"`lake {' '.join(words)}` ended with exit code {code}; the lines above say why.")


def set_clock() -> None:
    """Give the data home the clock of the historical sample: freshness and forecasts speak of it; and what pages say."""
    settings().data_home.mkdir(parents=True, exist_ok=True)
    settings().clock_file.write_text(CLOCK + "\n", "utf-8")
    notice.file().write_text(NOTICE, "utf-8")


def sample_files() -> list[Path]:
    return sorted((settings().checkout / "samples" / "prsa").glob("*.csv.gz"))


def deliver_files() -> None:
    do("deliver", SOURCE, *(str(f) for f in sample_files()))


def city_folder() -> Path:
    """Where the synthetic county is built: beside the lake, as nothing in the lake may read its truth."""
    return settings().home.with_name(f"{settings().home.name}-sample-city")


def deliver_city() -> None:
    """Build the county where it is not yet, and deliver what its departments send, each file by its note."""
    done = settings().data_home / "demo" / "city"
    if done.exists():
        print("  delivered before; nothing to send")
        return
    if not (city_folder() / "extracts").exists():
        do("sample-city", "build", "--scale", CITY_SCALE, "--out", str(city_folder()))
    do("deliver", "--brief", "--folder", str(city_folder() / "extracts"))
    done.parent.mkdir(exist_ok=True)
    done.touch()


def score_city() -> None:
    """Measure the linkage, then let gates and pages know."""
    do("sample-city", "score", "--truth", str(city_folder() / "truth"))
    do("run", "gates", "serving")


def replay_devices() -> None:
    """The last two weeks of the sample, sent by simulated HJ 212 devices over TCP to a real collector."""
    folder = settings().data_home / "demo"
    folder.mkdir(exist_ok=True)
    done = folder / "replayed"
    if done.exists():
        print("  replayed before; nothing to send")
        return
    readings = [last_hours(f, folder / f.name.removesuffix(".gz")) for f in sample_files()]
    with progress.step("devices send to a collector"), collector(folder) as port:
        confirmed = send(readings, port, folder / "devices.jsonl").removeprefix("confirmed ")
    print(f"  {confirmed} HJ 212 packets of an hour each, sent over TCP and confirmed by the collector")
    done.touch()


def last_hours(packed: Path, target: Path) -> Path:
    """The header and the last rows of a sample file, unpacked."""
    with gzip.open(packed, "rt", encoding="ascii", newline="") as source:
        header, *rows = csv.reader(source)
    with target.open("w", encoding="ascii", newline="") as file:
        csv.writer(file).writerows([header, *rows[-REPLAYED_HOURS:]])
    return target


@contextmanager
def collector(folder: Path) -> Iterator[int]:
    """A collector process that listens on the port given; stopped in good order at the end.

    Raises RuntimeError when it does not listen in time.
    """
    port, config, log = free_port(), folder / "collector.yaml", folder / "collector.log"
    config.write_text(COLLECTOR.format(port=port), "utf-8")
    command = [sys.executable, "-m", "lakehouse.cli", "collect", "--config", str(config)]
    with log.open("ab") as errors:
        process = subprocess.Popen(command, stderr=errors, start_new_session=True)
    try:
        end = time.monotonic() + START_SECONDS
        while not port_taken(port):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"The collector does not listen; see {log}.")
            time.sleep(0.05)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def send(readings: list[Path], port: int, log: Path) -> str:
    """Send readings as devices do; what the feeder says of its packets. Raises RuntimeError when it fails."""
    feeder = [sys.executable, "-m", "edge_collectors.feeders", "hj212", *map(str, readings)]
    options = ["--log", str(log), "--port", str(port), "--window", "32"]
    sent = subprocess.run([*feeder, *options], capture_output=True, text=True)
    if sent.returncode:
        raise RuntimeError(f"The devices failed: {sent.stderr.strip().splitlines()[-1:]}; see {log}.")
    return sent.stdout.strip()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def serve_until_stopped() -> None:
    """Start the pages, print their addresses, wait for Ctrl-C or SIGTERM, stop them."""
    running = services()
    try:
        for name, service in running.items():
            print(started(name, service), flush=True)
        print(ACCOUNTS)
        print("Ctrl-C stops the pages; `./lake serve` starts them again.", flush=True)
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
        signal.sigwait(STOPPING)
    finally:
        for service in running.values():
            service.stop()
