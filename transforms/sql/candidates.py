"""Bronze rows of one source -> candidate rows, as one Spark SQL statement over the view `bronze_rows`."""

from dataclasses import dataclass

from lakehouse import reference
from lakehouse.contracts import Dataset, Source
from lakehouse.contracts.mapping import Measure
from lakehouse.instants import HOURS_AHEAD
from transforms.problems import PROBLEMS
from transforms.readings.candidates import PERIOD_SECONDS
from transforms.sql import expressions as sql


def statement(dataset: Dataset, source: Source) -> str:
    """SELECT giving the dataset's columns, `_problem`, `_as_sent` and the envelope. Long datasets have a pollutant."""
    is_long = any(f.name == "pollutant_code" for f in dataset.fields)
    return _long(source) if is_long else _wide(dataset, source)


def _base(source: Source) -> str:
    """Bronze rows with `_device`, `_period` and, for payloads, `_items` and `_revision`."""
    if source.shape == "items":
        items = "concat(coalesce(_p.items, array()), coalesce(_p.meta.refused_items, array())) as _items"
        record = "_p.device as _device, _p.period as _period, int(coalesce(_p.resent, false)) as _revision"
        return f"select *, {record}, {items} from (select *, {sql.PAYLOAD} as _p from bronze_rows)"
    device = sql.name(source.station.column) if source.station.column else sql.literal(source.station.constant)
    return f"select *, {device} as _device, {sql.literal(source.constants.get('period'))} as _period from bronze_rows"


def _envelope(source: Source) -> str:
    """Columns that every candidate carries; batch rows become available after their interval and the declared delay."""
    delay = int(source.publication_delay_hours * 3600)
    seconds = sql.mapped("coalesce(_period, 'hour')", {p: s + delay for p, s in PERIOD_SECONDS.items()}, "bigint")
    available = "_received_at" if source.kind == "edge" else f"_observed_at + make_dt_interval(0, 0, 0, {seconds})"
    delivery = "cast(null as string)" if source.kind == "edge" else "_delivery_id"
    return (
        f"_record_id, {sql.literal(source.source)} as _source_code, {delivery} as _delivery_id,"
        f" _revision + {source.rank * 1_000_000} as _rank, _data_origin, _received_at, {available} as _available_at,"
        " _observed_at as observed_at"
    )


def _station(source: Source) -> str:
    return sql.mapped("_device", reference.lookup_station(source.station.issuer))


def _problem(condition: str, check: str, what: str, field: str = "") -> str:
    """`check|field|message` where the condition holds, else null."""
    own, words = PROBLEMS[check]
    text = f"translate(coalesce({what}, '(nothing)'), {sql.SEPARATOR}, ' ')"
    told = f"concat({sql.literal(f'{check}|{field or own}|')}, {text}, {sql.literal(f' {words}.')})"
    return f"case when {condition} then {told} end"


def _from_the_future() -> str:
    ahead = f"_observed_at > _received_at + interval {HOURS_AHEAD} hour"
    return _problem(ahead, "not_from_the_future", "date_format(_observed_at, 'yyyy-MM-dd HH:mm')")


def _wide(dataset: Dataset, source: Source) -> str:
    """One row per record; text and unit of each measure are taken out first, so that what follows can name them."""
    measures = {m.becomes: _Measure(column, m, dataset, source) for column, m in source.measures.items()}
    columns = [f"{m.value} as {sql.name(name)}" for name, m in measures.items()]
    unmeasured = [f.name for f in dataset.fields if f.logical_type == "number" and f.name not in measures]
    columns += [f"cast(null as double) as {sql.name(name)}" for name in unmeasured]
    problems = [_problem("station_id is null", "station_registered", "_device")]
    problems += [problem for m in measures.values() for problem in m.problems]
    every = f"nullif(concat_ws({sql.SEPARATOR}, {', '.join([*problems, _from_the_future()])}), '')"
    sent = [f"{m.sent_text} as {m.text}, {m.sent_unit} as {m.unit}" for m in measures.values()]
    return (
        f"select station_id, {', '.join(columns)}, {every} as _problem,"
        f" to_json(array({', '.join(m.text for m in measures.values())})) as _as_sent, cast(0 as int) as _item_no,"
        f" {_envelope(source)} from (select *, {_station(source)} as station_id, {', '.join(sent)} from ({_base(source)}))"
    )


