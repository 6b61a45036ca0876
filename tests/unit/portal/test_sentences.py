"""Sentences that data bring along are known in Chinese: rules, sources, columns, answers to deliveries."""

import ast
import re
from pathlib import Path

import pytest

import ingestion.batch
from lakehouse.contracts import contracts
from portal.pages.dictionary import kind_of
from portal.sentences import PLACE, in_chinese, parts, sentences
from portal.source_names import source_label
from publishing.exporters import texts
from quality.held_rows import CONFORMANCE

ENGLISH = re.compile(r"(?:[A-Za-z][A-Za-z'’-]*[,;:]?\s+){3,}[A-Za-z]")
"""Four words of English in a row."""


def of_contracts() -> list[str]:
    known = contracts()
    datasets = known.datasets.values()
    rules = [rule.description for dataset in datasets for rule in dataset.rules]
    columns = [f.description for d in datasets for f in d.fields if f.name in d.publish]
    return [*rules, *columns, *CONFORMANCE.values(), *(source.description for source in known.sources.values())]


def test_what_contracts_say_is_known():
    told = {english: in_chinese(english) for english in of_contracts()}
    assert len(told) > 400
    assert {english for english, chinese in told.items() if chinese is None or ENGLISH.search(chinese)} == set()


HEARD = ["extract", "envelope", "land", "misread", "personal", "raw_file", "rivals", "record_rivals", "day_numbers", "answers"]
"""Modules that answer a delivery, beside the readers; `raw_file` also serves commands."""
NOT_HEARD = re.compile(
    r"\b(select|cast|pragma)\b|delivery_id|changed while|there is no source|restore its mapping|has expired|Nothing of it"
)
"""SQL, and sentences of commands."""


def texts_of_code() -> set[str]:
    """Literals of at least four words in these modules, docstrings left out, `{}` where a value is filled in."""
    folder = Path(ingestion.batch.__file__).parent
    files = [*(folder / f"{name}.py" for name in HEARD), *(folder / "readers").glob("*.py")]
    nodes = [
        n
        for file in files
        for one in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(one, SAYING)
        for n in ast.walk(one)
    ]
    texts = {
        "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in n.values)
        for n in nodes
        if isinstance(n, ast.JoinedStr)
    }
    return {
        text
        for text in texts | {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
        if ENGLISH.search(text) and not NOT_HEARD.search(text)
    }


SAYING = (ast.Raise, ast.Yield, ast.Return, ast.Assign)


def test_what_is_said_of_deliveries_is_known():
    known = [PLACE.sub("{}", english) for phrases in (sentences(), parts()) for english in phrases.plain]
    pieces = {text: [p.strip() for p in text.split("{}") if ENGLISH.search(p)] for text in texts_of_code()}
    assert len(pieces) > 40
    assert {text for text, own in pieces.items() if not all(any(piece in one for one in known) for piece in own)} == set()


@pytest.mark.parametrize("phrases", [sentences(), parts()], ids=["sentences", "parts"])
def test_chinese_fills_no_place_that_the_english_has_not(phrases):
    strange = {en for en, zh in phrases.plain.items() if set(PLACE.findall(zh)) - set(PLACE.findall(en))}
    assert strange == set()


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("The status is none of the list.", "状态不在代码表内。"),
        ("Relative humidity must be at least 0 and at most 100 %.", "相对湿度应在 0 至 100 % 之间。"),
        (
            "The file holds a header and no rows. Empty rows left out: 3.",
            "文件只有表头，没有数据行。已略去空行 3 行。",
        ),
        (
            "12 rows would be held by status_known on status: The status is none of the list. In the file: row 3, 4 and 10 more.",
            "12 行将被暂存（status，规则 status_known）：状态不在代码表内。文件行号：3、4 等，另有 10 行。",
        ),
        ("a.csv: would be refused. The list of records is empty.", "a.csv：将被退回。记录列表为空。"),
        ("Nobody ever wrote this sentence before.", None),
        ("", None),
    ],
)  # fmt: skip
def test_a_sentence_in_chinese(english, chinese):
    assert in_chinese(english) == chinese


@pytest.mark.parametrize("language", ["zh", "en"])
def test_sources_can_be_told_apart(language):
    taking = [s.source for s in contracts().sources.values() if s.takes_files]
    labels = [source_label(source, language) for source in taking]
    assert len(set(labels)) == len(labels)


def test_a_source_is_named_by_dataset_department_and_file():
    assert source_label("population__residents__psb_residents_full", "zh") == "户籍人口（公安局 psb_residents_full）"
    assert source_label("population__deaths__ca_cremations", "en").endswith("(Civil Affairs Bureau, ca_cremations)")
    assert source_label("no_such__source", "en") == "no_such__source"


def test_what_the_dictionary_says_is_known():
    held = [dataset for dataset in contracts().datasets.values() if kind_of(dataset)]
    told = [f.description for dataset in held for f in dataset.fields]
    told += [dataset.description for dataset in held if "zh" not in texts(dataset)["description"]]
    assert {text for text in told if (chinese := in_chinese(text)) is None or ENGLISH.search(chinese)} == set()
