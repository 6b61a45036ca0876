"""Both languages say everything; a reader gets the language asked for."""

import re
from pathlib import Path

import pytest
from starlette.requests import Request

import portal
from portal.texts import Texts, negotiate, words

DATA_WORDS = (
    "error.",
    "theme.",
    "period.",
    "quality.",
    "release.",
    "feed.",
    "card.",
    "subgroup.",
    "defect.",
    "catcher.",
    "injected.",
    "conflict.",
    "attribute.",
    "type.",
    "class.",
    "event.",
    "cause.",
    "stage.",
    "desk.how.",
    "desk.rule.",
)
TEMPLATES = sorted((Path(portal.__file__).parent / "templates").glob("*.j2"))


def test_both_languages_have_the_same_keys_and_places():
    zh, en = words("zh"), words("en")
    assert set(zh) ^ set(en) == set()
    places = re.compile(r"{(\w+)}")
    assert {k: sorted(places.findall(zh[k])) for k in zh} == {k: sorted(places.findall(en[k])) for k in en}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda p: p.name)
def test_every_text_that_a_template_names_is_there(template):
    named = set(re.findall(r"\bt\('([a-z_.]+)'", template.read_text("utf-8")))
    assert {key for key in named if key not in words("en") and not key.endswith(".")} == set()


def test_every_text_is_used():
    """By its whole key, or (where a key is put together) by its last word in quotes."""
    used = "\n".join(p.read_text("utf-8") for p in [*TEMPLATES, *Path(portal.__file__).parent.rglob("*.py")])
    built = set(re.findall(r"['\"]([a-z_.]+\.)['\"] ~|f\"([a-z_.]+\.){", used))
    families = ("dataset.", *{part for pair in built for part in pair if part})
    unused = {key for key in words("en") if f"'{key}'" not in used and f'"{key}"' not in used}
    quoted = {
        key
        for key in unused
        if key.startswith(families) and re.search(rf"['\"]{key.split('.')[-1].removesuffix('_about')}['\"]", used)
    }
    data_words = {key for key in unused if key.startswith(DATA_WORDS)}
    assert unused - quoted - data_words == set()


def ask(query: str = "", cookie: str = "", accept: str = "") -> str:
    headers = [(b"cookie", cookie.encode()), (b"accept-language", accept.encode())]
    return negotiate(Request({"type": "http", "query_string": query.encode(), "headers": headers}))


@pytest.mark.parametrize(
    ("given", "language"),
    [
        ({}, "zh"),
        ({"accept": "en-GB,en;q=0.9"}, "en"),
        ({"accept": "fr,de;q=0.8"}, "zh"),
        ({"accept": "zh;q=0.3,en;q=0.8"}, "en"),
        ({"accept": "en;q=0"}, "zh"),
        ({"accept": "en;q=x"}, "zh"),
        ({"accept": "zh-CN", "cookie": "lang=en"}, "en"),
        ({"cookie": "lang=en", "query": "lang=zh"}, "zh"),
        ({"query": "lang=../../etc", "accept": "en"}, "en"),
    ],
)
def test_language_by_address_then_cookie_then_header(given, language):
    assert ask(**given) == language


def test_an_unknown_key_is_an_error():
    with pytest.raises(KeyError):
        Texts("en")("no.such.key")
