"""Serve the open-data portal in the foreground."""

import typer

from lakehouse.settings import settings

app = typer.Typer(add_completion=False, help=__doc__, no_args_is_help=True)


@app.callback()
def portal() -> None:
    """Pages and API of the open data."""


@app.command("serve")
def serve() -> None:
    """Serve on 127.0.0.1 and LAKE_PORTAL_PORT until Ctrl-C."""
    import uvicorn

    from portal.app import create_app

    uvicorn.run(create_app(), host="127.0.0.1", port=settings().portal_port, log_level="warning", server_header=False)
