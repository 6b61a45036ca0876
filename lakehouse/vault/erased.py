"""Who was erased, as the vault remembers it: tokens only. It survives with the secrets, so an older backup is put right by it."""

import json
from collections.abc import Mapping
from typing import Any

from lakehouse.vault import store

SCHEMA = """
create table if not exists erasures (request text primary key, plan text not null) without rowid;
create table if not exists suppressed (token text primary key, number text not null, name text not null) without rowid;
"""
StandIns = dict[str, tuple[str, str]]
"""Token of a citizen number that was erased -> tokens that stand for the person's number and name, and open to nothing."""


def keep_erasure(request: str, plan: Mapping[str, Any], suppressed: StandIns) -> None:
    """Set down, or renew, what an erasure does, and which numbers stay out from now on."""
    with store.writing() as (vault, _):
        for statement in filter(str.strip, SCHEMA.split(";")):
            vault.execute(statement)
        vault.execute("insert or replace into erasures values (?, ?)", [request, json.dumps(plan, sort_keys=True)])
        vault.executemany("insert or replace into suppressed values (?, ?, ?)", [(t, *pair) for t, pair in suppressed.items()])


def erasures() -> dict[str, dict[str, Any]]:
    """Request -> its plan, of all erasures ever begun."""
    return {request: json.loads(plan) for request, plan in _rows("erasures")}


def suppressed() -> StandIns:
    return {token: (number, name) for token, number, name in _rows("suppressed")}


def _rows(table: str) -> list[tuple]:
    with store.reading() as (vault, _):
        if vault is None or not store.has(vault, table):
            return []
        return vault.execute(f"select * from {table}").fetchall()
