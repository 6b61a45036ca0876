"""A chart's definition -> what Superset stores: form data (what the page draws) and query context (what the API asks)."""

import json
from collections.abc import Callable
from typing import Any

from dashboards import markup
from dashboards.definition import Chart, Metric

Json = dict[str, Any]
PALETTE = "supersetColors"
LEGEND_WIDTH = 210  # pixels: a name in both languages
VIZ = {
    "tile": "table",
    "html": "table",
    "line": "echarts_timeseries_line",
    "bar": "echarts_timeseries_bar",
    "heatmap": "heatmap_v2",
    "map": "deck_polygon",
    "table": "table",
    "rows": "table",
}


def form_data(chart: Chart, time: str | None) -> Json:
    """Superset's `params` of the chart; `time` is the dataset's time column, which the time filter narrows."""
    common = {"viz_type": VIZ[chart.kind], "adhoc_filters": filters(chart, time), "row_limit": chart.limit}
    drawn: dict[str, Callable[[Chart], Json]] = {
        "tile": _html, "html": _html, "line": _series, "bar": _stacked, "heatmap": _heatmap, "map": _map,
        "table": _table, "rows": _rows,
    }  # fmt: skip
    return common | drawn[chart.kind](chart)


def query_context(chart: Chart, time: str | None) -> str:
    """The same question as JSON text for the API (`GET /api/v1/chart/<id>/data/`); Superset fills in the dataset."""
    query: Json = {
        "metrics": metrics(chart),
        "columns": _axis(chart) + list(chart.columns) + ([chart.by] if chart.by else []),
        "extras": {"where": f"({chart.where})"} if chart.where else {},
        "filters": [{"col": time, "op": "TEMPORAL_RANGE", "val": "No filter"}] if time else [],
        "orderby": _order(chart),
        "row_limit": chart.limit,
    }
    if chart.kind == "rows":
        query |= {"metrics": None}
    return json.dumps(
        {
            "datasource": {"id": 0, "type": "table"},
            "force": False,
            "queries": [query],
            "form_data": form_data(chart, time),
            "result_format": "json",
            "result_type": "full",
        },
        ensure_ascii=False,
    )


def metrics(chart: Chart) -> list[Json]:
    drawn = (Metric(plain="tile", sql=markup.tile(chart.tile)),) if chart.tile else chart.metrics
    return [metric(m) for m in drawn]


def metric(given: Metric) -> Json:
    name = given.label()
    return {
        "expressionType": "SQL",
        "sqlExpression": given.sql,
        "label": name,
        "hasCustomLabel": True,
        "optionName": f"metric_{name}",
    }


def filters(chart: Chart, time: str | None) -> list[Json]:
    """The chart's own condition, and the open time range that the time filter of the page fills."""
    ranges = [
        {"expressionType": "SIMPLE", "clause": "WHERE", "subject": time, "operator": "TEMPORAL_RANGE", "comparator": "No filter"}
    ]
    own = [{"expressionType": "SQL", "clause": "WHERE", "sqlExpression": chart.where}]
    return (ranges if time else []) + (own if chart.where else [])


def _axis(chart: Chart) -> list:
    if chart.x is None or chart.kind in ("heatmap", "map"):
        return [chart.x] if chart.x else []
    if chart.grain is None:
        return [chart.x]
    return [
        {"timeGrain": chart.grain, "columnType": "BASE_AXIS", "sqlExpression": chart.x, "label": chart.x, "expressionType": "SQL"}
    ]


def _order(chart: Chart) -> list:
    if chart.sort:
        return [[metric(Metric(plain="sort", sql=chart.sort)), False]]
    return [[name, direction == "asc"] for name, direction in chart.order]


def _html(chart: Chart) -> Json:
    """A table of one cell that holds markup: Superset cleans it and keeps `div` and `span` with their style."""
    return {
        "query_mode": "aggregate", "groupby": list(chart.columns), "metrics": metrics(chart),
        "allow_render_html": True, "include_search": False, "show_cell_bars": False, "server_pagination": False,
        "column_config": {m["label"]: {"horizontalAlign": "left"} for m in metrics(chart)},
    }  # fmt: skip


def _table(chart: Chart) -> Json:
    formats = {m.label(): {"d3NumberFormat": m.format} for m in chart.metrics}
    return {
        "query_mode": "aggregate", "groupby": list(chart.columns), "metrics": metrics(chart),
        "allow_render_html": True, "show_cell_bars": False, "column_config": formats, "page_length": 0,
        "order_desc": True, "timeseries_limit_metric": metric(Metric(plain="sort", sql=chart.sort)) if chart.sort else None,
        "include_search": False, "table_timestamp_format": "%Y-%m-%d %H:%M",
    }  # fmt: skip


