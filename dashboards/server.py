"""The dashboards' web server: Superset under gunicorn on 127.0.0.1, a service of `lake serve | stop | status`."""

from dashboards import inside, setup
from lakehouse.services import Entrance, WebProcess
from lakehouse.settings import settings

WORKERS, THREADS = 2, 8  # threads rather than an event loop: DuckDB blocks one
START_SECONDS = 240.0  # Superset takes half a minute on two quiet cores
ENTRANCES = (
    Entrance("/", "dashboards 看板", "everybody; more pages for accounts decision_maker, analyst, steward"),
    Entrance("/sqllab/", "questions in SQL 查询", "account analyst"),
)


def process() -> WebProcess:
    """The server as a process; its variables go through `env`, which becomes the server itself."""
    gunicorn = (
        "gunicorn", "--worker-class", "gthread", "--workers", str(WORKERS), "--threads", str(THREADS), "--preload",
        "--timeout", "120", "--graceful-timeout", "5", "--bind", f"127.0.0.1:{settings().dashboards_port}",
        "superset.app:create_app()",
    )  # fmt: skip
    variables = tuple(f"{name}={value}" for name, value in inside.variables().items())
    command = ("env", "-C", str(inside.home()), *variables, str(inside.python()), "-m", *gunicorn)
    return WebProcess("dashboards", command, settings().dashboards_port, start_seconds=START_SECONDS)


def start() -> str:
    """Set Superset up if anything changed, start the server if it does not run; returns its address.

    Raises LookupError without a serving file, RuntimeError when a chart has no data or the server does not come up.
    """
    setup.bootstrap()
    process().start()
    return address()


def stop() -> bool:
    return inside.is_installed() and process().stop()


def running_pid() -> int | None:
    return process().running_pid() if inside.is_installed() else None


def address() -> str:
    """Its front page leads to the first dashboard that the reader may open."""
    return process().address() if inside.is_installed() else f"http://127.0.0.1:{settings().dashboards_port}"
