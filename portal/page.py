"""Rendering of pages: the template environment, its filters, and what every page knows."""

from datetime import date, datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from lakehouse.settings import settings
from portal.texts import COOKIE, LANGUAGES, Texts, negotiate

YEAR_SECONDS = 365 * 24 * 3600


@cache
def environment() -> Environment:
    """Templates of portal/templates: everything that is filled in is escaped, an unknown name is an error."""
    made = Environment(
        loader=PackageLoader("portal"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"count": count, "size": size, "moment": moment, "cell": cell}
    return made


def render(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page in the reader's language; `?lang=` is remembered in a cookie."""
    language = negotiate(request)
    t = Texts(language)
    known = {
        "t": t, "lang": language, "request": request, "path": request.url.path, "clock": clock(),
        "other_language": other_language(request, language), "synthetic_profile": settings().profile,
    }  # fmt: skip
    page = HTMLResponse(environment().get_template(template).render(known | values), status)
    page.headers["Vary"] = "Accept-Language, Cookie"
    page.headers["Content-Language"] = language
    if request.query_params.get("lang") in LANGUAGES:
        page.set_cookie(COOKIE, language, max_age=YEAR_SECONDS, samesite="lax", httponly=True)
    return page


def other_language(request: Request, language: str) -> str:
    """Address of the same page in the other language."""
    other = next(code for code in LANGUAGES if code != language)
    kept = [(k, v) for k, v in request.query_params.multi_items() if k != "lang"]
    return f"?{urlencode([*kept, ('lang', other)])}"


def clock() -> str | None:
    """The day on which this installation's clock stands, None when it follows the real one."""
    return settings().as_of.date().isoformat() if settings().as_of else None


def count(value: int | None) -> str:
    """1234567 -> 1,234,567; nothing -> a dash."""
    return "–" if value is None else f"{value:,}"


def size(value: int) -> str:
    """Bytes in the unit that gives one to three digits before the point (1 kB = 1,000 bytes)."""
    amount = float(value)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return ""


def moment(value: Any) -> str:
    """A date or time for people: `2017-02-28` or `2017-02-28 15:00 UTC`."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}{' UTC' if value.tzinfo else ''}"
    return "–" if value is None else value.isoformat()


def cell(value: Any) -> str:
    """A table cell: missing is a dash, numbers without a tail of digits."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "✓" if value else "✗"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
