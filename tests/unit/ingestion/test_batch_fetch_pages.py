"""The pages of an API are fetched one by one, tried again, kept sealed until all are there, and delivered as one file."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from ingestion import stage
from ingestion.batch import delivery
from ingestion.connectors import http as connector
from lakehouse import cli, tables
from lakehouse.contracts import contracts
from lakehouse.settings import settings

BIRTHS = "population__births__hc_births"
MAPPING = contracts().sources[BIRTHS]
MOTHER = "11010519491231002X"
PER_PAGE, RECORDS = 2, 5
EMPTY = {"inbox": [], "pending": [], "segments": []}


class Births:
    """An API of birth certificates: two records a page. `refusing` page -> how often it answers 503 before it answers well."""

    def __init__(self):
        self.asked: list[int] = []
        self.refusing: dict[int, int] = {}
        self.total, self.prefix, self.note = RECORDS, "T", b""
        self.address = ""

    def answer(self, path: str) -> tuple[int, bytes]:
        if path.startswith("/births.json.note.json"):
            return (200, self.note) if self.note else (404, b"")
        page = int(parse_qs(urlsplit(path).query).get("page", ["1"])[0])
        self.asked.append(page)
        if self.refusing.get(page, 0) > 0:
            self.refusing[page] -= 1
            return 503, b"busy"
        return 200, json.dumps(self.page(page), ensure_ascii=False).encode()

    def page(self, number: int) -> dict:
        places = range((number - 1) * PER_PAGE, min(number * PER_PAGE, RECORDS))
        return {"notice": "x", "page": number, "pages": 3, "total": self.total, "items": [self.record(at) for at in places]}

    def record(self, at: int) -> dict[str, str]:
        own = {"certificateNo": f"{self.prefix}{at}", "birthTime": "201412300800", "childName": "王小", "motherIdNo": MOTHER}
        return dict.fromkeys(MAPPING.columns, "") | own


@pytest.fixture
def api(home, monkeypatch) -> Iterator[Births]:
    monkeypatch.setattr(connector, "PAUSES_SECONDS", (0, 0))
    births = Births()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            code, body = births.answer(self.path)
            self.send_response(code)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    births.address = f"http://127.0.0.1:{server.server_port}/births.json"
    yield births
    server.shutdown()
    server.server_close()


def certificates() -> list[str]:
    name = MAPPING.bronze_table
    return tables.read(name)["certificateNo"].to_pylist() if tables.exists(name) else []


def kept() -> bytes:
    folder = settings().landing / "fetched"
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_all_pages_become_one_delivery_and_nothing_of_them_is_left(api, capsys):
    assert cli.call("fetch", BIRTHS, api.address, "--period", "2014-12-31") == 0
    assert "births.json: received 5, landed 5, dead letters 0; receipt " in capsys.readouterr().out
    assert certificates() == [f"T{n}" for n in range(5)] and api.asked == [1, 2, 3] and kept() == b""
    [come] = delivery.deliveries()
    assert come.period == "2014-12-31" and not list((settings().data_home / "scratch").glob("fetch-*"))
    assert cli.call("fetch", BIRTHS, api.address, "--period", "2014-12-31") == 0
    assert "the same content as delivery" in capsys.readouterr().out


def test_a_server_that_is_busy_is_asked_again(api):
    api.refusing = {1: 2, 3: 1}
    assert cli.call("fetch", BIRTHS, api.address, "--period", "2014-12-31") == 0
    assert api.asked == [1, 1, 1, 2, 3, 3] and len(certificates()) == 5


def test_what_broke_off_goes_on_where_it_stopped_and_pages_wait_sealed(api):
    api.refusing = {3: 99}
    with pytest.raises(RuntimeError, match=r"births\.json\?page=3: the server answered 503 Service Unavailable; check"):
        cli.call("fetch", BIRTHS, api.address, "--period", "2014-12-31")
    assert kept() and MOTHER.encode() not in kept() and certificates() == []
    api.asked, api.refusing = [], {}
    assert cli.call("fetch", BIRTHS, api.address, "--period", "2014-12-31") == 0
    assert api.asked == [1, 3] and len(certificates()) == 5 and kept() == b""


def test_pages_of_another_state_are_not_mixed(api):
    api.refusing = {3: 99}
    with pytest.raises(RuntimeError):
        cli.call("fetch", BIRTHS, api.address, "--period", "2014-12-31")
    api.asked, api.refusing, api.prefix = [], {}, "U"
    cli.call("fetch", BIRTHS, api.address, "--period", "2014-12-31")
    assert api.asked == [1, 2, 3] and certificates() == [f"U{n}" for n in range(5)]


def misnumbered(api: Births) -> None:
    right = api.page
    api.page = lambda number: right(number) | {"page": 1}


def gone(api: Births) -> None:
    right = api.answer
    api.answer = lambda path: (404, b"") if "page=3" in path else right(path)


def short(api: Births) -> None:
    api.total = 7


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (short, "births.json: its pages hold 5 records, the first says 7; what it serves changed meanwhile, so fetch it again."),
        (gone, "births.json: there is no page 3, though the first says that there are 3; fetch it again."),
        (misnumbered, "births.json: asked for page 2, the server sent another document; fetch it again."),
    ],
)
def test_pages_that_do_not_add_up_are_not_delivered(api, fault: Callable[[Births], None], said):
    fault(api)
    with pytest.raises(RuntimeError) as told:
        cli.call("fetch", BIRTHS, api.address, "--period", "2014-12-31")
    assert str(told.value).endswith(said) and list(delivery.deliveries()) == []


def test_the_note_beside_an_address_says_what_the_file_is(api):
    api.page = lambda number: {"items": [api.record(0)]}
    api.note = json.dumps({"dataset": "population__births", "source": "hc_births", "state_of": "2014-12-29", "rows": 1}).encode()
    cli.call("fetch", BIRTHS, api.address)
    [come] = delivery.deliveries()
    assert (come.period, come.stated_rows) == ("2014-12-29", 1) and certificates() == ["T0"]


KILLED = """
import os, sys
from ingestion.connectors import fetched
from lakehouse.contracts import contracts
with fetched.fetched(sys.argv[1], contracts().sources[sys.argv[2]]) as file:
    assert file.exists()
    os.kill(os.getpid(), 9)
"""


def test_what_a_killed_fetch_left_in_clear_is_wiped_by_the_next_and_by_a_run(api):
    def left() -> bytes:
        return b"".join(path.read_bytes() for path in (settings().data_home / "scratch").glob("fetch-*/*"))

    for wipe in (lambda: cli.call("fetch", BIRTHS, api.address, "--period", "2014-12-31"), lambda: stage.run(EMPTY)):
        assert subprocess.run([sys.executable, "-c", KILLED, api.address, BIRTHS], check=False).returncode == -9
        assert MOTHER.encode() in left()
        wipe()
        assert left() == b""
