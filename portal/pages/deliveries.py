"""A department's deliveries: send a file or rehearse it, receipts, and what became of the rows."""

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path, PurePath
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.responses import JSONResponse, RedirectResponse, Response

from ingestion.batch import receipt
from ingestion.batch.answers import rehearsal
from ingestion.batch.delivery import folder_of
from ingestion.batch.land import land
from ingestion.batch.receive import receive
from ingestion.batch.statement import Statement
from lakehouse.accounts import Account
from lakehouse.contracts import Source, contracts
from portal.login import NotAllowed, required
from portal.page import render
from portal.query import BadParameter, NotThere
from quality import delivery_report, scorecards

router = APIRouter()
NEWEST = 50
LONGEST_NUMBER = 10
SHA256 = re.compile("[0-9a-f]{64}")
ROLES = ("officer", "steward", "admin")


@router.get("/deliveries")
def index(request: Request) -> Response:
    """The form, the newest receipts and the scorecard of the account's sources."""
    return _page(request, required(request, *ROLES))


@router.post("/deliveries")
async def deliver(request: Request) -> Response:
    """Land one file of the account's department and answer with the receipt: a page, or JSON for a call with a key (201 new,
    200 known before, 422 refused and kept; `known` says whether the same file had come before).

    Fields: `file`, `source`, and optionally `period` (day), `revision`, `rows` and `sha256` that the file must have, `dry_run`.
    Who may not deliver is told so before the file is read.
    """
    who = required(request, *ROLES)
    async with request.form() as form:
        return await run_in_threadpool(_delivered, request, who, form)


@router.get("/deliveries/{source}/{delivery_id}")
def one(request: Request, source: str, delivery_id: str) -> Response:
    """A receipt, its remarks and the rules that rows break. Raises LookupError (404)."""
    mapped, found = _source(required(request, *ROLES), source), _receipt(source, delivery_id)
    broken = delivery_report.of(mapped, delivery_id)
    known = bool(request.query_params.get("known"))
    fields = {f.name: f for f in contracts()[mapped.feeds].fields}
    return render(request, "delivery.html.j2", source=mapped, receipt=found, broken=broken, known=known, fields=fields)


@router.get("/deliveries/{source}/{delivery_id}/receipt.json")
def signed(request: Request, source: str, delivery_id: str) -> Response:
    """The signed receipt, to be kept and verified offline. Raises LookupError (404)."""
    _source(required(request, *ROLES), source)
    return JSONResponse(_receipt(source, delivery_id))


def sources_of(who: Account) -> list[Source]:
    """Sources that the account may deliver: an officer those of the own department, others all."""
    taking = [s for _, s in sorted(contracts().sources.items()) if s.takes_files]
    return [s for s in taking if who.department in (None, s.department or contracts()[s.feeds].owner)]


def _delivered(request: Request, who: Account, form: FormData) -> Response:
    file, mapped = form.get("file"), _source(who, str(form.get("source", "")))
    if not isinstance(file, UploadFile):
        raise BadParameter("There is no file in the form; send it in the field 'file'.")
    stated = _stated({name: str(form.get(name, "")).strip() for name in ("period", "revision", "rows", "sha256")})
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / (PurePath(file.filename or "").name or "file")
        with kept.open("wb") as out:
            shutil.copyfileobj(file.file, out)
        if form.get("dry_run"):
            return _rehearsed(request, who, rehearsal(kept, mapped.source, stated, who.name).splitlines())
        delivery, is_new = receive(kept, mapped.source, who.name, stated)
    if is_new or not receipt.is_landed(delivery):
        land(delivery)
    if "authorization" in request.headers:
        answered = receipt.read(delivery.receipt_file)
        return JSONResponse({**answered, "known": not is_new}, 422 if answered["state"] == "refused" else 201 if is_new else 200)
    return RedirectResponse(f"/deliveries/{mapped.source}/{delivery.delivery_id}{'' if is_new else '?known=1'}", 303)


def _stated(said: dict[str, str]) -> Statement:
    for name in ("revision", "rows"):
        if said[name] and not (said[name].isascii() and said[name].isdecimal() and len(said[name]) < LONGEST_NUMBER):
            raise BadParameter(f"The field {name} is {said[name][:40]!r}, no whole number; write 0, 1, 2 and so on.")
    try:
        day = date.fromisoformat(said["period"]).isoformat() if said["period"] else None
    except ValueError as error:
        raise BadParameter(f"The period {said['period'][:40]!r} is no day; write it like 2014-12-31.") from error
    digest = said["sha256"].lower()
    if digest and not SHA256.fullmatch(digest):
        raise BadParameter("The field sha256 is no SHA-256; write its 64 hexadecimal digits.")
    rows = int(said["rows"]) if said["rows"] else None
    return Statement(period=day, revision=int(said["revision"] or 0), stated_rows=rows, stated_sha256=digest or None)


def _source(who: Account, name: str) -> Source:
    known = contracts().sources.get(name)
    if known is None or not known.takes_files:
        raise NotThere(f"No source {name[:80]!r} takes files; the page of deliveries and `lake deliver` name those that do.")
    if known not in sources_of(who):
        raise NotAllowed(f"{who.name} speaks for {who.department}; {name} is another department's source.")
    return known


def _receipt(source: str, delivery_id: str) -> dict[str, Any]:
    path = folder_of(source, delivery_id) / "receipt.json"
    if not delivery_id.replace("-", "").isalnum() or not path.exists():
        raise LookupError(delivery_id)
    return json.loads(path.read_text("utf-8"))


def _rehearsed(request: Request, who: Account, said: list[str]) -> Response:
    if "authorization" in request.headers:
        return JSONResponse({"dry_run": True, "said": said})
    return _page(request, who, said)


def _page(request: Request, who: Account, said: list[str] | None = None) -> Response:
    own = sources_of(who)
    names = {s.source for s in own}
    cards = [c for c in scorecards.stored() if c["source"] in names]
    return render(
        request, "deliveries.html.j2", who=who, sources=own, said=said or [],
        receipts=sorted(_receipts(own), key=lambda r: r["received_at"], reverse=True)[:NEWEST], cards=cards,
    )  # fmt: skip


def _receipts(own: list[Source]) -> Iterator[dict[str, Any]]:
    for source in own:
        for path in folder_of(source.source, "x").parent.glob("*/receipt.json"):
            yield json.loads(path.read_text("utf-8"))
