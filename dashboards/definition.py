"""The definition files (definitions/*.yaml) as checked values: datasets, dashboards, their charts and filters."""

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

FOLDER = Path(__file__).parent / "definitions"


class DefinitionError(ValueError):
    """A definition file breaks a rule; the message names file, place and mend."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(_Strict):
    """A text in both languages; shown together."""

    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.zh} {self.en}"


class Dataset(_Strict):
    """A query over the serving file that charts ask.

    reads: the tables in it, in the order in which their contracts' column labels are looked up; uses: fragments it
    starts with; labels: of columns that no contract names; open: may be shown to everybody.
    """

    title: Text
    open: bool = False
    reads: tuple[str, ...]
    uses: tuple[str, ...] = ()
    time: str | None = None
    labels: dict[str, Text] = {}
    sql: str


class Metric(_Strict):
    """A figure: SQL that aggregates, and its name in the legend or head of a column."""

    name: Text | None = None
    sql: str
    plain: str | None = Field(None, description="Name without translation, where Superset reads a meaning into it.")
    format: str = "SMART_NUMBER"

    def label(self) -> str:
        return self.plain or str(self.name)


class Threshold(_Strict):
    """A dashed line at a value, named in the legend."""

    name: Text
    value: float
    color: str


class Tile(_Strict):
    """A big figure with a coloured badge: SQL that aggregates, each giving text (see `markup.tile`).

    Either `badge`, `color` and `ink` (text colour) are given, or `judged` and `better`: the figure to be compared
    with the columns target and amber_limit (`more` or `less` is better), or to be zero (`none`).
    """

    value: str
    unit: str
    note: str
    badge: str | None = None
    color: str | None = None
    ink: str | None = None
    judged: str | None = None
    better: Literal["more", "less", "none"] | None = None

    @model_validator(mode="after")
    def badge_or_judged(self):
        if (self.badge, self.color, self.ink).count(None) not in (0, 3) or (self.badge is None) != (self.judged is not None):
            raise ValueError("give either badge, color and ink, or judged and better")
        return self


class Chart(_Strict):
    """One chart. `x` is the axis column (of a map: the GeoJSON of the areas), `by` splits into series, `where` narrows (SQL over
    the dataset's columns)."""

    title: Text
    about: Text | None = None
    dataset: str
    kind: Literal["tile", "html", "line", "bar", "heatmap", "map", "table", "rows"]
    metrics: tuple[Metric, ...] = ()
    tile: Tile | None = None
    columns: tuple[str, ...] = ()
    x: str | None = None
    by: str | None = None
    grain: Literal["P1D", "P1M", "PT1H"] | None = None
    where: str | None = None
    order: tuple[tuple[str, Literal["asc", "desc"]], ...] = ()
    sort: str | None = Field(None, description="Table: SQL that aggregates, largest first.")
    limit: int = 10_000
    thresholds: tuple[Threshold, ...] = ()
    y_title: Text | None = None
    scheme: str | None = None
    bounds: tuple[float, float] | None = None


class Filter(_Strict):
    """A control that narrows the charts, except those named in `spares`."""

    title: Text
    kind: Literal["select", "time"]
    dataset: str | None = None
    column: str | None = None
    spares: tuple[str, ...] = ()


class Cell(_Strict):
    """A place in a row: a chart of the dashboard or a text (Markdown), `width` of twelve columns."""

    chart: str | None = None
    text: str | None = None
    width: int = Field(ge=1, le=12)


class Row(_Strict):
    """Height in Superset's grid units (8 px)."""

    height: int
    cells: tuple[Cell, ...]


class Dashboard(_Strict):
    """One page: its rows of cells, the charts they show, and filters."""

    slug: str
    title: Text
    css: str = ""
    colors: dict[str, str] = {}
    filters: tuple[Filter, ...] = ()
    rows: tuple[Row, ...]
    charts: dict[str, Chart]


def load_datasets(folder: Path = FOLDER) -> dict[str, Dataset]:
    """Datasets by name, each with its fragments written out before its query. Raises DefinitionError."""
    body = _read(folder / "datasets.yaml")
    made = {name: _checked(Dataset, raw, f"datasets.yaml: {name}") for name, raw in body["datasets"].items()}
    return {name: _whole(name, dataset, body["fragments"]) for name, dataset in made.items()}


def _whole(name: str, dataset: Dataset, fragments: dict[str, str]) -> Dataset:
    if unknown := set(dataset.uses) - fragments.keys():
        raise DefinitionError(f"datasets.yaml: {name}: no fragment {', '.join(sorted(unknown))}; mend `uses`.")
    named = ",\n".join(f"{part} as (\n{fragments[part].rstrip()}\n)" for part in dataset.uses)
    return dataset.model_copy(update={"sql": f"with {named}\n{dataset.sql}"}) if named else dataset


def load_dashboards(folder: Path = FOLDER) -> list[Dashboard]:
    """All dashboards, by file name. Raises DefinitionError, also for a cell whose chart is not defined."""
    files = sorted(f for f in folder.glob("*.yaml") if f.name != "datasets.yaml")
    style = (folder / "page.css").read_text("utf-8")
    boards = [_checked(Dashboard, {"css": style, **_read(file)}, file.name) for file in files]
    for file, board in zip(files, boards, strict=True):
        placed = {cell.chart for row in board.rows for cell in row.cells if cell.chart}
        if placed != set(board.charts):
            odd = ", ".join(sorted(placed ^ set(board.charts)))
            raise DefinitionError(f"{file.name}: {odd}: each chart must be defined once and placed in one row.")
    return boards


def _read(file: Path) -> dict:
    return yaml.safe_load(file.read_text("utf-8"))


def _checked(model: type[_Strict], raw: dict, place: str):
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        found = error.errors()[0]
        where, fault = ".".join(str(p) for p in found["loc"]), found["msg"].removeprefix("Value error, ")
        raise DefinitionError(f"{place}: {where}: {fault}.") from error
