"""The steps of an erasure, in an order in which it may be killed anywhere and begun again.

The plan is set down first; tables, old versions, raw files and index follow; the lake is searched while the vault can still say
for what; then the vault forgets. A step that was done before finds nothing to do.
"""

import getpass
import json
import re
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pyarrow as pa

from erasure import person, rows, search
from erasure.person import Erasure
from ingestion.batch import raw_file
from ingestion.batch.delivery import deliveries
from ingestion.batch.faults import Refused
from lakehouse import tables, vault
from lakehouse.settings import settings
from publishing import register_stage
from transforms.entity_resolution import identity_log, saving
from transforms.entity_resolution.mint import body_of, mint, mint_key

TABLE, CAUSE = "ops.erasure_requests", "erasure"
SCHEMA = pa.schema([*((name, pa.string()) for name in ("request", "reason", "requested_by", "state", "counts")),
                    ("at", pa.timestamp("us", tz="UTC"))])  # fmt: skip
Tell = Callable[[str], None]


class StillThere(RuntimeError):
    """After all steps a file holds what names the person; the message names the files."""


def begin(person_id: str) -> Erasure:
    """The erasure of the person, or the one that was begun before. Raises LookupError as `person.resolved`."""
    for plan in vault.erasures().values():
        if plan["person"] == person_id and not plan["is_done"]:
            return Erasure(**plan)
    known = person.resolved(person_id)
    request = f"X{secrets.token_hex(8)}"
    log = identity_log.read("persons")
    taken = {body_of(entity) for entity in log["entity_id"].to_pylist()}
    [stand_in] = mint("persons", [(CAUSE, request)], taken, mint_key())
    return Erasure(request, known, stand_in)


def run(erasure: Erasure, reason: str, tell: Tell) -> Erasure:
    """Erase; every step may be repeated. Raises StillThere."""
    if not erasure.search:
        saving.finish("persons")
        person.find(erasure)
        values = clear_values(erasure)
        _texts_that_name(erasure, values)
        _keep(erasure)
        _note(erasure, reason, "begun")
        _log(erasure)
        apply(erasure, tell)
        erasure.counts["raw_files"] = sum(1 for _ in _raw_files(erasure, values))
        tell(f"raw files destroyed: {erasure.counts['raw_files']}")
        own = own_tokens(erasure)
        found = search.search(_texts(erasure, own), search.homes())
        if found.found:
            named = ", ".join(str(path) for path in found.found[:5])
            raise StillThere(
                f"{len(found.found)} files still name the person: {named}; remove or deliver them, then run this again."
            )
        searched = {"files": found.files, "size_bytes": found.size_bytes, "identifiers": len(_texts(erasure, own))}
        erasure.search = searched | {"own": sorted(own), "at": datetime.now(UTC).isoformat()}
        _keep(erasure)
    erasure.counts["tokens"] = vault.forget(erasure.search["own"]) or erasure.counts.get("tokens", 0)
    erasure.is_done = True
    _keep(erasure)
    _note(erasure, reason, "done")
    return erasure


def again(erasure: Erasure, tell: Tell) -> None:
    """What a restored backup brought back goes once more; nothing is looked for that the plan does not know."""
    person.find(erasure)
    values = clear_values(erasure)
    _keep(erasure)
    _log(erasure)
    apply(erasure, tell)
    for delivery_id in _raw_files(erasure, values):
        tell(f"raw file of delivery {delivery_id}: destroyed")
    vault.forget(own_tokens(erasure))


def apply(erasure: Erasure, tell: Tell) -> None:
    """Take the person out of all tables and of their old versions, and out of the index of the verification service."""
    for name in tables.names():
        before = tables.read(name)
        after = rows.without(name, before, erasure)
        if not after.equals(before):
            tables.replace(name, after, tables.open_table(name).metadata().partition_columns)
            erasure.counts[name] = erasure.counts.get(name, 0) + 1
            _keep(erasure)
            tell(f"{name}: rewritten")
        if _may_hold(name, erasure):
            tables.open_table(name).vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
    if work := register_stage.plan():
        register_stage.run(work)
        tell("index of the verification service: built anew")


def _may_hold(name: str, erasure: Erasure) -> bool:
    """Tables of registers and of the departments' records on persons; others keep their former versions."""
    layer, _, table = name.partition(".")
    sent = any(table == dataset or table.startswith(f"{dataset}__") for dataset in erasure.records)
    return layer == "ops" or sent or (layer == "silver" and not table.startswith(("environment__", "geography__")))


