"""Who is at the page: a session after the login form, or the key of an API call. Everything public needs neither."""

import os
import secrets
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import RedirectResponse, Response

from lakehouse import accounts
from lakehouse.accounts import Account
from lakehouse.settings import settings
from portal.page import render

router = APIRouter()
SESSION_SECONDS = 8 * 3600


class LoginNeeded(Exception):
    """Nobody is logged in."""


class NotAllowed(Exception):
    """Somebody is, in a role that may not do this; the argument is the sentence."""


def middleware() -> Middleware:
    """The session in a signed cookie that other sites cannot make the browser send."""
    return Middleware(
        SessionMiddleware, secret_key=_key(), session_cookie="session", max_age=SESSION_SECONDS, same_site="strict",
        https_only=settings().public_url.startswith("https"),
    )  # fmt: skip


def account(request: Request) -> Account | None:
    """The account of the call's key, else of its session, as it is now: a removed account is logged out."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return accounts.with_key(key)
    held = accounts.all_accounts().get(request.session.get("account", ""))
    return held if held and request.session.get("since") == held.password_hash[-16:] else None


def required(request: Request, *roles: str) -> Account:
    """The account, in one of the roles. Raises LoginNeeded and NotAllowed."""
    found = account(request)
    if found is None:
        raise LoginNeeded
    if found.role not in roles:
        raise NotAllowed(f"{found.name} is logged in as {found.role}; this is for {', '.join(roles)}.")
    return found


@router.get("/login")
def form(request: Request) -> Response:
    """The form; `next` is the page to go on to."""
    return render(request, "login.html.j2", next=_own_page(request.query_params.get("next", "/")), failed=False)


@router.post("/login")
def log_in(
    request: Request, name: Annotated[str, Form()] = "", password: Annotated[str, Form()] = "", next: Annotated[str, Form()] = "/"
) -> Response:
    """Begin a session, or show the form again (401)."""
    found = accounts.with_password(name.strip(), password)
    if found is None:
        return render(request, "login.html.j2", 401, next=_own_page(next), failed=True)
    request.session.update(account=found.name, since=found.password_hash[-16:])
    return RedirectResponse(_own_page(next), 303)


@router.post("/logout")
def log_out(request: Request) -> Response:
    request.session.clear()
    return RedirectResponse("/", 303)


def _own_page(path: str) -> str:
    """A path of this site; anything else becomes the first page."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"


def _key() -> str:
    """The key of the sessions, made on first use (secrets/portal.key, mode 0600)."""
    file = settings().secrets / "portal.key"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = file.with_name(f".{file.name}.{os.getpid()}")
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as out:
            out.write(secrets.token_urlsafe(48))
        part.replace(file)
    return file.read_text("ascii")