def _rows(chart: Chart) -> Json:
    order = [json.dumps([name, direction == "asc"]) for name, direction in chart.order]
    return {
        "query_mode": "raw", "all_columns": list(chart.columns), "order_by_cols": order, "page_length": 25,
        "allow_render_html": True, "show_cell_bars": False, "table_timestamp_format": "%Y-%m-%d %H:%M",
    }  # fmt: skip


def _series(chart: Chart) -> Json:
    return {
        "x_axis": chart.x, "time_grain_sqla": chart.grain, "x_axis_sort_asc": True,
        "metrics": metrics(chart), "groupby": [chart.by] if chart.by else [],
        "annotation_layers": [_threshold(t) for t in chart.thresholds],
        "y_axis_title": str(chart.y_title or ""), "y_axis_title_margin": 45 if chart.y_title else 0,
        "y_axis_title_position": "Left", "color_scheme": PALETTE, "show_legend": True, "legendType": "scroll",
        "legendOrientation": "right" if chart.by else "top", "legendMargin": LEGEND_WIDTH if chart.by else None,
        "rich_tooltip": True, "tooltipTimeFormat": "%Y-%m-%d" if chart.grain != "PT1H" else "%Y-%m-%d %H:%M",
        "x_axis_time_format": "%Y-%m" if chart.grain == "P1M" else "%Y-%m-%d", "truncateYAxis": bool(chart.bounds),
        "y_axis_bounds": list(chart.bounds or (None, None)), "zoomable": False, "truncate_metric": True,
        "y_axis_format": "SMART_NUMBER", "order_desc": True, "comparison_type": "values",
    }  # fmt: skip


def _stacked(chart: Chart) -> Json:
    return _series(chart) | {
        "stack": "Stack",
        "orientation": "vertical",
        "only_total": False,
        "show_value": False,
        "sort_series_type": "name",
        "sort_series_ascending": True,
    }


def _heatmap(chart: Chart) -> Json:
    return {
        "x_axis": chart.x, "groupby": chart.by, "metric": metric(chart.metrics[0]), "sort_x_axis": "alpha_asc",
        "sort_y_axis": "alpha_desc", "normalize_across": "heatmap", "linear_color_scheme": chart.scheme,
        "value_bounds": list(chart.bounds or (None, None)), "show_legend": True, "show_values": True,
        "legend_type": "continuous", "xscale_interval": 1, "yscale_interval": 1, "left_margin": "auto",
        "bottom_margin": "auto", "y_axis_format": ".0f", "show_percentage": False,
        "border_color": {"r": 255, "g": 255, "b": 255, "a": 1},
        "border_width": 1,
    }  # fmt: skip


def _map(chart: Chart) -> Json:
    """Areas coloured by the metric on an empty ground, so that no tile is asked from elsewhere; hovering names them."""
    shown = chart.metrics[0]
    named = [{"item_type": "column", "column_name": column, "verbose_name": ""} for column in chart.columns]
    return {
        "line_column": chart.x, "line_type": "json", "metric": metric(shown), "mapbox_style": "none", "autozoom": True,
        "linear_color_scheme": chart.scheme, "num_buckets": "6", "legend_position": "bl", "legend_format": shown.format,
        "filled": True, "stroked": True, "extruded": False, "opacity": 80, "line_width": 1, "line_width_unit": "pixels",
        "fill_color_picker": {"r": 31, "g": 95, "b": 168, "a": 1}, "stroke_color_picker": {"r": 255, "g": 255, "b": 255, "a": 1},
        "viewport": {"longitude": 119.6, "latitude": 29.9, "zoom": 9, "bearing": 0, "pitch": 0}, "js_columns": [],
        "tooltip_contents": [*named, {"item_type": "metric", "metric_name": shown.label(), "label": shown.label()}],
    }  # fmt: skip


def _threshold(line) -> Json:
    return {
        "annotationType": "FORMULA", "name": str(line.name), "value": f"{line.value:g}", "show": True, "showLabel": True,
        "style": "dashed", "width": 2, "color": line.color, "sourceType": "", "overrides": {"time_range": None},
        "timeColumn": "", "opacity": "", "descriptionColumns": [], "hideLine": False, "showMarkers": False,
        "intervalEndColumn": "", "titleColumn": "",
    }  # fmt: skip
