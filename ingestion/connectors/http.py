"""A file behind an HTTP address."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx

LIMIT_BYTES = 2 * 1024**3


def download(address: str, folder: Path) -> Path:
    """Fetch the address into `folder`, whole or not at all; returns the file.

    Raises RuntimeError with one sentence when the server answers badly or sends more than LIMIT_BYTES.
    """
    name = Path(unquote(urlsplit(address).path)).name or "download"
    part = folder / f".{name}.part"
    try:
        with httpx.stream("GET", address, follow_redirects=True, timeout=60) as answer:
            answer.raise_for_status()
            _write(answer, part, address)
    except httpx.HTTPError as error:
        raise RuntimeError(
            f"{address}: the download failed ({error}); check the address and try again."
        ) from error
    return part.rename(folder / name)


def _write(answer: httpx.Response, part: Path, address: str) -> None:
    size = 0
    with part.open("wb") as file:
        for chunk in answer.iter_bytes(1 << 20):
            size += len(chunk)
            if size > LIMIT_BYTES:
                raise RuntimeError(
                    f"{address}: larger than {LIMIT_BYTES} bytes; ask the sender to split the file."
                )
            file.write(chunk)
