"""Definitions + contracts' labels + columns of the serving file -> Superset's asset files. Pure but for reading.

Every object has a UUID made from its name, so building again overwrites and never doubles. Charts whose tables are
not there yet (or are empty) are left out with their rows' other cells widened, and named in the result.
"""

import json
import shutil
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import yaml

from dashboards import charts, layout
from dashboards.definition import Chart, Dashboard, Dataset, DefinitionError, Row, load_dashboards, load_datasets
from dashboards.roles import ROLES, STAFF_PAGES
from lakehouse import notice, tables
from lakehouse.contracts import contracts
from lakehouse.gold_models import sources_behind
from lakehouse.settings import settings

VERSION = "1.0.0"
DATABASE = "lakehouse"
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "smart-city-lakehouse/dashboards")


@dataclass
class Assets:
    """Files by relative path, what access rules need to know, and the charts left out with the reason."""

    files: dict[str, str] = field(default_factory=dict)
    open_datasets: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    def add(self, path: str, body: dict) -> None:
        self.files[path] = yaml.safe_dump(body | {"version": VERSION}, allow_unicode=True, sort_keys=False)


def identity(kind: str, name: str) -> str:
    return str(uuid.uuid5(NAMESPACE, f"{kind}/{name}"))


def build(serving: duckdb.DuckDBPyConnection, serving_link: Path) -> Assets:
    """All assets for what the serving file holds now."""
    assets, filled = Assets(), filled_tables(serving)
    known = load_datasets()
    datasets = {name: d for name, d in known.items() if set(d.reads) <= filled}
    assets.add("metadata.yaml", {"type": "assets", "timestamp": "2020-01-01T00:00:00+00:00"})
    assets.add("databases/lakehouse.yaml", database(serving_link))
    for name, dataset in (datasets | gold_datasets(filled)).items():
        assets.add(f"datasets/{DATABASE}/{name}.yaml", dataset_asset(serving, name, dataset))
        if dataset.open:
            refuse_closed_columns(name, dataset)
            assets.open_datasets.append(identity("dataset", name))
    boards, landed = load_dashboards(), set(tables.names("bronze"))
    for board in boards:
        check_board(board, known)
    shown = [board for board in boards if any(chart.dataset in datasets for chart in board.charts.values())]
    for board in boards:
        texts = {"pages": links(board, shown), "sources": sources(board, known, landed), "notice": notice.text()}
        add_dashboard(assets, with_texts(board, texts), datasets)
    return assets


def write(assets: Assets, folder: Path) -> None:
    """Replace the folder's content by the files and `access.json`."""
    shutil.rmtree(folder, ignore_errors=True)
    for path, text in assets.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    (folder / "access.json").write_text(json.dumps({"open_datasets": sorted(assets.open_datasets)}), "utf-8")


def refuse_closed_columns(name: str, dataset: Dataset) -> None:
    """Raise PermissionError when an open dataset reads a table that is not wholly public by its contract."""
    described = {c.table: c for c in contracts().of_layer("gold")}
    for table in dataset.reads:
        if table.startswith("reference."):
            continue
        if table not in described:
            raise PermissionError(f"datasets.yaml: {name} is open, but {table} has no contract that says it is public.")
        if closed := [f.name for f in described[table].fields if f.classification != "public"]:
            raise PermissionError(f"datasets.yaml: {name} is open, but {table}.{closed[0]} is not public.")


def filled_tables(serving: duckdb.DuckDBPyConnection) -> set[str]:
    found = serving.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall()
    return {name for (name,) in found if serving.execute(f"select 1 from {name} limit 1").fetchone()}


def gold_datasets(filled: set[str]) -> dict[str, Dataset]:
    """Every gold table with a contract, as it is, for analysts' own charts (not open: pages show what is chosen)."""
    wanted = [c for c in contracts().of_layer("gold") if c.table in filled]
    return {
        c.id: Dataset(title={"zh": c.name_zh, "en": c.name_en}, reads=(c.table,), sql=f"select * from {c.table}") for c in wanted
    }


def database(serving_link: Path) -> dict:
    return {
        "database_name": DATABASE,
        "sqlalchemy_uri": f"duckdb:///{serving_link}",
        "allow_dml": False,
        "allow_file_upload": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "expose_in_sqllab": True,
        "extra": {},  # how it is opened is not said here, where an account could change it: see superset_config
        "uuid": identity("database", DATABASE),
    }


def dataset_asset(serving: duckdb.DuckDBPyConnection, name: str, dataset: Dataset) -> dict:
    """Columns as the serving file has them, labelled by contract or by the definition.

    Raises LookupError for a column without a label, DefinitionError for a query that DuckDB refuses.
    """
    try:
        described = serving.execute(f"describe {dataset.sql}").fetchall()
    except duckdb.Error as error:
        said = " ".join(str(error).split())
        raise DefinitionError(f"datasets.yaml: {name}: {said}; mend the query, and list all its tables under `reads`.") from error
    return {
        "table_name": name,
        "description": str(dataset.title),
        "main_dttm_col": dataset.time,
        "schema": "gold",
        "sql": dataset.sql,
        "uuid": identity("dataset", name),
        "database_uuid": identity("database", DATABASE),
        "is_managed_externally": True,
        "metrics": [{"metric_name": "count", "verbose_name": "行数 Rows", "expression": "count(*)"}],
        "columns": [column_asset(row[0], row[1], label(name, dataset, row[0])) for row in described],
    }