def clear_values(erasure: Erasure) -> dict[str, str]:
    """Token -> value of those that still open; in memory only."""
    opened = vault.clear(pa.array(sorted(erasure.tokens), pa.string())).to_pylist()
    return {token: value for token, value in zip(sorted(erasure.tokens), opened, strict=True) if value}


def own_tokens(erasure: Erasure) -> set[str]:
    """Tokens that no row bears any more; a namesake, or who shares a telephone, keeps a token."""
    pattern, borne = re.compile("|".join(map(re.escape, erasure.tokens))), set(erasure.shared)
    for name in tables.names():
        for column in tables.read(name).columns:
            if pa.types.is_string(column.type):
                for word in column.unique().to_pylist():
                    borne |= set(pattern.findall(word or ""))
    return erasure.tokens.keys() - borne


def _texts(erasure: Erasure, own: set[str]) -> list[str]:
    """What is looked for in clear: values of the person alone; short names stand in other words."""
    values = {token: value for token, value in clear_values(erasure).items() if token in own}
    return sorted({v for t, v in values.items() if not t.startswith("free_text_") and len(v) > 2})


def _texts_that_name(erasure: Erasure, values: dict[str, str]) -> None:
    """Sealed texts (remarks, rows that are none) in which the person's number or telephone stands are the person's, too."""
    wanted = [v for t, v in values.items() if t.startswith(("citizen_no_", "phone_")) and t not in erasure.shared]
    for token, text in vault.opened("free_text"):
        if token not in erasure.tokens and any(value in text for value in wanted):
            erasure.tokens[token] = vault.stand_in("free_text")


def _raw_files(erasure: Erasure, values: dict[str, str]) -> Iterator[str]:
    """Delivered files that name the person are destroyed whole: their rows are in bronze."""
    patterns = search.needles([v for t, v in values.items() if t.startswith("citizen_no_")])
    records = {r for roles in erasure.records.values() for found in roles.values() for r in found}
    named: set[tuple[str, str]] = set()
    for source in [s for dataset in erasure.records for s in person.sources_of(dataset)]:
        told = tables.read(source.bronze_table, ["_record_id", "_delivery_id"]).to_pylist()
        named |= {(source.source, row["_delivery_id"]) for row in told if row["_record_id"] in records}
    for delivery in deliveries():
        if (delivery.source, delivery.delivery_id) in named or _names(delivery, patterns):
            if raw_file.destroy(delivery):
                yield delivery.delivery_id


def _names(delivery, patterns: list[bytes]) -> bool:
    try:
        body = raw_file.read(delivery)
    except (LookupError, Refused):
        return False
    return any(search.holds(part, patterns) for part in search.parts(delivery.file_name, body))


def _log(erasure: Erasure) -> None:
    """The id retires, the one that stands in is minted; both once."""
    log = identity_log.read("persons")
    if erasure.stand_in in log["entity_id"].to_pylist():
        return
    on, by = settings().as_of_time().date(), CAUSE
    anchor = min(erasure.mentions, default=None)
    events = [
        identity_log.row("RETIRE", erasure.person, [erasure.person], [], None, CAUSE, by, on),
        identity_log.row("MINT", erasure.stand_in, [], [erasure.stand_in], anchor, CAUSE, by, on),
    ]
    identity_log.append("persons", identity_log.numbered(events, identity_log.last_number(log)))


def _keep(erasure: Erasure) -> None:
    """Set the plan down in the vault, with the numbers that stay out from now on."""
    numbers = {old: new for old, new in erasure.everywhere.items() if old.startswith("citizen_no_")}
    names = sorted(new for old, new in erasure.tokens.items() if old.startswith("person_name_"))
    name = names[0] if names else vault.stand_in("person_name")
    vault.keep_erasure(erasure.request, erasure.plan(), {old: (new, name) for old, new in numbers.items()})


def _note(erasure: Erasure, reason: str, state: str) -> None:
    row = {"request": erasure.request, "reason": reason, "requested_by": getpass.getuser(), "state": state,
           "counts": json.dumps(erasure.counts, sort_keys=True), "at": datetime.now(UTC)}  # fmt: skip
    tables.append(TABLE, pa.Table.from_pylist([row], SCHEMA))
