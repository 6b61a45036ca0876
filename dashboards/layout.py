"""Rows of cells -> Superset's position tree, and the dashboard's own file with its filters."""

from typing import Any

from dashboards.definition import Cell, Dashboard, Filter, Row

Json = dict[str, Any]
COLUMNS = 12


def dashboard(board: Dashboard, identity: str, charts: dict[str, str], datasets: dict[str, str]) -> Json:
    """The dashboard file. `charts`, `datasets`: name -> UUID of those that are there."""
    return {
        "dashboard_title": str(board.title),
        "slug": board.slug,
        "css": board.css,
        "uuid": identity,
        "published": True,
        "is_managed_externally": True,
        "position": position(board, charts),
        "metadata": {
            "native_filter_configuration": _filters(board, datasets, charts),
            "filter_bar_orientation": "HORIZONTAL",
            # All five keys must be there: else a reader's browser tries to save colours and is refused.
            "color_scheme": "supersetColors",
            "color_scheme_domain": [],
            "shared_label_colors": [],
            "map_label_colors": board.colors,
            "label_colors": board.colors,
            "cross_filters_enabled": False,
            "refresh_frequency": 0,
            "timed_refresh_immune_slices": [],
        },
    }


def position(board: Dashboard, charts: dict[str, str]) -> Json:
    rows = [(row, _present(row, charts)) for row in board.rows]
    rows = [(row, cells) for row, cells in rows if cells]
    numbers = chart_numbers(charts)
    tree: Json = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": str(board.title)}},
        "GRID_ID": {"type": "GRID", "id": "GRID_ID", "children": [f"ROW-{n}" for n in range(len(rows))], "parents": ["ROOT_ID"]},
    }
    for n, (row, cells) in enumerate(rows):
        parents = ["ROOT_ID", "GRID_ID", f"ROW-{n}"]
        nodes = [_node(cell, f"{n}-{i}", row.height, parents, board, charts, numbers) for i, cell in enumerate(cells)]
        tree |= {node["id"]: node for node in nodes}
        tree[f"ROW-{n}"] = {
            "type": "ROW", "id": f"ROW-{n}", "children": [node["id"] for node in nodes], "parents": parents[:2],
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
        }  # fmt: skip
    return tree


def chart_numbers(charts: dict[str, str]) -> dict[str, int]:
    """Numbers by which the file's own parts speak of a chart; the import replaces them by Superset's."""
    return {name: number for number, name in enumerate(sorted(charts), start=1)}


def _present(row: Row, charts: dict[str, str]) -> list[Cell]:
    """The cells whose chart is there; what is left shares the place of what is not."""
    kept = [cell for cell in row.cells if cell.text or cell.chart in charts]
    if not kept or len(kept) == len(row.cells):
        return kept
    free = COLUMNS - sum(cell.width for cell in kept)
    return [*kept[:-1], kept[-1].model_copy(update={"width": kept[-1].width + free})]


def _node(
    cell: Cell, place: str, height: int, parents: list[str], board: Dashboard, charts: dict[str, str], numbers: dict[str, int]
) -> Json:
    size = {"width": cell.width, "height": height}
    if cell.text:
        return {
            "type": "MARKDOWN", "id": f"MARKDOWN-{place}", "children": [], "parents": parents,
            "meta": size | {"code": cell.text},
        }  # fmt: skip
    return {
        "type": "CHART", "id": f"CHART-{place}", "children": [], "parents": parents,
        "meta": size
        | {"uuid": charts[cell.chart], "chartId": numbers[cell.chart], "sliceName": str(board.charts[cell.chart].title)},
    }  # fmt: skip


def _filters(board: Dashboard, datasets: dict[str, str], charts: dict[str, str]) -> list[Json]:
    """The filters, but for those whose dataset is not there."""
    answered = (f for f in board.filters if f.dataset is None or f.dataset in datasets)
    return [_filter(f, number, datasets, charts) for number, f in enumerate(answered)]


def _filter(given: Filter, number: int, datasets: dict[str, str], charts: dict[str, str]) -> Json:
    numbers = chart_numbers(charts)
    target = [{"column": {"name": given.column}, "datasetUuid": datasets[given.dataset]}] if given.kind == "select" else [{}]
    return {
        "id": f"NATIVE_FILTER-{number}",
        "name": str(given.title),
        "filterType": "filter_select" if given.kind == "select" else "filter_time",
        "targets": target,
        "controlValues": {"multiSelect": True, "enableEmptyFilter": False, "searchAllOptions": False, "inverseSelection": False},
        "defaultDataMask": {"extraFormData": {}, "filterState": {}, "ownState": {}},
        "cascadeParentIds": [],
        "scope": {"rootPath": ["ROOT_ID"], "excluded": [numbers[name] for name in given.spares if name in charts]},
        "type": "NATIVE_FILTER",
        "description": "",
    }
