"""Sentences that data bring along (rules of contracts, answers to a delivery, checks, cards of models), in Chinese.

The English sentence is the key (`locales/sentences/*.yaml`), as in gettext. A place in braces takes whatever stands there, `{n}`
and `{m}` a number. What stands there is put into Chinese, too: a sentence, a column's English name, or what `parts.yaml` has.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import yaml

from lakehouse.contracts import contracts

FOLDER = Path(__file__).parent / "locales" / "sentences"
PLACE = re.compile(r"\{(\w+)\}")
PARTS = "parts.yaml"
NUMBERS = {"n": r"[\d,.]+", "m": r"[\d,.]+"}
END = re.compile(r"(?<=\.) ")
LONGEST = 4000
"""Characters; a longer text stays as it is."""


@dataclass(frozen=True)
class Template:
    """A text with places: what it looks like in English, and its Chinese form."""

    pattern: re.Pattern[str]
    chinese: str

    def fill(self, text: str) -> str | None:
        found = self.pattern.fullmatch(text)
        if found is None:
            return None
        return PLACE.sub(lambda place: _part(found[place[1]]), self.chinese)


@dataclass(frozen=True)
class Phrases:
    """English -> Chinese; of those with places, the ones that say most in their own words come first."""

    plain: dict[str, str]
    templates: tuple[Template, ...]

    def find(self, text: str) -> str | None:
        filled = (template.fill(text) for template in self.templates)
        return self.plain.get(text) or next((one for one in filled if one), None)


@lru_cache(maxsize=4096)
def in_chinese(text: str) -> str | None:
    """The Chinese form of a sentence or of several one behind another; None for one that is not known."""
    if len(text) > LONGEST:
        return None
    return next(_in_two(text), None) or sentences().find(text)


def _in_two(text: str) -> Iterator[str]:
    """Behind the end of each sentence: the first one and the rest, where both are known."""
    for end in END.finditer(text):
        first = sentences().find(text[: end.start()])
        rest = first and in_chinese(text[end.end() :])
        if rest:
            yield f"{first}{rest}"


def _part(text: str) -> str:
    """What stands in a place."""
    return in_chinese(text) or parts().find(text) or text


@cache
def sentences() -> Phrases:
    return _phrases(read(file) for file in sorted(FOLDER.glob("*.yaml")) if file.name != PARTS)


@cache
def parts() -> Phrases:
    names = {field.name_en: field.name_zh for dataset in contracts().datasets.values() for field in dataset.fields}
    return _phrases([names, read(FOLDER / PARTS)])


def read(file: Path) -> dict[str, str]:
    return yaml.safe_load(file.read_text("utf-8"))


def _phrases(files: Iterable[dict[str, str]]) -> Phrases:
    known = {english: chinese for file in files for english, chinese in file.items()}
    order = sorted(filter(PLACE.search, known), key=lambda english: -len(PLACE.sub("", english)))
    return Phrases(known, tuple(Template(_pattern(english), known[english]) for english in order))


def _pattern(english: str) -> re.Pattern[str]:
    pieces = PLACE.split(english)
    places = [f"(?P<{piece}>{NUMBERS.get(piece, '.+?')})" if n % 2 else re.escape(piece) for n, piece in enumerate(pieces)]
    return re.compile("".join(places), re.DOTALL)