@dataclass(frozen=True)
class _Measure:
    """One wide column: from the declared column of a table, or from the item of a payload with the unit that it names."""

    column: str
    mapping: Measure
    dataset: Dataset
    source: Source

    @property
    def text(self) -> str:
        return sql.name(f"_text {self.mapping.becomes}")

    @property
    def unit(self) -> str:
        return sql.name(f"_unit {self.mapping.becomes}")

    @property
    def _item(self) -> str:
        return f"get(filter(_items, i -> i.code = {sql.literal(self.column)}), 0)"

    @property
    def sent_text(self) -> str:
        return f"{self._item}.value" if self.source.shape == "items" else sql.present(sql.name(self.column), self.source)

    @property
    def sent_unit(self) -> str:
        declared = f"cast({sql.literal(self.mapping.unit)} as string)"
        return sql.unit_code(f"{self._item}.unit", declared) if self.source.shape == "items" else declared

    @property
    def _number(self) -> str:
        if self.mapping.lookup:
            return sql.mapped(self.text, reference.lookup(self.mapping.lookup, "code", "value"), "double")
        return sql.number(self.text)

    @property
    def _in_unit(self) -> tuple[str, str]:
        wanted = self.dataset.field(self.mapping.becomes).unit
        return sql.in_unit(self._number, self.unit, wanted) if wanted and not self.mapping.lookup else (self._number, "false")

    @property
    def value(self) -> str:
        return self._in_unit[0]

    @property
    def problems(self) -> list[str]:
        name, is_sent = self.mapping.becomes, f"{self.text} is not null"
        return [
            _problem(f"{is_sent} and {self._number} is null", "value_is_number", self.text, name),
            _problem(f"{is_sent} and {self._in_unit[1]}", "unit_fits", self.unit, name),
        ]


def _long(source: Source) -> str:
    canonical = reference.lookup("pollutants", "pollutant_code", "unit_code")
    pollutant = sql.mapped("_code", {code: m.becomes for code, m in source.measures.items()})
    declared = sql.mapped("_code", {code: m.unit for code, m in source.measures.items() if m.unit})
    sent = sql.unit_code("_unit", declared)
    value, unfit = _in_canonical_unit(canonical)
    flag = sql.mapped("_flag", reference.lookup("reading_flags", "flag_as_sent", "flag"))
    problems = [
        "concat('item_refused|value|', _refusal)",
        _problem("station_id is null", "station_registered", "_device"),
        _problem("pollutant_code is null", "code_known", "_code"),
        _problem("_as_sent is not null and _number is null", "value_is_number", "_as_sent"),
        _problem(unfit, "unit_fits", "_sent_unit"),
        _from_the_future(),
    ]
    items = (
        f"select *, {_station(source)} as station_id, {pollutant} as pollutant_code, {sent} as _sent_unit,"
        f" {sql.number('_as_sent')} as _number, coalesce({flag}, _flag) as _named_flag from ({_items(source)})"
    )
    priced = f"select *, {sql.mapped('pollutant_code', canonical)} as unit_code from ({items})"
    flagged = (
        "case when _as_sent is null then coalesce(nullif(_named_flag, 'ok'), 'missing') else coalesce(_named_flag, 'ok') end"
    )
    return (
        f"select station_id, pollutant_code, _period as period, {value} as value, unit_code, {flagged} as flag,"
        f" coalesce({', '.join(problems)}) as _problem, _as_sent, _item_no, {_envelope(source)} from ({priced})"
    )


def _items(source: Source) -> str:
    """One row per item: `_item_no`, `_code`, `_as_sent`, `_unit`, `_flag`, `_refusal`."""
    if source.shape == "items":
        exploded = f"select *, posexplode(_items) as (_item_no, _item) from ({_base(source)})"
        kept = f"where _item.code is null or _item.code not in {sql.one_of(source.ignore or ('',))}"
        columns = {"_code": "code", "_as_sent": "value", "_unit": "unit", "_flag": "flag", "_refusal": "reason"}
        return f"select *, {', '.join(f'_item.{own} as {name}' for name, own in columns.items())} from ({exploded}) {kept}"
    pairs = ", ".join(f"{i}, {sql.literal(c)}, {sql.present(sql.name(c), source)}" for i, c in enumerate(source.measures))
    stacked = f"stack({len(source.measures)}, {pairs}) as (_item_no, _code, _as_sent)"
    unsaid = ", ".join(f"cast(null as string) as {name}" for name in ("_unit", "_flag", "_refusal"))
    return f"select *, {stacked}, {unsaid} from ({_base(source)})"


def _in_canonical_unit(canonical: dict[str, str]) -> tuple[str, str]:
    """The number in the unit of its pollutant, and the condition under which the unit as sent does not fit."""
    each = {unit: sql.in_unit("_number", "_sent_unit", unit) for unit in sorted(set(canonical.values()))}
    values = " ".join(f"when {sql.literal(unit)} then {value}" for unit, (value, _) in each.items())
    unfit = " ".join(f"when {sql.literal(unit)} then {unfit}" for unit, (_, unfit) in each.items())
    return f"case unit_code {values} else _number end", f"case unit_code {unfit} else false end"
