"""A delivery: one file from one sender for one source, kept raw, known by the hash of its content."""

import gzip
import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from lakehouse.settings import settings

UNPACKED_LIMIT_BYTES = 4 * 1024**3
RAW = "raw"


class Refused(ValueError):
    """A delivery that cannot be landed as a whole; the message names the place, the rule and the mend."""


@dataclass(frozen=True)
class Delivery:
    """Identity of a delivery. `revision` is declared by the sender: a higher one corrects a lower one."""

    source: str
    delivery_id: str
    file_name: str
    size_bytes: int
    sender: str
    revision: int
    received_at: str

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

    The same content for the same source is the same delivery, whatever it is called and however often it comes.
    """
    delivery_id = _content_hash(file)[:32]
    folder = folder_of(source, delivery_id)
    if (folder / "delivery.json").exists():
        return load(folder), False
    delivery = Delivery(source, delivery_id, file.name, file.stat().st_size, sender, revision, _now())
    delivery.raw_file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, delivery.raw_file)
    write_whole(folder / "delivery.json", json.dumps(asdict(delivery), indent=1, ensure_ascii=False))
    return delivery, True


def load(folder: Path) -> Delivery:
    return Delivery(**json.loads((folder / "delivery.json").read_text("utf-8")))


def pending() -> list[Delivery]:
    """Deliveries received but not yet answered by a receipt, by source and id."""
    found = sorted((settings().landing / "deliveries").glob("*/*/delivery.json"))
    return [load(path.parent) for path in found if not (path.parent / "receipt.json").exists()]


def content(delivery: Delivery) -> bytes:
    """The file's bytes, unpacked when it is gzip. Raises Refused for a broken or oversized archive."""
    if delivery.raw_file.suffix != ".gz":
        return delivery.raw_file.read_bytes()
    try:
        with gzip.open(delivery.raw_file) as packed:
            unpacked = packed.read(UNPACKED_LIMIT_BYTES + 1)
    except (OSError, EOFError) as error:
        raise Refused(
            f"{delivery.file_name}: the gzip archive is damaged ({error}); send the file again."
        ) from error
    if len(unpacked) > UNPACKED_LIMIT_BYTES:
        raise Refused(
            f"{delivery.file_name}: unpacks to more than {UNPACKED_LIMIT_BYTES} bytes; split the file."
        )
    return unpacked


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
