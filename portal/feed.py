"""Changes of the releases as an Atom feed (RFC 4287)."""

from xml.etree import ElementTree as xml

from fastapi import APIRouter, Request
from starlette.responses import Response

from lakehouse.settings import settings
from portal import released
from portal.pages.releases import changes
from portal.texts import Texts, negotiate

router = APIRouter()
ATOM = "http://www.w3.org/2005/Atom"
MAX_ENTRIES = 50


@router.get("/feed.atom")
def feed(request: Request) -> Response:
    """Published and withdrawn versions of all themes, newest first, in the reader's language."""
    t, address = Texts(negotiate(request)), settings().portal_address()
    versions = sorted(
        (v for theme in released.themes() for v in released.versions(theme)),
        key=lambda v: v.recorded,
        reverse=True,
    )
    root = xml.Element("feed", {"xmlns": ATOM, "xml:lang": t.language})
    _add(root, "id", f"{address}/feed.atom")
    _add(root, "title", t("site.title"))
    _add(root, "updated", versions[0].recorded if versions else "1970-01-01T00:00:00+00:00")
    xml.SubElement(root, "link", {"rel": "self", "href": f"{address}/feed.atom"})
    xml.SubElement(root, "link", {"rel": "alternate", "href": f"{address}/releases"})
    _add(xml.SubElement(root, "author"), "name", t("site.title"))
    for version in versions[:MAX_ENTRIES]:
        _entry(root, version, t, f"{address}/releases/{version.theme}/{version.version}")
    body = xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return Response(body, media_type="application/atom+xml", headers={"Vary": "Accept-Language, Cookie"})


def _entry(root: xml.Element, version: released.Version, t: Texts, address: str) -> None:
    entry = xml.SubElement(root, "entry")
    _add(entry, "id", address if version.state == "published" else f"{address}#withdrawn")
    _add(
        entry,
        "title",
        t(
            f"feed.{version.state}",
            theme=t.known(f"theme.{version.theme}", version.theme),
            version=version.version,
        ),
    )
    _add(entry, "updated", version.recorded)
    _add(entry, "published", version.issued)
    xml.SubElement(entry, "link", {"rel": "alternate", "href": address})
    _add(entry, "summary", _summary(version, t))


def _summary(version: released.Version, t: Texts) -> str:
    if version.state == "withdrawn":
        return version.reason or ""
    return "\n".join(f"{c['title']}: {' '.join(c['sentences'])}" for c in changes(version, t.language))


def _add(parent: xml.Element, name: str, text: str) -> None:
    xml.SubElement(parent, name).text = text
