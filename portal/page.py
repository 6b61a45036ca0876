"""Rendering of pages: the template environment, its filters, and what every page knows."""

from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from lakehouse.settings import settings
from portal.source_names import department_name, source_label
from portal.texts import COOKIE, LANGUAGES, Texts, negotiate
from transforms.entity_resolution.code_names import names_of

UNITS = {"ug/m3": "µg/m³", "mg/m3": "mg/m³", "ng/m3": "ng/m³", "Cel": "°C", "deg": "°", "1": ""}
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
    made.globals |= {"source_label": source_label, "department_name": department_name, "names_of": names_of}
    made.filters |= {"count": count, "size": size, "moment": moment, "day": day, "unit": unit, "cell": cell, "share": share}
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
    """The local moment at which this installation's clock stands, None when it follows the real one."""
    stands = settings().as_of is not None or settings().clock_file.exists()
    return moment(settings().as_of_time()) if stands else None


def count(value: int | None) -> str:
    """1234567 -> 1,234,567; nothing -> a dash."""
    return "–" if value is None else f"{value:,}"


def share(value: float | None) -> str:
    """0.99953 -> 99.95 %; nothing -> a dash. What is not whole is not rounded up to it."""
    return "–" if value is None else f"{min(value * 100, 100.0 if value == 1 else 99.99):.2f} %"


def size(value: int) -> str:
    """Bytes in the unit that gives one to three digits before the point (1 kB = 1,000 bytes)."""
    amount = float(value)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return ""


def moment(value: Any) -> str:
    """A date or time for people: `2017-02-28`, or an instant in the business time zone, `2017-02-28 23:00 UTC+8`."""
    local = _local(value)
    if not isinstance(local, datetime):
        return "–" if local is None else local.isoformat()
    if local.tzinfo is None:
        return f"{local:%Y-%m-%d %H:%M}"
    hours = local.utcoffset() / timedelta(hours=1)
    return f"{local:%Y-%m-%d %H:%M} UTC{f'{hours:+g}' if hours else ''}"


def day(value: Any) -> str:
    """The local day of a date or time."""
    return moment(value)[:10]


def unit(code: str | None) -> str:
    """A UCUM code as people write it: `ug/m3` -> µg/m³."""
    return UNITS.get(code or "", code or "")


def _local(value: Any) -> Any:
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    aware = isinstance(value, datetime) and value.tzinfo is not None
    return value.astimezone(ZoneInfo(settings().business_zone)) if aware else value


def cell(value: Any) -> str:
    """A table cell: missing is a dash, numbers without a tail of digits."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "✓" if value else "✗"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
