"""Regular expressions of row rules, written for RE2, as Java's engine reads them."""

import re

_END = re.compile(r"\[[^\]]*\]|\$")


def in_java(pattern: str) -> str:
    """The same pattern for Java: there `$` would also stand before a line break at the end of the text, `\\z` does not.

    The pattern holds no backslash; within brackets `$` is a character like others.
    """
    return _END.sub(lambda found: r"\z" if found[0] == "$" else found[0], pattern)
