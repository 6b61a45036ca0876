"""The `lake` command: sub-commands are entry points (Typer applications), imported only when they are called."""

import ast
import atexit
import importlib.util
import os
import sys
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

os.environ.setdefault("TYPER_STANDARD_TRACEBACK", "1")  # a traceback is for us, not a picture
EXPECTED = (ValueError, LookupError, RuntimeError, OSError)
INTRODUCTION = (
    "A city's data, from the device to the public page. `lake demo` shows all of it on real sample input."
)


def commands() -> dict[str, EntryPoint]:
    """All sub-commands by name, none of them imported."""
    return {p.name: p for p in sorted(entry_points(group="lake.commands"), key=lambda p: p.name)}


def call(*words: str) -> int:
    """Run a sub-command inside this process, as `lake WORDS` would; returns its exit code, errors are raised."""
    found = commands()
    if not words or words[0] in ("-h", "--help"):
        print(overview(found))
        return 0
    if words[0] not in found:
        print(f"lake: there is no command {words[0]!r}; `lake --help` lists them.", file=sys.stderr)
        return 2
    application = found[words[0]].load()
    try:
        application(list(words[1:]), prog_name=f"lake {words[0]}")
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    return 0


def overview(found: dict[str, EntryPoint]) -> str:
    """The help page: one line per command."""
    lines = [f"  {name:<12} {first_line(point)}" for name, point in found.items()]
    return "\n".join(["Usage: lake COMMAND [ARGS]... (each has --help)", "", INTRODUCTION, "", *lines])


def first_line(point: EntryPoint) -> str:
    """First docstring line of the command's module, read without running it."""
    package, *rest = point.module.split(".")
    found = importlib.util.find_spec(package)
    if not found or not found.origin:
        return ""
    folder = Path(found.origin).parent.joinpath(*rest)
    file = folder.with_suffix(".py") if rest else Path(found.origin)
    return (
        (ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "").split("\n")[0] if file.exists() else ""
    )


def main() -> None:
    """Run a command; an expected error is one sentence on stderr and exit code 1."""
    try:
        code = call(*sys.argv[1:])
    except KeyboardInterrupt:
        code = _tell("stopped.", 130)
    except EXPECTED as error:
        code = _tell(str(error.args[0] if isinstance(error, LookupError) and error.args else error), 1)
    _leave(code)


def _tell(sentence: str, code: int) -> int:
    print(f"lake: {sentence}", file=sys.stderr)
    return code


def _leave(code: int) -> None:
    """End at once after the exit functions: threads of native libraries can abort an orderly interpreter shutdown."""
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
