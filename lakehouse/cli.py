"""The `lake` command: sub-commands are entry points (Typer applications), imported when they are called."""

import ast
import atexit
import contextlib
import importlib.util
import os
import signal
import sys
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import FrameType

os.environ.setdefault("TYPER_STANDARD_TRACEBACK", "1")  # a traceback is for us, not a picture
INTERRUPTED = 130  # by convention of shells 128 + SIGINT
EXPECTED = (ValueError, LookupError, RuntimeError, OSError)
INTRODUCTION = "A city's data, from the device to the public page. `lake demo` shows all of it on real sample input."


def commands() -> dict[str, EntryPoint]:
    """All sub-commands by name, none of them imported."""
    return {p.name: p for p in sorted(entry_points(group="lake.commands"), key=lambda p: p.name)}


def call(*words: str) -> int:
    """Run a sub-command in this process, as `lake WORDS` would; returns its exit code, errors are raised."""
    found = commands()
    if words[:1] == ("help",):
        words = (*words[1:], "--help")
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
        if stop.code == INTERRUPTED:
            raise KeyboardInterrupt from None  # Typer has made an exit of it
        return stop.code if isinstance(stop.code, int) else _tell(str(stop.code), 1) if stop.code else 0
    return 0


def overview(found: dict[str, EntryPoint]) -> str:
    """The help page: one line per command."""
    lines = [f"  {name:<12} {first_line(point)}" for name, point in found.items()]
    return "\n".join(["Usage: lake COMMAND [ARGS]... (each has --help)", "", INTRODUCTION, "", *lines])


def first_line(point: EntryPoint) -> str:
    """What a command's application says of itself (`help="..."`), else its module's first docstring line; nothing is run."""
    package, *rest = point.module.split(".")
    found = importlib.util.find_spec(package)
    if not found or not found.origin:
        return ""
    folder = Path(found.origin).parent.joinpath(*rest)
    file = folder.with_suffix(".py") if rest else Path(found.origin)
    if not file.exists():
        return ""
    module = ast.parse(file.read_text("utf-8"))
    said = [_help_of(s.value) for s in module.body if isinstance(s, ast.Assign) and ast.unparse(s.targets[0]) == point.attr]
    return (next(filter(None, said), None) or ast.get_docstring(module) or "").split("\n")[0]


def _help_of(value: ast.expr) -> str | None:
    words = {k.arg: k.value for k in value.keywords} if isinstance(value, ast.Call) else {}
    written = words.get("help")
    return written.value if isinstance(written, ast.Constant) and isinstance(written.value, str) else None


def main() -> None:
    """Run a command; an expected error is one sentence on stderr and exit code 1."""
    signal.signal(signal.SIGTERM, _end_as_by_ctrl_c)
    try:
        code = call(*sys.argv[1:])
    except KeyboardInterrupt:
        code = _tell("stopped. What is finished is kept; the same command goes on from there.", INTERRUPTED)
    except BrokenPipeError:  # the reader (head, less) has left
        code = 141
    except EXPECTED as error:
        code = _tell(sentence(error), 1)
    _leave(code)


def _end_as_by_ctrl_c(number: int, frame: FrameType | None) -> None:
    """In good order, also where Ctrl-C itself is ignored, as by a command in the background of a script."""
    asked = signal.getsignal(signal.SIGINT)
    (asked if callable(asked) else signal.default_int_handler)(number, frame)


def sentence(error: Exception) -> str:
    """What an expected error says, without the marks that Python adds."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}."
    return str(error.args[0] if isinstance(error, LookupError) and error.args else error)


def _tell(words: str, code: int) -> int:
    print(f"lake: {words}", file=sys.stderr)
    return code


def _leave(code: int) -> None:
    """End at once after the exit functions: threads of native libraries can abort an orderly shutdown."""
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(BrokenPipeError):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
