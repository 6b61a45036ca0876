"""A delivery: one file from one sender for one source, kept raw, known by the hash of its content."""

import gzip
import hashlib
import json
import os
import shutil
import zlib
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from ingestion.batch.faults import Refused
from lakehouse.settings import settings

LARGEST_BYTES = 1024**3
"""Of one file, unpacked: it is read into memory as a whole."""
RAW = "raw"


@dataclass(frozen=True)
class Delivery:
    """A delivery is known by its content and by the revision that its sender declares: a higher one corrects a lower one."""

    source: str
    delivery_id: str
    file_name: str
    size_bytes: int
    sender: str
    revision: int
    received_at: str

    @property
    def content_id(self) -> str:
        """First half (32 hex digits) of the SHA-256 of the file."""
        return self.delivery_id.partition("-")[0]

    @property
    def folder(self) -> Path:
        return folder_of(self.source, self.delivery_id)

    @property
    def raw_file(self) -> Path:
        return self.folder / RAW / self.file_name

    @property
    def receipt_file(self) -> Path:
        return self.folder / "receipt.json"


def folder_of(source: str, delivery_id: str) -> Path:
    return settings().landing / "deliveries" / source / delivery_id


def receive(file: Path, source: str, sender: str, revision: int = 0) -> tuple[Delivery, bool]:
    """Keep the file raw under landing/deliveries; returns the delivery and whether it is new.

    The same content for the same source is the same delivery, whatever its name and however often it comes, unless it
    declares a higher revision than before: its rows then count as that revision, too.
    Raises RuntimeError when the file changed while it was read.
    """
    delivery = announced(file, source, sender, revision)
    known = with_content(source, delivery.content_id)
    if known and known[-1].revision >= revision:
        return known[-1], False
    _keep(file, delivery)
    write_whole(delivery.folder / "delivery.json", json.dumps(asdict(delivery), indent=1, ensure_ascii=False))
    return delivery, True


def announced(file: Path, source: str, sender: str, revision: int = 0) -> Delivery:
    """The delivery that a file would be; nothing is kept."""
    content_id = _content_hash(file)[:32]
    delivery_id = f"{content_id}-r{revision}" if revision else content_id
    return Delivery(source, delivery_id, file.name, file.stat().st_size, sender, revision, _now())


def with_content(source: str, content_id: str) -> list[Delivery]:
    """Deliveries of that content, by the revision that they declared."""
    found = folder_of(source, content_id).parent.glob(f"{content_id}*/delivery.json")
    return sorted((load(path.parent) for path in found), key=lambda d: d.revision)


def load(folder: Path) -> Delivery:
    return Delivery(**json.loads((folder / "delivery.json").read_text("utf-8")))


def pending() -> list[Delivery]:
    """Deliveries received but not yet answered by a receipt, by source and id."""
    found = sorted((settings().landing / "deliveries").glob("*/*/delivery.json"))
    return [load(path.parent) for path in found if not (path.parent / "receipt.json").exists()]


def content(file: Path) -> bytes:
    """A file's bytes, unpacked where it is gzip. Raises Refused for a damaged archive or a large file."""
    is_packed = file.suffix == ".gz"
    try:
        with (gzip.open if is_packed else open)(file, "rb") as stream:
            body = stream.read(LARGEST_BYTES + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise Refused(f"{file.name}: the gzip archive is damaged ({error}); send it again.") from error
    if len(body) > LARGEST_BYTES:
        verb = "unpacks to" if is_packed else "holds"
        raise Refused(f"{file.name}: {verb} more than {LARGEST_BYTES} bytes; split the file.")
    return body


def _keep(file: Path, delivery: Delivery) -> None:
    delivery.raw_file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, delivery.raw_file)
    with delivery.raw_file.open("rb") as kept:
        os.fsync(kept.fileno())
    if _content_hash(delivery.raw_file)[:32] != delivery.content_id:
        raise RuntimeError(f"{file} changed while it was read; deliver it again when it is complete.")


def write_whole(path: Path, text: str) -> None:
    """Write a small file so that it is there whole or not at all, also after a crash."""
    part = path.with_name(f".{path.name}.part")
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _content_hash(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
