"""A file behind an HTTP address."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx

LARGEST_BYTES = 2 * 1024**3


def download(address: str, folder: Path) -> Path:
    """Fetch the address into `folder`, whole or not at all; returns the file.

    Raises RuntimeError with one sentence when the server answers badly or sends more than LARGEST_BYTES.
    """
    try:
        name = Path(unquote(urlsplit(address).path)).name.strip(".") or "download"
        with partial(folder / f".{name}.part") as part:
            _fetch(address, part)
            return part.rename(folder / name)
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


def _fetch(address: str, part: Path) -> None:
    size = 0
    with httpx.stream("GET", address, follow_redirects=True, timeout=60) as answer, part.open("wb") as file:
        answer.raise_for_status()
        for chunk in answer.iter_bytes(1 << 20):
            size += len(chunk)
            if size > LARGEST_BYTES:
                raise RuntimeError(f"{address}: larger than {LARGEST_BYTES} bytes; ask the sender to split the file.")
            file.write(chunk)
