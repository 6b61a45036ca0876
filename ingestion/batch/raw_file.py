"""The raw file of a delivery: kept once as it came, or sealed under a key of its own where it names persons, or may do so.

A sealed file is opened in memory only. It expires: its key is destroyed and it is deleted; receipt, report and rows stay. One of
records is sealed when it comes, and unsealed once its rows were searched and name nobody.
"""

import gzip
import hashlib
import io
import os
import shutil
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingestion.batch.delivery import Delivery, deliveries, is_answered
from ingestion.batch.faults import Refused
from lakehouse import vault
from lakehouse.settings import settings

LARGEST_BYTES = 1024**3
"""Of one file, unpacked: it is read into memory as a whole."""
SEALED = ".sealed"


def keep(file: Path, delivery: Delivery, is_sealed: bool) -> None:
    """Put the file beside the delivery's papers.

    Raises RuntimeError when it changed while it was read, ValueError when it is too large to be sealed.
    """
    delivery.raw_file.parent.mkdir(parents=True, exist_ok=True)
    kept = delivery.raw_file.with_name(delivery.file_name + SEALED) if is_sealed else delivery.raw_file
    digest = _seal(file, kept, delivery) if is_sealed else _copy(file, kept)
    if digest[:32] != delivery.content_id:
        kept.unlink()
        raise RuntimeError(f"{file} changed while it was read; deliver it again when it is complete.")


def read(delivery: Delivery) -> bytes:
    """The content, unpacked where it is gzip. Raises Refused; LookupError when a sealed file has expired."""
    sealed = delivery.raw_file.with_name(delivery.file_name + SEALED)
    if sealed.exists():
        return unpacked(io.BytesIO(vault.unseal_file(_key_name(delivery), sealed.read_bytes())), delivery.file_name)
    if not delivery.raw_file.exists():
        raise LookupError(f"{delivery.file_name} of delivery {delivery.delivery_id} has expired; have it sent again.")
    return content(delivery.raw_file)


def content(file: Path) -> bytes:
    """A file's bytes, unpacked where it is gzip. Raises Refused for a damaged archive or a large file."""
    with file.open("rb") as stream:
        return unpacked(stream, file.name)


def unpacked(stream, name: str) -> bytes:
    """The bytes of a stream, unpacked where its name ends in .gz. Raises Refused."""
    is_packed = name.endswith(".gz")
    try:
        body = (gzip.GzipFile(fileobj=stream) if is_packed else stream).read(LARGEST_BYTES + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise Refused(f"{name}: the gzip archive is damaged ({error}); send it again.") from error
    if len(body) > LARGEST_BYTES:
        verb = "unpacks to" if is_packed else "holds"
        raise Refused(f"{name}: {verb} more than {LARGEST_BYTES} bytes; split the file.")
    return body


def is_there(delivery: Delivery) -> bool:
    return delivery.raw_file.exists() or delivery.raw_file.with_name(delivery.file_name + SEALED).exists()


def expire() -> Iterator[str]:
    """Destroy sealed files, and their keys, that were answered and received longer ago than the setting raw_file_days; a line
    for each."""
    limit = datetime.now(UTC) - timedelta(days=settings().raw_file_days)
    for delivery in deliveries():
        sealed = delivery.raw_file.with_name(delivery.file_name + SEALED)
        is_due = datetime.fromisoformat(delivery.received_at) < limit and is_answered(delivery)
        if is_due and sealed.exists():
            destroy(delivery)
            yield f"{delivery.source} {delivery.delivery_id}: the raw file has expired; receipt and rows stay"


def destroy(delivery: Delivery) -> bool:
    """Destroy a sealed file and its key, so that no copy of it opens; whether there was one."""
    sealed = delivery.raw_file.with_name(delivery.file_name + SEALED)
    had_key = vault.destroy_file_key(_key_name(delivery))
    is_there = sealed.exists()
    sealed.unlink(missing_ok=True)
    return had_key or is_there


def unseal(delivery: Delivery) -> None:
    """From now on the file lies there as it came; safe to repeat."""
    sealed = delivery.raw_file.with_name(delivery.file_name + SEALED)
    if sealed.exists():
        part = delivery.raw_file.with_name(f".{delivery.file_name}.part")
        _write(part, vault.unseal_file(_key_name(delivery), sealed.read_bytes()))
        part.replace(delivery.raw_file)
        sealed.unlink()
        vault.destroy_file_key(_key_name(delivery))


def _write(path: Path, body: bytes) -> None:
    with path.open("wb") as out:
        out.write(body)
        out.flush()
        os.fsync(out.fileno())


def _seal(file: Path, kept: Path, delivery: Delivery) -> str:
    if file.stat().st_size > LARGEST_BYTES:
        raise ValueError(f"{file.name}: holds more than {LARGEST_BYTES} bytes; split the file. Nothing of it was kept.")
    body = file.read_bytes()
    _write(kept, vault.seal_file(_key_name(delivery), body))
    return hashlib.sha256(body).hexdigest()


def _copy(file: Path, kept: Path) -> str:
    shutil.copyfile(file, kept)
    with kept.open("rb") as copy:
        os.fsync(copy.fileno())
        return hashlib.file_digest(copy, "sha256").hexdigest()


def _key_name(delivery: Delivery) -> str:
    return f"{delivery.source}/{delivery.delivery_id}"
