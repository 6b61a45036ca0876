"""Superset's settings, read by Superset itself. Paths come by environment from `dashboards.server`, keys from a file."""

import json
import os
from pathlib import Path

from dashboards import front

HOME = Path(os.environ["DASHBOARDS_HOME"])
LINK = os.environ["DASHBOARDS_SERVING_LINK"]
KEYS = json.loads(Path(os.environ["DASHBOARDS_SECRETS"]).read_text("utf-8"))
PORTAL = os.environ["DASHBOARDS_PORTAL"]

SECRET_KEY = KEYS["secret_key"]
ACCOUNTS = KEYS["accounts"]  # name -> {role, password_hash}; `bootstrap` makes them
SQLALCHEMY_DATABASE_URI = f"sqlite:///{HOME}/superset.db?check_same_thread=false"
DATA_DIR = str(HOME)

APP_NAME = "城市数据 City data"
BABEL_DEFAULT_LOCALE = "zh"
LANGUAGES = {"zh": {"flag": "cn", "name": "简体中文"}, "en": {"flag": "us", "name": "English"}}
FLASK_APP_MUTATOR = front.install


def _kept_in(folder: str, seconds: int) -> dict[str, object]:
    where = str(HOME / "cache" / folder)
    return {"CACHE_TYPE": "FileSystemCache", "CACHE_DIR": where, "CACHE_THRESHOLD": 5000, "CACHE_DEFAULT_TIMEOUT": seconds}


DAY = 86_400
CACHE_CONFIG = _kept_in("meta", DAY)
DATA_CACHE_CONFIG = _kept_in("data", DAY) | {
    "CACHE_TYPE": "dashboards.answer_cache.ServingAnswers", "CACHE_SERVING_LINK": LINK,
}  # fmt: skip
FILTER_STATE_CACHE_CONFIG = _kept_in("filter", 30 * DAY)
EXPLORE_FORM_DATA_CACHE_CONFIG = _kept_in("explore", 7 * DAY)

PUBLIC_ROLE_LIKE = "Public"
FEATURE_FLAGS = {"DASHBOARD_RBAC": True}
FAB_API_SWAGGER_UI = False
DATASET_IMPORT_ALLOWED_DATA_URLS: list[str] = []
ROW_LIMIT = 10_000
SQL_MAX_ROW = 100_000
SQLLAB_TIMEOUT = 30

# What DuckDB grants a connection. Read-only alone would still let SQL read and write other files of the machine.
CONNECTION = {
    "read_only": True,
    "config": {"threads": 2, "memory_limit": "1GB", "enable_external_access": False, "lock_configuration": True},
}


def DB_CONNECTION_MUTATOR(uri, params, username, security_manager, source):
    """Every connection goes to the serving file and gets `CONNECTION`, whatever a database's entry in Superset says.

    Raises PermissionError for any other database, also when an administrator enters it.
    """
    if uri.drivername != "duckdb" or uri.database != LINK:
        raise PermissionError("The dashboards read the serving file only; no other database can be connected.")
    return uri, params | {"connect_args": CONNECTION}


# The strict policy also keeps a browser from calling the front end's built-in usage counter on another host.
TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "default-src": ["'self'"],
        "base-uri": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "script-src": ["'self'", "'strict-dynamic'"],
        "font-src": ["'self'", "data:"],
        "frame-ancestors": ["'self'", PORTAL],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
    "frame_options": None,
}
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
