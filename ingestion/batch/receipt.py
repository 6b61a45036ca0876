"""The signed answer to a delivery: what came, what became of it, verifiable offline (Ed25519, RFC 8032)."""

import base64
import json
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from ingestion.batch.delivery import Delivery, write_whole
from ingestion.batch.extract import Unparsed
from lakehouse import tables
from lakehouse.settings import settings

TABLE = "ops.delivery_receipts"
TEXTS = ("source", "delivery_id", "file_name", "sender", "received_at", "state", "reason")
NUMBERS = ("revision", "size_bytes", "received", "landed", "dead_letter")
SCHEMA = pa.schema([*((name, pa.string()) for name in TEXTS), *((name, pa.int64()) for name in NUMBERS)])
Receipt = dict[str, Any]


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


def refused(reason: str) -> dict[str, Any]:
    return {"state": "refused", "reason": reason, "received": 0, "report": asdict(Report(0, 0))}


def write(delivery: Delivery, result: dict[str, Any]) -> Receipt:
    """Sign the receipt, note it in ops.delivery_receipts (once), then put it beside the raw file."""
    body = {**asdict(delivery), **result}
    receipt = {
        **body,
        "signature": base64.b64encode(signing_key().sign(canonical(body))).decode(),
        "public_key": public_key(),
    }
    flat = {**body, **body["report"]}
    row = {name: flat[name] for name in (*TEXTS, *NUMBERS)}
    tables.append(
        TABLE, pa.Table.from_pylist([row], SCHEMA), (f"{delivery.source}/{delivery.delivery_id}", 1)
    )
    write_whole(delivery.receipt_file, json.dumps(receipt, indent=1, ensure_ascii=False, sort_keys=True))
    return receipt


def canonical(body: dict[str, Any]) -> bytes:
    """The bytes that are signed: JSON with sorted keys and no blanks, UTF-8."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def verify(receipt: Receipt, trusted_key: str) -> bool:
    """Whether the receipt is unchanged and signed by the holder of the trusted public key (base64, 32 bytes)."""
    body = {k: v for k, v in receipt.items() if k not in ("signature", "public_key")}
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(trusted_key))
    try:
        key.verify(base64.b64decode(receipt.get("signature", "")), canonical(body))
    except (InvalidSignature, ValueError):
        return False
    return True


def signing_key() -> Ed25519PrivateKey:
    """This installation's key, made on first use (secrets/receipts.ed25519, mode 0600)."""
    path = settings().secrets / "receipts.ed25519"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        path.write_bytes(
            Ed25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        )
    return Ed25519PrivateKey.from_private_bytes(path.read_bytes())


def public_key() -> str:
    """The public half, base64; senders keep it to verify receipts offline."""
    return base64.b64encode(signing_key().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
