"""What a reader meets first: the front page leads to a dashboard, a closed one to the login, and Chinese words are mended.

Runs in Superset's environment; `superset_config` installs it. Superset's models can be imported only inside its
application, so the functions import them.
"""

from urllib.parse import quote

from flask import Flask, Response, jsonify, redirect, request
from flask_login import current_user

from dashboards.roles import OPEN_PAGES, STAFF_PAGES

FRONT = ("/", "/superset/welcome/")
PAGE = "/superset/dashboard/"
CHINESE = "/superset/language_pack/zh/"
MENDED = {
    "Sign in": "登录",
    "Enter your login and password below:": "请输入用户名和密码：",
    "Filters and controls": "筛选条件",
    "Select values": "请选择",
    "Loading filter values": "正在读取筛选值",
    "Waiting on %s": "正在等待 %s",
    "Waiting on database...": "正在等待数据库……",
    "Show %s entries": "每页 %s 行",
    "entries": "行",
    "entries per page": "行（每页）",
    "View as table": "以表格查看",
    "Fetching": "正在读取",
    "Theme": "主题",
    "Summary": "汇总",
    "Users": "用户",
}
"""Words that Superset's Chinese pack lacks or that say something else there (`Sign in` is `Not In`)."""


def install(app: Flask) -> None:
    app.before_request(answer)


def answer() -> Response | None:
    """Our own answer to a question that Superset would answer less well; None = Superset answers."""
    if request.method != "GET":
        return None
    if request.path in FRONT:
        return redirect(first_page())
    if request.path == CHINESE:
        pack = jsonify(chinese())
        pack.cache_control.max_age = 3600
        return pack
    asked = request.path.removeprefix(PAGE).strip("/")
    if asked in set(STAFF_PAGES) - set(OPEN_PAGES) and current_user.is_anonymous:
        return redirect(f"/login/?next={quote(request.path)}")
    return None


def first_page() -> str:
    """The first dashboard that is there and that the reader may open; without any, the list of them."""
    from superset.extensions import db
    from superset.models.dashboard import Dashboard

    there = {slug for (slug,) in db.session.query(Dashboard.slug)}
    mine = OPEN_PAGES if current_user.is_anonymous else STAFF_PAGES
    return next((f"{PAGE}{slug}/" for slug in mine if slug in there), "/dashboard/list/")


def chinese() -> dict:
    """Superset's Chinese words for the browser, mended."""
    from superset.translations.utils import get_language_pack

    pack = get_language_pack("zh")
    words = pack["locale_data"]["superset"] | {english: [word] for english, word in MENDED.items()}
    return pack | {"locale_data": {"superset": words}}
