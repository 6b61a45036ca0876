"""What lies behind an HTTP address: one file, or the pages of an API. What breaks off is tried again."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx

LARGEST_BYTES = 2 * 1024**3
TIMEOUT_SECONDS = 60
PAUSES_SECONDS = (0.5, 2, 8)
"""Before each further attempt."""
WORTH_ANOTHER = (408, 429, 500, 502, 503, 504)
"""Answers of a server that may be able to answer soon (RFC 9110)."""


def download(address: str, folder: Path) -> Path:
    """Fetch the address into `folder`, whole or not at all; returns the file.

    Raises RuntimeError with one sentence when the server answers badly or sends more than LARGEST_BYTES.
    """
    with said(address), partial(folder / f".{file_name(address)}.part") as part:
        _again(lambda: _fetch(address, part))
        return part.rename(folder / file_name(address))


def get(address: str, **parameters: str | int) -> bytes | None:
    """The body behind the address, with parameters added to its query; None = there is nothing (404).

    Raises RuntimeError with one sentence when the server answers badly.
    """
    url = httpx.URL(address).copy_merge_params(parameters) if parameters else address

    def ask() -> bytes | None:
        answer = httpx.get(url, follow_redirects=True, timeout=TIMEOUT_SECONDS)
        return None if answer.status_code == httpx.codes.NOT_FOUND else answer.raise_for_status().content

    with said(str(url)):
        return _again(ask)


def file_name(address: str) -> str:
    """The last part of the address's path."""
    with said(address):
        return Path(unquote(urlsplit(address).path)).name.strip(".") or "download"


@contextmanager
def said(address: str) -> Iterator[None]:
    """Problems of the network as one sentence."""
    try:
        yield
    except httpx.HTTPStatusError as error:
        code = f"{error.response.status_code} {error.response.reason_phrase}"
        raise RuntimeError(f"{address}: the server answered {code}; check the address and try again.") from error
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise RuntimeError(f"{address}: the download failed ({error}); check the address and try again.") from error


@contextmanager
def partial(part: Path) -> Iterator[Path]:
    """A file that is gone in the end unless it got another name."""
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def _again(ask):
    """What `ask` returns, in as many attempts as it takes and PAUSES_SECONDS allow."""
    for pause in PAUSES_SECONDS:
        try:
            return ask()
        except httpx.HTTPStatusError as error:
            if error.response.status_code not in WORTH_ANOTHER:
                raise
        except (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError):
            pass
        time.sleep(pause)
    return ask()


def _fetch(address: str, part: Path) -> None:
    size = 0
    with httpx.stream("GET", address, follow_redirects=True, timeout=TIMEOUT_SECONDS) as answer, part.open("wb") as file:
        answer.raise_for_status()
        for chunk in answer.iter_bytes(1 << 20):
            size += len(chunk)
            if size > LARGEST_BYTES:
                raise RuntimeError(f"{address}: larger than {LARGEST_BYTES} bytes; ask the sender to split the file.")
            file.write(chunk)
