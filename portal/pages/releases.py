"""Released versions: their page, their changes, and the files themselves."""

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, RedirectResponse, Response

from portal import open_data, released
from portal.page import render
from portal.texts import Texts, negotiate
from publishing import change_notes
from publishing.diff import DatasetDiff
from publishing.release.ledger import LATEST

router = APIRouter()
INLINE = ("text/", "application/json", "application/ld+json")


@router.get("/releases")
def index(request: Request) -> Response:
    """All versions of all themes."""
    return render(request, "releases.html.j2", themes=[(t, released.versions(t)) for t in released.themes()])


@router.get("/releases/{theme}/{version}")
def version_page(theme: str, version: str, request: Request) -> Response:
    """Datasets, files and changes of a version; `latest` leads to its number. LookupError 404, Withdrawn 410."""
    found = released.find(theme, version)
    if version == LATEST:
        return _to(f"/releases/{theme}/{found.version}", request)
    body, language = released.manifest_of(found), negotiate(request)
    shown = {d.id for d in open_data.listed()}
    return render(request, "release.html.j2", v=found, m=body, changes=changes(found, language), shown=shown)


@router.get("/releases/{theme}/{version}/{name}")
def file(theme: str, version: str, name: str, request: Request) -> Response:
    """One released file: strong ETag (its SHA-256), byte ranges, its name with the version for saving.

    LookupError 404 for any name that the manifest does not list, Withdrawn 410.
    """
    found = released.find(theme, version)
    if version == LATEST:
        return _to(f"/releases/{theme}/{found.version}/{name}", request)
    path, entry = released.file_of(found, name)
    tag = f'"{entry["sha256"]}"'
    headers = {
        "ETag": tag,
        "Cache-Control": "no-cache",
        "X-Content-SHA256": entry["sha256"],
        "Access-Control-Allow-Origin": "*",
    }
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    saved = f"{path.stem}_{found.version}{path.suffix}"
    kind = "inline" if entry["dataset"] is None and entry["media_type"].startswith(INLINE) else "attachment"
    media = f"{entry['media_type']}; charset=utf-8" if entry["media_type"].startswith("text/") else entry["media_type"]
    return FileResponse(path, media_type=media, filename=saved, content_disposition_type=kind, headers=headers)


def _to(address: str, request: Request) -> RedirectResponse:
    """The address of the numbered version, parameters kept."""
    return RedirectResponse(f"{address}?{request.url.query}" if request.url.query else address, 307)


def changes(version: released.Version, language: str) -> list[dict]:
    """What changed in each dataset, in words."""
    t, found = Texts(language), []
    path, _ = released.file_of(version, "changes.json")
    for told in released.read_json(path):
        diff = DatasetDiff(**told)
        found.append({"title": t.pick(diff.title_zh, diff.title_en), "id": diff.dataset, "same": diff.is_empty,
                      "sentences": change_notes.sentences(diff, language),
                      "examples": change_notes.example_lines(diff, language)})  # fmt: skip
    return found
