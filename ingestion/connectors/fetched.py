"""What came from an address, as a file that is gone in the end: a file with the note beside it, or all pages of an API as one.

A page says `page` and `pages`, and may say `total`. Pages that came are kept, sealed where they may name persons, until all are.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ingestion.batch.personal import may_name_persons
from ingestion.batch.statement import note_file
from ingestion.connectors import http
from lakehouse import vault
from lakehouse.contracts import Source
from lakehouse.settings import settings

Page = dict[str, Any]
PREFIX = "fetch-"
"""Of scratch folders; the number of the process that fetches follows."""


@contextmanager
def fetched(address: str, source: Source) -> Iterator[Path]:
    """The file, in a folder of its own. Raises RuntimeError with one sentence when the server answers badly."""
    wipe_abandoned()
    scratch().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch(), prefix=f"{PREFIX}{os.getpid()}-") as folder:
        file = http.download(address, Path(folder))
        if source.format and source.format.type == "json" and (first := _page(file.read_bytes())):
            pages = Pages(address, source, first)
            file.write_text(json.dumps(pages.joined(), ensure_ascii=False), "utf-8")
            yield file
            pages.forget()
            return
        if "?" not in address and (note := http.get(f"{address}.note.json")):
            note_file(file).write_bytes(note)
        yield file


def scratch() -> Path:
    return settings().data_home / "scratch"


def wipe_abandoned() -> None:
    """Remove what a killed fetch left behind: it lies there in clear."""
    for folder in scratch().glob(f"{PREFIX}*"):
        try:
            os.kill(int(folder.name.split("-")[1]), 0)
        except ProcessLookupError:
            shutil.rmtree(folder, ignore_errors=True)


def _page(body: bytes) -> Page | None:
    """The first page of several; None = not paged."""
    try:
        found = json.loads(body)
    except ValueError:
        return None
    is_paged = isinstance(found, dict) and isinstance(found.get("pages"), int) and found["pages"] > 1
    return found if is_paged else None


class Pages:
    """The pages of one address, kept as they come. A first page that has changed begins anew."""

    def __init__(self, address: str, source: Source, first: Page):
        self.address, self.source, self.first = address, source, first
        digest = hashlib.sha256(f"{source.source} {address}".encode()).hexdigest()[:16]
        self.folder = settings().landing / "fetched" / digest
        if self._kept(1) != first:
            self.forget()
            self._keep(1, json.dumps(first).encode())

    def joined(self) -> Page:
        """One page with the records of all. Raises RuntimeError when they are not as many as the first page says."""
        key = self.source.format.records if self.source.format else None
        pages = [self._kept(n) or self._fetch(n) for n in range(1, self.first["pages"] + 1)]
        records = [record for page in pages for record in page.get(key) or []]
        total = self.first.get("total", len(records))
        if total != len(records):
            self.forget()
            raise RuntimeError(
                f"{self.address}: its pages hold {len(records)} records, the first says {total}; what it serves changed"
                " meanwhile, so fetch it again."
            )
        return self.first | {"page": 1, "pages": 1, key: records}

    def forget(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        vault.destroy_file_key(self._key_name)

    @property
    def _key_name(self) -> str:
        return f"fetched/{self.folder.name}"

    def _fetch(self, number: int) -> Page:
        body = http.get(self.address, page=number)
        if body is None:
            said = f"there is no page {number}, though the first says that there are {self.first['pages']}"
            raise RuntimeError(f"{self.address}: {said}; fetch it again.")
        try:
            page = json.loads(body)
        except ValueError as error:
            raise RuntimeError(f"{self.address}: page {number} is no JSON ({error}); fetch it again.") from error
        if not isinstance(page, dict) or page.get("page") != number:
            raise RuntimeError(f"{self.address}: asked for page {number}, the server sent another document; fetch it again.")
        self._keep(number, body)
        return page

    def _keep(self, number: int, body: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.folder / f".{number}.part"
        part.write_bytes(vault.seal_file(self._key_name, body) if may_name_persons(self.source) else body)
        part.rename(self.folder / str(number))

    def _kept(self, number: int) -> Page | None:
        path = self.folder / str(number)
        if not path.exists():
            return None
        body = path.read_bytes()
        return json.loads(vault.unseal_file(self._key_name, body) if may_name_persons(self.source) else body)
