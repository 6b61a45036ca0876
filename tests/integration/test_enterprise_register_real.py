"""A real register of enterprises (Zhejiang 1980-2004) on its way from the delivered files to the register of the lake.

Expected figures are counted anew from the published files, with a check character of GB 32100 worked out here.
"""

import csv
import gzip
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa
import pytest

from ingestion.batch.answers import answer
from lakehouse import tables
from lakehouse.contracts import contracts
from lakehouse.settings import settings
from transforms.entity_resolution import stage
from transforms.entity_resolution.enterprises import run as enterprises
from transforms.records.candidates import candidates
from transforms.records.settle import settle
from transforms.settled import Settled

SOURCE, DATASET = "enterprise__registrations__zhejiang", "enterprise__registrations"
PUBLISHED = "enterprise/cn_enterprise_registration_zhejiang_1980_2004"
ALPHABET, WEIGHTS = "0123456789ABCDEFGHJKLMNPQRTUWXY", (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
TONGLU = "330122"


class Walk(NamedTuple):
    """The rows as published, what silver made of them, and a connection with the register's tables."""

    published: list[dict[str, str]]
    settled: Settled
    register: duckdb.DuckDBPyConnection

    def ask(self, question: str) -> list[tuple]:
        return self.register.execute(question).fetchall()


@pytest.fixture(scope="module")
def walk(reference_data: Path, tmp_path_factory):
    files = sorted((reference_data / PUBLISHED).glob("*.csv.gz"))
    home = tmp_path_factory.mktemp("register")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("data", "secrets"):
            patch.setenv(f"LAKE_{name.upper()}_HOME", str(home / name))
        settings.cache_clear()
        for file in files:
            answer(file, SOURCE)
        settled = _silver()
        enterprises.run(stage.rebuild_plan()["enterprises"])
        yield Walk(_published(files), settled, tables.duck())
    settings.cache_clear()


def _silver() -> Settled:
    """All slices in one: the function that a run applies month by month."""
    source, dataset = contracts().sources[SOURCE], contracts()[DATASET]
    settled = settle(candidates(tables.read(source.bronze_table), source, dataset), dataset, {})
    tables.replace(dataset.table, settled.silver)
    return settled


def _published(files: list[Path]) -> list[dict[str, str]]:
    rows = []
    for file in files:
        with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
            rows += csv.DictReader(lines)
    return rows


def _is_right(code: str) -> bool:
    if len(code) != 18 or not set(code) <= set(ALPHABET):
        return False
    total = sum(ALPHABET.index(c) * w for c, w in zip(code, WEIGHTS, strict=False))
    return ALPHABET[(31 - total % 31) % 31] == code[17]


def _codes(walk: Walk) -> list[str]:
    return [row["统一社会信用代码"] for row in walk.published]


def test_malformed_codes_are_held_with_the_reason_and_repeated_rows_count_once(walk):
    codes = _codes(walk)
    wrong = {code for code in codes if not _is_right(code)}
    assert round(100 * sum(map(_is_right, codes)) / len(codes), 2) == 99.97
    held = walk.settled.quarantine.to_pylist()
    assert sorted(code for row in held for code in wrong if code in row["row"]) == sorted(wrong) and len(held) == len(wrong)
    assert {check["check"] for row in held for check in row["checks"]} == {"names_one_entity"}
    repeated = sum(n - 1 for code, n in Counter(codes).items() if _is_right(code))
    assert (walk.settled.superseded, walk.settled.silver.num_rows) == (repeated, len(codes) - len(wrong) - repeated)


def test_production_takes_real_divisions_too(walk, monkeypatch):
    monkeypatch.setenv("LAKE_PROFILE", "production")
    settings.cache_clear()
    again = _silver()
    monkeypatch.undo()
    settings.cache_clear()
    assert (again.silver.num_rows, again.quarantine.num_rows) == (walk.settled.silver.num_rows, walk.settled.quarantine.num_rows)


def test_one_entity_an_enterprise(walk):
    right = {code for code in _codes(walk) if _is_right(code)}
    found = walk.ask("select count(*), count(distinct enterprise_id), count(distinct uscc) from silver.entity__enterprises")
    assert found == [(len(right), len(right), len(right))]
    assert walk.ask("select count(*) from silver.mentions__enterprises where is_held") == [(0,)]
    assert {code for (code,) in walk.ask("select uscc from silver.entity__enterprises")} == right


def test_capital_is_known_in_yuan_or_says_why_not(walk):
    told = {row["统一社会信用代码"]: row["注册资金"] for row in walk.published}
    reasons = dict(
        walk.ask("select capital_reason, count(*) from silver.entity__enterprises where capital_cny10k is null group by 1")
    )
    assert None not in reasons
    assert reasons["not_given"] == sum(text == "N/A" for code, text in told.items() if _is_right(code))
    assert reasons["foreign_currency"] == sum(
        any(c in text for c in ("美元", "港", "日元", "欧元", "法郎")) for text in told.values()
    )
    assert set(reasons) == {"not_given", "foreign_currency", "not_understood"} and reasons["not_understood"] == 2, "shifted rows"
    written = {
        "913302817172077119": 7.0,
        "91330523142911328A": 968.2613,
        "91330110143978882B": None,
        "9133020014406269XW": 27000.0,
    }
    listed = ", ".join(f"'{code}'" for code in written)
    amounts = dict(walk.ask(f"select uscc, capital_cny10k from silver.entity__enterprises where uscc in ({listed})"))
    assert amounts == {code: amount for code, amount in written.items() if amount}


def test_every_enterprise_of_tonglu_is_located(walk, capsys):
    found = pa.table(walk.register.sql(
        "select registered_address_text as text, registered_division_code as code, registered_geocode_quality as quality "
        f"from silver.entity__enterprises where uscc[3:8] = '{TONGLU}'"
    ).to_arrow_table()).to_pylist()  # fmt: skip
    assert len(found) == len({code for code in _codes(walk) if _is_right(code) and code[2:8] == TONGLU})
    assert all(row["code"].startswith(TONGLU) for row in found)
    assert all(row["quality"] for row in found if "桐庐县" in row["text"])
    read = sum(row["quality"] is not None for row in found)
    towns, villages = sum(len(row["code"]) >= 9 for row in found), sum(row["quality"] == "D" for row in found)
    with capsys.disabled():
        print(f"\nTonglu: {len(found)} enterprises, {read} by their address: {towns} to the township, {villages} to the village")
    assert read / len(found) >= 0.98


def test_branches_find_their_parents_and_nothing_of_persons_is_kept(walk):
    (parents,) = walk.ask("select count(*) from silver.entity__enterprises where parent_id is not null")[0]
    wrong = walk.ask(
        "select b.name, p.name from silver.entity__enterprises b join silver.entity__enterprises p "
        "on p.enterprise_id = b.parent_id where not starts_with(translate(b.name, '（）', '()'), translate(p.name, '（）', '()'))"
    )
    assert parents > 0 and wrong == []
    assert walk.ask("select count(*) from silver.entity__enterprises where legal_person_name is not null") == [(0,)]
