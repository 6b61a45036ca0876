"""Files are fetched by HTTP whole or not at all."""

import http.server
import threading

import pytest

from ingestion.connectors import http as connector
from lakehouse import cli
from lakehouse.settings import settings
from tests.support.delivered_files import PRSA, prsa


@pytest.fixture
def web(tmp_path):
    """A web server over a folder; its address and the folder."""
    folder = tmp_path / "web"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(folder))

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", folder
    server.shutdown()
    server.server_close()


def test_a_file_is_fetched_by_http_and_its_raw_bytes_are_kept_once(home, web, capsys):
    address, folder = web
    (folder / "may 1.csv").write_bytes(prsa(0, 1))
    assert cli.call("fetch", PRSA, f"{address}/may%201.csv?day=1", "--revision", "1") == 0
    assert capsys.readouterr().out.startswith("may 1.csv: received 2, landed 2, dead letters 0; receipt ")
    assert left_behind() == []


def left_behind() -> list:
    return [path for name in ("scratch", "landing/fetched") for path in (settings().data_home / name).glob("*")]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/none.csv", "/none.csv: the server answered 404 File not found; check the address and try again."),
        ("/large.csv", "/large.csv: larger than 1000 bytes; ask the sender to split the file."),
    ],
)
def test_a_failed_download_is_said_and_leaves_nothing(home, web, monkeypatch, path, said):
    monkeypatch.setattr(connector, "LARGEST_BYTES", 1000)
    address, folder = web
    (folder / "large.csv").write_bytes(b"0" * 2000)
    monkeypatch.setattr(connector, "PAUSES_SECONDS", ())
    with pytest.raises(RuntimeError) as failed:
        cli.call("fetch", PRSA, address + path)
    assert str(failed.value) == address + said
    assert left_behind() == []


@pytest.mark.parametrize("address", ["ftp://127.0.0.1/a.csv", "file:///etc/passwd", "http://[bad", "http://127.0.0.1:1/a.csv"])
def test_an_address_that_cannot_be_fetched_is_said(home, monkeypatch, address):
    monkeypatch.setattr(connector, "PAUSES_SECONDS", ())
    with pytest.raises(RuntimeError, match=r": the download failed \(.*\); check the address and try again"):
        cli.call("fetch", PRSA, address)
