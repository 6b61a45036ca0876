"""The web application: middleware, pages and API put together."""

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

from portal import api, errors, feed, static_files
from portal.guard import GuardMiddleware
from portal.pages import catalogue, dataset, models, operations, quality, releases, report, templates_download

CALLS_PER_MINUTE = 60  # anonymous calls of the API per client address


def create_app(calls_per_minute: int = CALLS_PER_MINUTE) -> FastAPI:
    """The portal over the serving file and releases of this process's settings."""
    cors = Middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["GET", "HEAD"],
        expose_headers=[
            "ETag",
            "Link",
            "RateLimit-Limit",
            "RateLimit-Remaining",
            "RateLimit-Reset",
            "Retry-After",
        ],
    )
    guard = Middleware(GuardMiddleware, calls_per_minute=calls_per_minute)
    app = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        middleware=[cors, guard, Middleware(GZipMiddleware, minimum_size=2048)],
    )
    for part in (
        catalogue,
        dataset,
        releases,
        quality,
        operations,
        models,
        report,
        templates_download,
        api,
        feed,
        static_files,
    ):
        app.include_router(part.router)
    errors.install(app)
    return app
