"""The signed answer to a delivery: what came, what became of it, verifiable offline (Ed25519, RFC 8032)."""

import base64
import contextlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from ingestion.batch.delivery import Delivery, same_bytes, write_whole
from ingestion.batch.faults import Unparsed
from lakehouse import tables
from lakehouse.settings import settings

TABLE = "ops.delivery_receipts"
TEXTS = (
    "source", "delivery_id", "file_name", "sender", "received_at", "period", "due_at", "sent_at", "state", "reason",
)  # fmt: skip
NUMBERS = ("attempt", "revision", "size_bytes", "received", "landed", "dead_letter")
SCHEMA = pa.schema([*((name, pa.string()) for name in TEXTS), *((name, pa.int64()) for name in NUMBERS)])
Receipt = dict[str, Any]
UNSIGNED = ("signature", "public_key", "known")
"""What an answer holds beside the signed body; `known` says that the same file had come before."""


@dataclass(frozen=True)
class Report:
    """Counts and remarks for the sender; `examples` are the first rows that did not parse."""

    landed: int
    dead_letter: int
    missing_values: dict[str, int] = field(default_factory=dict)
    examples: list[Unparsed] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def landed(report: Report) -> dict[str, Any]:
    return {
        "state": "landed",
        "reason": None,
        "received": report.landed + report.dead_letter,
        "report": asdict(report),
    }


def unlanded(state: Literal["refused", "empty"], reason: str, notes: list[str]) -> dict[str, Any]:
    """The result of a file that cannot be read, or has no rows."""
    return {"state": state, "reason": reason, "received": 0, "report": asdict(Report(0, 0, notes=notes))}


def write(delivery: Delivery, result: dict[str, Any]) -> Receipt:
    """Sign the receipt, note it in ops.delivery_receipts (once per attempt), put it beside the raw file."""
    body = {**asdict(delivery), "attempt": attempts(delivery) + 1, **result}
    signed = {
        "signature": base64.b64encode(signing_key().sign(canonical(body))).decode(),
        "public_key": public_key(),
    }
    flat = {**body, **body["report"]}
    row = pa.Table.from_pylist([{name: flat[name] for name in (*TEXTS, *NUMBERS)}], SCHEMA)
    tables.append(TABLE, row, (f"{delivery.source}/{delivery.delivery_id}", body["attempt"]))
    write_whole(delivery.receipt_file, json.dumps({**body, **signed}, indent=1, ensure_ascii=False, sort_keys=True))
    return {**body, **signed}


def attempts(delivery: Delivery) -> int:
    """How often the delivery was answered. A refused one may come again, when the mapping has been mended."""
    return read(delivery.receipt_file)["attempt"] if delivery.receipt_file.exists() else 0


def refused_before(delivery: Delivery) -> list[str]:
    """The remark that the same file was refused when it came before, and why; none otherwise."""
    last = read(delivery.receipt_file) if delivery.receipt_file.exists() else {}
    if last.get("state") != "refused":
        return []
    return [f"The same file was refused before, when it came on {last['received_at'][:10]}: {last['reason']}"]


def landed_before(delivery: Delivery) -> list[str]:
    """The remark that the same bytes were landed before, with another period or a lower revision; none otherwise."""
    others = [d for d in same_bytes(delivery) if d.delivery_id != delivery.delivery_id and is_landed(d)]
    if lower := [d for d in others if d.period == delivery.period and d.revision < delivery.revision]:
        return [
            f"The same content as delivery {lower[-1].delivery_id} (revision {lower[-1].revision}), now as revision"
            f" {delivery.revision}: its rows count before those of lower revisions; the books show them as exact duplicates."
        ]
    return [
        f"The same bytes came before as delivery {d.delivery_id} with another period or revision (then {_stated(d)}, now"
        f" {_stated(delivery)}); they are landed again. State the same period each time a file is sent."
        for d in others[-1:] if d.period != delivery.period
    ]  # fmt: skip


def _stated(delivery: Delivery) -> str:
    return f"{delivery.period or 'no period'} and revision {delivery.revision}"


def is_landed(delivery: Delivery) -> bool:
    return delivery.receipt_file.exists() and read(delivery.receipt_file)["state"] == "landed"


def read(file: Path) -> Receipt:
    """A receipt from its file. Raises ValueError when the file is none."""
    try:
        body = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{file}: no receipt ({error}); take the file as it was sent.") from error
    if not isinstance(body, dict) or "signature" not in body:
        raise ValueError(f"{file}: no receipt; it holds no signature.")
    return body


def canonical(body: dict[str, Any]) -> bytes:
    """The bytes that are signed: JSON with sorted keys and no blanks, UTF-8."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def verify(receipt: Receipt, trusted_key: str) -> bool:
    """Whether the receipt is unchanged and signed by the holder of the trusted public key (base64, 32 bytes).

    Raises ValueError when the key is none.
    """
    body = {k: v for k, v in receipt.items() if k not in UNSIGNED}
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(trusted_key, validate=True))
    except ValueError as error:
        raise ValueError("The key is no public key; `lake receipts key` prints it as 44 characters.") from error
    try:
        key.verify(base64.b64decode(receipt["signature"], validate=True), canonical(body))
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def signing_key() -> Ed25519PrivateKey:
    """This installation's key, made whole on first use (secrets/receipts.ed25519, mode 0600)."""
    path = settings().secrets / "receipts.ed25519"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_name(f".{path.name}.{os.getpid()}")
        part.touch(mode=0o600)
        made = Ed25519PrivateKey.generate()
        part.write_bytes(made.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
        with contextlib.suppress(FileExistsError):  # another process was quicker; its key counts
            os.link(part, path)
        part.unlink()
    return Ed25519PrivateKey.from_private_bytes(path.read_bytes())


def public_key() -> str:
    """The public half, base64; senders keep it to verify receipts offline."""
    return base64.b64encode(signing_key().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
