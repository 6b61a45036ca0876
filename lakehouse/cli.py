"""The `lake` command: sub-commands are entry points, imported only when they are called."""

import ast
import importlib.util
import sys
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import click


class LazyCommands(click.Group):
    """A group that lists its commands from entry points and imports only the one that runs."""

    @cached_property
    def points(self) -> dict[str, EntryPoint]:
        return {p.name: p for p in entry_points(group="lake.commands")}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self.points)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        point = self.points.get(cmd_name)
        return _as_click(point.load(), cmd_name) if point else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _first_line(point)) for name, point in sorted(self.points.items())])


def _as_click(command: object, name: str) -> click.Command:
    if isinstance(command, click.Command):
        return command
    import typer

    made = typer.main.get_command(command)  # pyright: ignore[reportArgumentType]
    made.name = name
    return made


def _first_line(point: EntryPoint) -> str:
    """First docstring line of the command's module, read without running it."""
    package, *rest = point.module.split(".")
    found = importlib.util.find_spec(package)
    if not found or not found.origin:
        return ""
    file = Path(found.origin).parent.joinpath(*rest).with_suffix(".py")
    text = ast.get_docstring(ast.parse(file.read_text("utf-8"))) if file.exists() else ""
    return (text or "").split("\n")[0]


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
def lake() -> None:
    """A city's data, from the device to the public page. `lake demo` shows all of it on real sample input."""


def main() -> None:
    """Run a command; an expected error is one sentence on stderr and exit code 1."""
    try:
        lake()
    except (ValueError, LookupError, RuntimeError, FileNotFoundError) as error:
        sys.exit(f"lake: {error.args[0] if error.args else error}")


if __name__ == "__main__":
    main()
