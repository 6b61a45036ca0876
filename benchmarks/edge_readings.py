"""Generated bronze of HJ 212 stations, as the edge lands it: one JSON payload document a row, files in arrival order.

Three stations report ten pollutants and two weather items every 30 seconds, some also by ten minutes and by hour. Among
them: late and corrected packets, other units, calibration and gaps, and every kind of reading that is held. The same
seed gives the same rows.
"""

import sys
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.measure import leave
from lakehouse import tables
from lakehouse.contracts.derive.schema import TIMESTAMP

SOURCE = "environment__air_quality__hj212"
DEVICES = ["010000A8900016F000169DC0", "71F05F8B70C6F47C16AE59E7", "D4924B7B5102A3E838658277"]
POLLUTANTS = ["a34004", "a34002", "a34005", "a34001", "a21026", "a21004", "a21003", "a21002", "a21005", "a05024"]
WEATHER = ["a01001", "a01002"]
EVERY_S, SEED = 30, 1
PACKETS_A_FILE = 100_000  # about the 32 MB to which landing joins its small files
START = datetime(2024, 1, 20, tzinfo=UTC)
LATE_PACKETS = 3 * 86_400 // EVERY_S * len(DEVICES)  # a late packet comes up to three days late
COMMANDS = {"rtd": "2011", "minute": "2051", "hour": "2061"}

Chance = np.random.Generator


