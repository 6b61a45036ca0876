"""The web application: middleware, pages and API put together."""

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from portal import api, errors, feed, login, static_files
from portal.guard import GuardMiddleware, PageCompression
from portal.pages import (
    catalogue,
    dataset,
    deliveries,
    desk,
    dictionary,
    linkage,
    models,
    operations,
    quality,
    releases,
    report,
    templates_download,
)
from portal.verification import api as verification_api

CALLS_PER_MINUTE = 60  # anonymous calls of the API per client address
PARTS = (
    catalogue, dataset, releases, quality, operations, linkage, models, report, templates_download, deliveries, desk, dictionary,
    login, verification_api, api, feed, static_files,
)  # fmt: skip
READABLE = ("ETag", "Link", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After")


def create_app(calls_per_minute: int = CALLS_PER_MINUTE) -> FastAPI:
    """The portal over the serving file and releases of this process's settings."""
    middleware = [
        Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["GET", "HEAD"], expose_headers=READABLE),
        Middleware(GuardMiddleware, calls_per_minute=calls_per_minute),
        login.middleware(),
        Middleware(PageCompression, minimum_size=2048),
    ]
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, middleware=middleware)
    for part in PARTS:
        app.include_router(with_head(part.router))
    errors.install(app)
    return app


def with_head(router: APIRouter) -> APIRouter:
    """Where GET is answered, HEAD is (RFC 9110 9.3.2); the server leaves the body out."""
    for route in router.routes:
        if isinstance(route, APIRoute) and "GET" in route.methods:
            route.methods.add("HEAD")
    return router
