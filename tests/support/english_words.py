"""English that is left on a page in Chinese: runs of four words outside code, and outside what is marked as English."""

import re
from html.parser import HTMLParser

RUN = re.compile(r"(?:[A-Za-z][A-Za-z'’-]*[,;:]?\s+){3,}[A-Za-z][A-Za-z'’-]*")
VOID = ("br", "hr", "img", "input", "link", "meta")
SPOKEN = ("aria-label", "placeholder", "title", "alt")


class _Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[bool] = []
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in VOID:
            self.open.append(tag in ("code", "pre", "style", "script") or given.get("lang") == "en")
        if not any(self.open):
            self.found += [text for name in SPOKEN if (text := given.get(name))]

    def handle_endtag(self, tag: str) -> None:
        if self.open:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if not any(self.open):
            self.found.append(data)


def english_in(html: str) -> list[str]:
    """The texts of a page that hold such a run."""
    page = _Texts()
    page.feed(html)
    return [" ".join(text.split()) for text in page.found if RUN.search(text)]
