"""The pages' words in both languages, and which language a reader gets."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from starlette.requests import Request

from portal.sentences import in_chinese

LANGUAGES = ("zh", "en")
COOKIE = "lang"
FOLDER = Path(__file__).parent / "locales"


@cache
def words(language: str) -> dict[str, str]:
    """`section.key` -> text of one language."""
    return dict(_flat(yaml.safe_load((FOLDER / f"{language}.yaml").read_text("utf-8"))))


def _flat(tree: Mapping[str, Any], above: str = ""):
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", str(value)


class Texts:
    """`t("dataset.rows", rows=12)` -> the text with its places filled. An unknown key is a KeyError."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, key: str, **places: Any) -> str:
        text = words(self.language)[key]
        return text.format(**places) if places else text

    def known(self, key: str, otherwise: str) -> str:
        """The text of a key that data bring along (a stage, an origin), else the given word."""
        return words(self.language).get(key, otherwise)

    def pick(self, zh: str, en: str) -> str:
        return zh if self.language == "zh" else en

    def said(self, sentence: str | None) -> str:
        """A sentence that data bring along; in English where it is not known in the reader's language."""
        return (in_chinese(sentence) if sentence and self.language == "zh" else None) or sentence or ""


def negotiate(request: Request) -> str:
    """`?lang=`, else the cookie, else the first of Accept-Language that is offered, else Chinese."""
    for asked in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if asked in LANGUAGES:
            return asked
    return _accepted(request.headers.get("accept-language", "")) or LANGUAGES[0]


def _accepted(header: str) -> str | None:
    """RFC 9110 12.5.4: the offered language with the highest weight, the earlier one on a tie."""
    weighed = []
    for part in header.split(","):
        tag, _, weight = part.strip().partition(";q=")
        language = tag.split("-")[0].lower()
        if language in LANGUAGES:
            weighed.append((_weight(weight), language))
    best = max(weighed, key=lambda w: w[0], default=(0.0, None))
    return best[1] if best[0] > 0 else None


def _weight(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
