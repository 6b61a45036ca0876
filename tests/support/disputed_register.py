"""A population register of three persons written by hand, for tests of what a steward sees and decides."""

from datetime import date

import pyarrow as pa

from lakehouse import tables, vault
from transforms.entity_resolution import identity_log, saving
from transforms.entity_resolution.survivorship import CONFLICTS

LI, WANG, OTHER = "PAAAAAAAAAAAAAAA", "PBBBBBBBBBBBBBBB", "PCCCCCCCCCCCCCCC"
NUMBER, NAMES = "990122198403160025", {LI: "李霞", WANG: "李暇", OTHER: "王国"}
OPENING, CLOSE = date(2014, 12, 1), date(2014, 12, 31)
RESIDENTS, INSURED = "population__residents__psb_residents_full", "population__social_insurance__hsa_insurance"
RECORDS = {"r1#self": (LI, RESIDENTS), "r2#self": (WANG, INSURED), "r3#self": (OTHER, INSURED), "r4#self": (OTHER, INSURED)}


def token(kind: str, value: str) -> str:
    return vault.tokens(kind, pa.array([value]))[0].as_py()


def put(dataset: str, rows: list[dict]) -> None:
    tables.replace(f"silver.{dataset}", pa.Table.from_pylist(rows, saving.schema_of(dataset)))


def write() -> None:
    """Its tables. Li and Wang stand under one number and look alike; the birth date of Wang is disputed."""
    minted = [identity_log.row("MINT", e, [], [e], f"r{n}#self", "first_record", "", CLOSE) for n, e in enumerate(NAMES, 1)]
    identity_log.append("persons", identity_log.numbered(minted, 0))
    number = token("citizen_no", NUMBER)
    name = {e: token("person_name", n) for e, n in NAMES.items()}
    known = {"citizen_no": number, "birth_date": date(1984, 3, 16), "valid_from": CLOSE}
    put("entity__persons", [known | {"person_id": e, "name": name[e]} for e in NAMES])
    told = {"role": "self", "match_probability": 1.0, "method": "exact", "valid_from": CLOSE}
    put("xref__persons", [told | {"mention_id": m, "entity_id": e, "source_code": s} for m, (e, s) in RECORDS.items()])
    put("mentions__persons", [
        {"mention_id": m, "role": "self", "source_code": s, "as_of": CLOSE, "citizen_no": number, "is_number_valid": True,
         "name": name[e], "birth_date": date(1984, 3, 16)} for m, (e, s) in RECORDS.items()
    ])  # fmt: skip
    put("match_pairs__persons", [
        {"left_id": "r1#self", "right_id": "r2#self", "method": "probabilistic", "match_probability": 0.95, "rule_version": "1",
         "is_linked": False, "is_review": True, "scored_on": CLOSE, "left_entity_id": LI, "right_entity_id": WANG},
    ])  # fmt: skip
    shared = {"attribute": "citizen_no", "kind": "shared_number", "value": number, "is_chosen": False, "is_open": True}
    disputed = {"entity_id": WANG, "attribute": "birth_date", "kind": "values", "rule": "open", "is_open": True, "rank": 20}
    tables.replace("silver.conflict__persons", pa.Table.from_pylist([
        shared | {"entity_id": LI, "mention_id": "r1#self", "other_entity_id": WANG, "source_code": RESIDENTS, "as_of": OPENING},
        shared | {"entity_id": WANG, "mention_id": "r2#self", "other_entity_id": LI, "source_code": INSURED, "as_of": CLOSE},
        disputed | {"mention_id": "r2#self", "source_code": INSURED, "value": "1984-03-16", "as_of": CLOSE, "is_chosen": False},
        disputed | {"mention_id": "r9#self", "source_code": INSURED, "value": "1948-03-16", "as_of": OPENING, "is_chosen": False},
    ], CONFLICTS))  # fmt: skip
