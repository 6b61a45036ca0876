"""JSON whose numbers stay as they were written: 12.20 is not 12.2."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from edge_collectors.protocols.refused import Refused

RULE = "RFC 8259"
_MEND = "mend the publisher's message"


class Number(str):
    """Text of a JSON number, to be told from a JSON string that looks like one."""

    __slots__ = ()


def read_json(payload: bytes) -> Any:
    """Value of a JSON text in UTF-8; raises Refused (`encoding`, `json`)."""
    try:
        text = payload.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        what = f"Byte 0x{payload[error.start]:02X} at offset {error.start} is not UTF-8"
        raise Refused("encoding", what, RULE, "send JSON in UTF-8") from None
    try:
        content = json.loads(
            text,
            parse_float=Number,
            parse_int=Number,
            parse_constant=_refuse_constant,
            object_pairs_hook=_object,
        )
        if "\\ud" in text.lower():
            json.dumps(content, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        what = "An escape \\ud800 to \\udfff stands without its other half"
        raise Refused("encoding", what, RULE, _MEND) from None
    except json.JSONDecodeError as error:
        what = f"The payload is no JSON at line {error.lineno} column {error.colno}: {error.msg}"
        raise Refused("json", what, RULE, _MEND) from None
    except RecursionError:
        raise Refused("json", "The payload is nested too deeply", RULE, _MEND) from None
    return content


def _refuse_constant(name: str) -> None:
    raise Refused("json", f"{name} is no JSON number", RULE, "send null for a missing value")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise Refused("json", f"The name {twice[:40]!r} stands twice in one object", RULE, _MEND)
    return found
