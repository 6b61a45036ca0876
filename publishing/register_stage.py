"""Stage `register_index`: a new index where a register, or who is withheld, differs from what the one in force is made of."""

import hashlib
import json

from lakehouse import outcomes, tables
from lakehouse.pipeline import Plan, Stage
from publishing import register_index, register_rows
from publishing.serving import state

STAGE, DATASET = "register_index", "registers"


def plan() -> Plan:
    """State of each register table, who is withheld, day of the data; empty = nothing new, or no population register yet."""
    if not tables.exists(register_rows.PERSONS):
        return {}
    wanted = {name: state(name) for name in register_rows.TABLES if tables.exists(name)}
    named = json.dumps(sorted(register_rows.withheld_today())).encode()
    wanted |= {"withheld": hashlib.sha256(named).hexdigest()[:16], "day": register_rows.data_day().isoformat()}
    is_there = register_index.index_file().exists()
    return {} if is_there and outcomes.last_inputs(STAGE, DATASET) == wanted else {"inputs": wanted}


def run(work: Plan) -> None:
    """Write the next version and move the link to it."""
    with outcomes.step(STAGE, DATASET, work["inputs"]) as outcome:
        people, firms, places = register_rows.persons(), register_rows.enterprises(), register_rows.addresses()
        register_index.publish(register_index.last_number() + 1, people, firms, places, register_rows.data_day())
        outcome.rows_out = people.num_rows + firms.num_rows + places.num_rows
        outcome.detail = {"persons": people.num_rows, "enterprises": firms.num_rows, "addresses": places.num_rows}


REGISTER_INDEX = Stage(STAGE, after=("registers",), plan=plan, run=run)