def column_asset(name: str, sql_type: str, verbose_name: str) -> dict:
    is_time = sql_type.startswith(("TIMESTAMP", "DATE"))
    return {
        "column_name": name, "verbose_name": verbose_name, "type": sql_type, "is_dttm": is_time,
        "groupby": True, "filterable": True, "is_active": True,
    }  # fmt: skip


def label(name: str, dataset: Dataset, column: str) -> str:
    """`监测点 Station`, with the unit in brackets where there is one."""
    if column in dataset.labels:
        return str(dataset.labels[column])
    described = {c.table: c for c in contracts().datasets.values()}
    for table in dataset.reads:
        if table in described and column in {f.name for f in described[table].fields}:
            found = described[table].field(column)
            return f"{found.name_zh} {found.name_en}" + (f" ({found.unit})" if found.unit else "")
    raise LookupError(f"datasets.yaml: {name}: column {column} has no label; name it in a contract or under `labels`.")


def check_board(board: Dashboard, known: dict[str, Dataset]) -> None:
    """Raise DefinitionError for a chart of a dataset that nobody defines, and for a page that nobody may see."""
    if strange := sorted({c.dataset for c in board.charts.values()} - known.keys()):
        raise DefinitionError(f"page {board.slug}: a chart asks dataset {strange[0]}; define it in datasets.yaml.")
    if not any(board.slug in role.dashboards for role in ROLES.values()):
        raise DefinitionError(f"page {board.slug}: no role may see it; name it under the roles of dashboards/roles.py.")


def links(board: Dashboard, shown: list[Dashboard]) -> str:
    """Markdown that names every page, linked but for the one that it stands on, and the portal."""
    titles = {other.slug: str(other.title) for other in shown}
    named = [(titles[slug], f"/superset/dashboard/{slug}/", slug) for slug in STAFF_PAGES if slug in titles]
    pages = [f"**{title}**" if slug == board.slug else f"[{title}]({address})" for title, address, slug in named]
    return " · ".join([*pages, f"[数据门户 Data portal]({settings().portal_address()}/)"])


def sources(board: Dashboard, known: dict[str, Dataset], landed: set[str]) -> str:
    """Who gave the data behind the page's charts, and under which licence.

    `landed`: bronze tables that there are; a source that has sent nothing is not named.
    """
    read = {table for chart in board.charts.values() for table in known[chart.dataset].reads}
    behind = [s for table in read for s in sources_behind(table.removeprefix("gold."), contracts())]
    sent = [s for s in behind if s.bronze_table in landed]
    return " · ".join(sorted({f"{s.attribution} ({s.licence})" for s in sent if s.attribution}))


def with_texts(board: Dashboard, texts: dict[str, str]) -> Dashboard:
    """The page with `{name}` in its texts filled; a cell whose text is nothing else and empty is left out."""

    def filled(text: str | None) -> str | None:
        for name, words in texts.items():
            text = text and text.replace(f"{{{name}}}", words)
        return text

    def row_of(row: Row) -> Row:
        return row.model_copy(update={"cells": tuple(c.model_copy(update={"text": filled(c.text)}) for c in row.cells)})

    return board.model_copy(update={"rows": tuple(row_of(row) for row in board.rows)})


def add_dashboard(assets: Assets, board: Dashboard, datasets: dict[str, Dataset]) -> None:
    drawn = {key: chart for key, chart in board.charts.items() if chart.dataset in datasets}
    for key in board.charts.keys() - drawn.keys():
        assets.left_out[f"{board.slug}/{key}"] = f"a table of dataset {board.charts[key].dataset} is missing or empty"
    if not drawn:
        return
    for key, chart in drawn.items():
        assets.add(f"charts/{board.slug}__{key}.yaml", chart_asset(board, key, chart, datasets[chart.dataset]))
    uuids = {key: identity("chart", f"{board.slug}/{key}") for key in drawn}
    dataset_uuids = {name: identity("dataset", name) for name in datasets}
    assets.add(f"dashboards/{board.slug}.yaml", layout.dashboard(board, identity("dashboard", board.slug), uuids, dataset_uuids))


def chart_asset(board: Dashboard, key: str, chart: Chart, dataset: Dataset) -> dict:
    return {
        "slice_name": str(chart.title),
        "description": str(chart.about) if chart.about else None,
        "viz_type": charts.VIZ[chart.kind],
        "params": charts.form_data(chart, dataset.time),
        "query_context": charts.query_context(chart, dataset.time),
        "uuid": identity("chart", f"{board.slug}/{key}"),
        "dataset_uuid": identity("dataset", chart.dataset),
        "is_managed_externally": True,
    }
