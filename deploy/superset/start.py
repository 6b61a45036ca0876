"""Superset in a container: set up as everywhere, its own database in PostgreSQL, listening on the container's address."""

import os
import sys
import urllib.parse

from dashboards import server, setup
from lakehouse.settings import settings


def metadata_database() -> str:
    """Address of Superset's own database, from POSTGRES_HOST, POSTGRES_PORT and SUPERSET_DB_PASSWORD."""
    password = urllib.parse.quote(os.environ["SUPERSET_DB_PASSWORD"], safe="")
    host, port = os.environ["POSTGRES_HOST"], os.environ.get("POSTGRES_PORT", "5432")
    return f"postgresql://superset:{password}@{host}:{port}/superset"


def become_server() -> None:
    """Bootstrap, then replace this process by the web server; ends with one sentence while there is nothing to show."""
    os.environ["SUPERSET__SQLALCHEMY_DATABASE_URI"] = metadata_database()
    try:
        setup.bootstrap()
    except (LookupError, RuntimeError) as error:
        sys.exit(f"{error}")
    own_port = f"127.0.0.1:{settings().dashboards_port}"
    everywhere = f"0.0.0.0:{settings().dashboards_port}"
    command = [everywhere if part == own_port else part for part in server.process().command]
    os.execvp(command[0], command)


if __name__ == "__main__":
    become_server()
