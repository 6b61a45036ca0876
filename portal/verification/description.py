"""The calls of the verification service as OpenAPI paths: which statement takes which arguments, for which purposes.

Made from the rules (contracts/rules/verification.yaml) and the arguments that the statements read; no register is looked at.
"""

from typing import Any

from portal.verification.api import ROOT
from portal.verification.purposes import Statement, rules
from portal.verification.service import COMPARED, NUMBER
from portal.verification.statements import NUMBER_FORM, TAKES

_NUMBER = {
    "type": "string",
    "pattern": f"^({NUMBER_FORM.pattern})$",
    "description": "Citizen number (GB 11643), 18 characters, or 15 digits of the former form.",
}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "citizen_no": _NUMBER,
    "other_citizen_no": _NUMBER,
    "name": {"type": "string", "description": "Full name of the person."},
    "date": {"type": "string", "format": "date", "description": "A day; of one after `data_as_of` the answer is `unknown`."},
    "years": {"type": "string", "pattern": "^[0-9]{1,3}$", "description": "Whole years of age, up to 150."},
    "uscc": {"type": "string", "description": "Unified social credit code (GB 32100)."},
    "address": {"type": "string", "description": "The whole address as the registers write it."},
    "birth_date": {"type": "string", "format": "date"},
    "sex_code": {"type": "string", "description": "GB/T 2261.1: 1 male, 2 female."},
}
MEANS: dict[Statement, str] = {
    "number_name_match": "The person of the number has this name.",
    "alive_on": "The person was born by that day and had not died before it.",
    "resident_of_county": "The person is a usual resident of the county.",
    "same_household": "Both persons belong to one household.",
    "age_at_least": "The person is at least so old.",
    "enrolled": "The person is enrolled.",
    "enterprise_active": "The enterprise is in business.",
    "legal_representative": "The person is the legal representative of the enterprise.",
    "address_exists": "The registers have the address.",
}


def paths(problem: dict[str, Any]) -> dict[str, Any]:
    """`verify`, `compare` and `lookup`; `problem` describes the answer to a call that is refused."""
    words = {"type": "string", "enum": ["yes", "no", "unknown"]}
    agreement = {"type": "string", "enum": ["agree", "disagree", "missing"]}
    rows = {"type": "array", "items": _object(COMPARED, dict.fromkeys(COMPARED, agreement))}
    profile = {"type": ["object", "null"], "description": "Masked; null for who is absent or withheld."}
    return {
        f"{ROOT}/verify": _call("verify", "Is a statement true by the registers?", _verify(), {"answer": words}, problem),
        f"{ROOT}/compare": _call(
            "compare", "Which fields of rows agree with the registers?", _compare(), {"rows": rows}, problem
        ),
        f"{ROOT}/lookup": _call("lookup", "The masked profile of a number", _lookup(), {"profile": profile}, problem),
    }


def _verify() -> dict[str, Any]:
    """One form of the call for each statement: its arguments, and the purposes that may ask it."""
    return {"oneOf": [_statement(statement) for statement in TAKES]}


def _statement(statement: Statement) -> dict[str, Any]:
    asking = [code for code, purpose in rules().purposes.items() if statement in purpose.statements]
    arguments = _object(TAKES[statement], {name: ARGUMENTS[name] for name in TAKES[statement]})
    taken = {"purpose": _purposes(asking), "statement": {"const": statement}, "arguments": arguments}
    return {"title": statement, "description": MEANS[statement], **_object(taken, taken)}


def _compare() -> dict[str, Any]:
    row = _object((NUMBER,), {name: ARGUMENTS[name] for name in (NUMBER, *COMPARED)})
    rows = {"type": "array", "minItems": 1, "maxItems": rules().limits.compared_rows, "items": row}
    taken = {"purpose": _purposes(list(rules().purposes)), "rows": rows}
    return _object(taken, taken)


def _lookup() -> dict[str, Any]:
    opening = [code for code, purpose in rules().purposes.items() if purpose.lookup]
    taken = {"purpose": _purposes(opening), "arguments": _object((NUMBER,), {NUMBER: ARGUMENTS[NUMBER]})}
    return _object(taken, taken)


def _purposes(codes: list[str]) -> dict[str, Any]:
    told = (f"{code}: {rules().purposes[code].name_en}, of {', '.join(rules().purposes[code].departments)}" for code in codes)
    return {"type": "string", "enum": codes, "description": f"{'; '.join(told)}."}


def _object(required: Any, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": properties, "additionalProperties": False}


def _call(name: str, summary: str, body: dict[str, Any], answer: dict[str, Any], problem: dict[str, Any]) -> dict[str, Any]:
    texts = ("receipt", "at", "caller", "action", "purpose", "statement", "data_as_of", "signature")
    told = {text: {"type": "string"} for text in texts} | answer
    answered = {"description": "The signed answer.", "content": {"application/json": {"schema": _object(told, told)}}}
    return {
        "post": {
            "operationId": f"verification_{name}",
            "summary": summary,
            "description": "For officers; the purpose must be one of their department's. Every call is logged.",
            "security": [{"key": []}],
            "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
            "responses": {"200": answered, **dict.fromkeys(("401", "403", "422", "429", "503"), problem)},
        }
    }
