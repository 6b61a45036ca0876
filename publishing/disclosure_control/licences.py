"""The licence of a release follows those of its inputs."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lakehouse.contracts.yaml_file import read
from lakehouse.settings import CHECKOUT
from publishing.disclosure_control.columns import Refused

OWN_LICENCE = "CC-BY-4.0"  # data that the operator itself collects


@dataclass(frozen=True)
class Licence:
    """One licence of contracts/_shared/licences.yaml; `may_become` lists what a derived data set may be released under."""

    id: str
    name_en: str
    name_zh: str
    url: str
    may_become: tuple[str, ...]


@cache
def licences(path: Path = CHECKOUT / "contracts" / "_shared" / "licences.yaml") -> dict[str, Licence]:
    """The known licences, most permissive first."""
    body = read(path)
    return {key: Licence(key, **{**value, "may_become": tuple(value["may_become"])}) for key, value in body.items()}


def combined_licence(subject: str, inputs: Mapping[str, str | None], wanted: str | None = None) -> Licence:
    """The licence `wanted` by the contract, else the most permissive one, that every input allows.

    `inputs`: name of the input -> its licence id. Raises Refused without inputs, and when one states no licence, an
    unknown one or one that allows no release, or when no licence suits all.
    """
    known = licences()
    if not inputs:
        raise Refused(f"{subject}: no input of it has landed, so its licence is unknown; run `lake run` on the sources first.")
    for name, licence in inputs.items():
        _check_input(subject, name, licence, known)
    for candidate in (c for c in known.values() if wanted in (None, c.id)):
        if all(candidate.id in known[licence].may_become for licence in inputs.values() if licence):
            return candidate
    asked = f"{wanted}, which its contract asks for, does not suit" if wanted else "no licence suits"
    mix = ", ".join(f"{name} ({licence})" for name, licence in sorted(inputs.items()))
    raise Refused(f"{subject}: {asked} this mix of inputs: {mix}; release them apart.")


def _check_input(subject: str, name: str, licence: str | None, known: Mapping[str, Licence]) -> None:
    if not licence:
        raise Refused(
            f"{subject}: input {name} states no licence, so nothing made of it may leave; add `licence` to its source file."
        )
    if licence not in known:
        raise Refused(
            f"{subject}: input {name} is under {licence}, which contracts/_shared/licences.yaml does not know; add it there."
        )
    if not known[licence].may_become:
        raise Refused(f"{subject}: input {name} is under {licence}, which allows no open release; leave that input out.")
