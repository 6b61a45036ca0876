"""YAML files of contracts as mappings; what is wrong with one is said with its file and place."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from lakehouse.settings import CHECKOUT

M = TypeVar("M", bound=BaseModel)
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class ContractError(ValueError):
    """A contract or mapping file breaks a rule; the message names file, place, rule and mend."""


def read(path: Path) -> dict[str, Any]:
    """The mapping at the top of the file. Raises ContractError: not UTF-8, not YAML, no mapping."""
    try:
        body = yaml.load(path.read_text("utf-8"), LOADER)
    except UnicodeDecodeError as error:
        raise ContractError(f"{place(path)}: byte {error.start} is not UTF-8; save the file as UTF-8.") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "the YAML"
        raise ContractError(f"{place(path)}: {where}: {error.problem}; mend the YAML.") from error
    if not isinstance(body, dict):
        raise ContractError(f"{place(path)}: the file holds no mapping of names to values; start from the template.")
    return body


def as_model(path: Path, model: type[M]) -> M:
    """The file as a model of its form. Raises ContractError as `read`, and where the form is not kept."""
    body = read(path)
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise ContractError(f"{place(path)}: {first_problem(error, body)}; mend it there.") from error


def place(path: Path) -> str:
    """The file as people call it: relative to the checkout where it lies in it."""
    return str(path.relative_to(CHECKOUT)) if path.is_relative_to(CHECKOUT) else str(path)


def first_problem(error: ValidationError, body: Any) -> str:
    """`where: what` of the first problem that a model found in the body."""
    first = error.errors()[0]
    said = "there is no such setting" if first["type"] == "extra_forbidden" else first["msg"].removeprefix("Value error, ")
    return f"{named(body, first['loc'])}: {said}"


def named(node: Any, steps: Iterable[int | str]) -> str:
    """The place that the steps lead to; an item of a list is called by its name."""
    words: list[str] = []
    for step in steps:
        node = _inside(node, step)
        has_name = isinstance(step, int) and isinstance(node, dict) and "name" in node
        words.append(str(node["name"] if has_name else step))
    return ".".join(words) or "top level"


def _inside(node: Any, step: int | str) -> Any:
    try:
        return node[step]
    except (KeyError, IndexError, TypeError):
        return None
