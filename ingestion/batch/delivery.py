"""A delivery: one file from one sender for one source, known by its content, the day it states and its revision."""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from ingestion.batch.statement import Statement
from lakehouse.settings import settings

RAW = "raw"


@dataclass(frozen=True)
class Delivery:
    """What came and what its sender stated of it: a higher revision corrects a lower one, a later period follows an earlier."""

    source: str
    delivery_id: str
    file_name: str
    size_bytes: int
    sender: str
    revision: int
    received_at: str
    period: str | None = None
    due_at: str | None = None
    sent_at: str | None = None
    stated_rows: int | None = None
    stated_sha256: str | None = None

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


def announced(file: Path, source: str, sender: str, stated: Statement) -> Delivery:
    """The delivery that a file would be; nothing is kept."""
    with file.open("rb") as stream:
        content_id = hashlib.file_digest(stream, "sha256").hexdigest()[:32]
    period = f"-{stated.period.replace('-', '')}" if stated.period else ""
    revision = f"-r{stated.revision}" if stated.revision else ""
    delivery_id, now = f"{content_id}{period}{revision}", datetime.now(UTC).isoformat(timespec="microseconds")
    return Delivery(
        source=source,
        delivery_id=delivery_id,
        file_name=file.name,
        size_bytes=file.stat().st_size,
        sender=sender,
        received_at=now,
        **stated.as_dict(),
    )


def same_bytes(like: Delivery) -> list[Delivery]:
    """Deliveries of the same content for the same source, whatever their period, by the revision that they declared."""
    found = (load(path.parent) for path in like.folder.parent.glob(f"{like.content_id}*/delivery.json"))
    return sorted(found, key=lambda d: (d.revision, d.received_at))


def with_content(like: Delivery) -> list[Delivery]:
    """Deliveries of the same content and period, by the revision that they declared."""
    return [delivery for delivery in same_bytes(like) if delivery.period == like.period]


def load(folder: Path) -> Delivery:
    return Delivery(**json.loads((folder / "delivery.json").read_text("utf-8")))


def deliveries() -> Iterator[Delivery]:
    """All that were received, by source and id."""
    for path in sorted((settings().landing / "deliveries").glob("*/*/delivery.json")):
        yield load(path.parent)


def is_answered(delivery: Delivery) -> bool:
    return delivery.receipt_file.exists()


def pending() -> list[Delivery]:
    """Deliveries received but not yet answered by a receipt, by source and id."""
    return [delivery for delivery in deliveries() if not is_answered(delivery)]


def write_whole(path: Path, text: str) -> None:
    """Write a small file so that it is there whole or not at all, also after a crash."""
    part = path.with_name(f".{path.name}.part")
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def note_down(delivery: Delivery) -> None:
    """From now on the delivery is received."""
    write_whole(delivery.folder / "delivery.json", json.dumps(asdict(delivery), indent=1, ensure_ascii=False))