def land(readings: int, packets_a_file: int = PACKETS_A_FILE) -> None:
    """Write bronze of about that many readings (ten a packet) to the lake of this process, one commit a file."""
    packets = readings // len(POLLUTANTS)
    chance = np.random.default_rng(SEED)
    order = np.arange(packets)
    arrival = order + np.where(chance.random(packets) < 0.01, chance.integers(1, LATE_PACKETS, packets), 0)
    for number, part in enumerate(np.array_split(np.argsort(arrival, kind="stable"), -(-packets // packets_a_file))):
        rows = bronze(part, arrival[part], np.random.default_rng([SEED, number]))
        tables.append(f"bronze.{SOURCE}", rows)


def bronze(order: np.ndarray, arrival: np.ndarray, chance: Chance) -> pa.Table:
    """Bronze rows of the packets numbered `order` that arrive as numbers `arrival`."""
    count, stations = len(order), len(DEVICES)
    again = chance.random(count) < 0.02  # speaks of an earlier time once more, half of them marked as resent
    tick = np.maximum(order // stations - np.where(again, chance.integers(1, 6, count), 0), 0)
    at = order % stations
    is_hour, is_minute = (at == 2) & (tick % 120 == 0), (at >= 1) & (tick % 20 == 0)
    period = chosen(np.where(is_hour, 2, np.where(is_minute, 1, 0)), list(COMMANDS))
    second = int(START.timestamp()) + tick * EVERY_S
    received = int(START.timestamp()) + arrival // stations * EVERY_S + 2
    observed = np.where(chance.random(count) < 0.0002, received + 7200, second)  # a clock two hours ahead
    head = [chosen(np.where(chance.random(count) < 0.0002, stations, at), [*DEVICES, "000000000000000000000000"]), period]
    payload, raw = documents(instants(observed), *head, pa.array(again & (chance.random(count) < 0.5)), chance)
    return pa.table({
        "_record_id": record_ids(payload, arrival), "_source_code": pa.repeat(SOURCE, count),
        "_stream_id": pa.repeat("generated", count), "_seq_no": pa.array(arrival), "_segment": pa.array(arrival // 10_000),
        "_observed_at": instants(observed), "_received_at": instants(received), "_ingested_at": instants(received + 5),
        "_contract_version": pa.repeat("1.0.0", count), "_data_origin": pa.repeat("synthetic", count),
        "payload": payload, "raw": raw,
    })  # fmt: skip


def documents(observed: pa.Array, device: pa.Array, period: pa.Array, resent: pa.Array, chance: Chance):
    """Payload documents, and the packets as the stations sent them."""
    items, groups = zip(*(item(code, values, chance) for code, values in concentrations(len(observed), chance)), strict=True)
    when = pc.strftime(pc.cast(observed, pa.timestamp("s", "UTC")), "%Y-%m-%dT%H:%M:%SZ")
    sent = pc.strftime(pc.cast(observed, pa.timestamp("s", "Asia/Shanghai")), "%Y%m%d%H%M%S")
    command = chosen(pc.index_in(period, pa.array(list(COMMANDS))).to_numpy(), list(COMMANDS.values()))
    payload = text(
        '{"protocol":"hj212","device":"', device, '","observed_at":"', when, '","period":"', period, '","resent":',
        pc.if_else(resent, "true", "false"), ',"items":[', pc.binary_join_element_wise(*items, ","), '],"location":null,',
        '"meta":{"version":"2017","st":"22","cn":"', command, '","qn":"', sent, '000","flag":"5","parts":1,"encrypted":false,',
        '"data_time":"', sent, '","zone":"Asia/Shanghai","zone_assumed":true}}',
    )  # fmt: skip
    cells = pc.binary_join_element_wise(*groups, ";")
    head = text("##0500QN=", sent, "000;ST=22;CN=", command, ";PW=123456;MN=", device, ";CP=&&DataTime=", sent, ";")
    return payload, text(head, cells, "&&0000")


def concentrations(count: int, chance: Chance) -> list[tuple[str, np.ndarray]]:
    """Values to one decimal of each item of the packets; PM10 is PM2.5 and more, except for one packet in twenty."""
    fine = np.where(chance.random(count) < 0.001, 999.0, chance.gamma(2, 20, count))
    coarse = fine * np.where(chance.random(count) < 0.05, 0.9, 1.5)
    others = [(code, chance.gamma(2, 20, count)) for code in [*POLLUTANTS[2:], *WEATHER]]
    return [(code, np.round(values, 1)) for code, values in [("a34004", fine), ("a34002", coarse), *others]]


def item(code: str, values: np.ndarray, chance: Chance) -> tuple[pa.Array, pa.Array]:
    """One item of each packet as JSON and as HJ 212; one in a few thousand breaks a rule."""
    dice = chance.random(len(values))
    kinds = {"": 0.0004, "12a": 0.0004, "-5.0": 0.0004, "12000": 0.0004}  # gap, no number, negative, impossible
    value = chosen(np.searchsorted(np.cumsum(list(kinds.values())), dice), [*kinds, None])
    value = pc.coalesce(value, pc.cast(pa.array(values), pa.string()))
    is_gap = pc.equal(value, "")
    flag = chosen(np.searchsorted([0.002, 0.0022], chance.random(len(values))), ["C", "Q", "N"])
    flag = pc.if_else(is_gap, "D", flag)
    unit = chosen(np.searchsorted([0.005, 0.0052], chance.random(len(values))), ['"GQ"', '"Cel"', "null"])
    name = chosen(np.searchsorted([0.0002], chance.random(len(values))), ["zz9", code])
    said = pc.if_else(is_gap, "null", text('"', value, '"'))
    return text('{"code":"', name, '","value":', said, ',"unit":', unit, ',"flag":"', flag, '"}'), text(
        name, "-Rtd=", value, ",", name, "-Flag=", flag
    )


def record_ids(payload: pa.Array, arrival: np.ndarray) -> pa.Array:
    """32 hexadecimal digits that name a packet."""
    import duckdb

    with duckdb.connect() as db:
        db.register("sent", pa.table({"payload": payload, "seq": pa.array(arrival)}))
        return db.sql("select md5(seq || payload) as id from sent").to_arrow_table()["id"].combine_chunks()


def instants(seconds: np.ndarray) -> pa.Array:
    return pa.array(seconds * 1_000_000).cast(TIMESTAMP)


def chosen(which: np.ndarray, words: list[str | None]) -> pa.Array:
    return pa.array(words, pa.string()).take(pa.array(which))


def text(*pieces: pa.Array | str) -> pa.Array:
    return pc.binary_join_element_wise(*pieces, "")


if __name__ == "__main__":
    land(int(sys.argv[1]))
    leave()
