"""A reader of the dashboards over HTTP: anonymous, or logged in by session as a browser does.

By session and not by token: with rights granted to the public, a token is not looked at on pages open to all.
"""

import re
from typing import Any

import httpx

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class Reader:
    """One account's session; without name and password it stays anonymous."""

    def __init__(self, address: str, name: str | None = None, password: str | None = None) -> None:
        self.http = httpx.Client(base_url=address, timeout=60, headers={"Referer": address + "/"})
        if name:
            self._log_in(name, password)
        self.http.headers["X-CSRFToken"] = self._csrf()

    def _log_in(self, name: str, password: str | None) -> None:
        page = self.http.get("/login/").text
        fields = {"username": name, "password": password, "csrf_token": TOKEN.search(page)[1]}
        answer = self.http.post("/login/", data=fields)
        assert answer.status_code == 302 and "login" not in answer.headers["location"], f"{name} cannot log in"

    def _csrf(self) -> str:
        return self.http.get("/api/v1/security/csrf_token/").json()["result"]

    def get(self, path: str, **parameters: Any) -> httpx.Response:
        return self.http.get(path, params=parameters)

    def charts(self) -> dict[str, int]:
        """Name -> id of the charts that this reader is shown."""
        listed = self.get("/api/v1/chart/", q="(page_size:100)").json()
        return {chart["slice_name"]: chart["id"] for chart in listed.get("result", [])}

    def chart(self, number: int) -> httpx.Response:
        return self.get(f"/api/v1/chart/{number}/data/", force="true")

    def rows(self, number: int) -> list[dict]:
        answer = self.chart(number)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"][0]["data"]

    def sql(self, query: str, database: int = 1) -> httpx.Response:
        body = {"database_id": database, "sql": query, "runAsync": False, "select_as_cta": False, "queryLimit": 100}
        return self.http.post("/api/v1/sqllab/execute/", json=body)

    def ask(self, dataset: int, **query: Any) -> httpx.Response:
        """A question of one's own to a dataset, as a tampered page would put it."""
        body = {"datasource": {"id": dataset, "type": "table"}, "queries": [query], "result_format": "json", "force": True}
        return self.http.post("/api/v1/chart/data", json=body)
