"""Who may log in to the portal and the dashboards, in which role; keys for calls of the API."""

from typing import Annotated

import typer

from lakehouse import accounts

app = typer.Typer(add_completion=False, no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the account.")]


@app.command("list")
def list_accounts() -> None:
    """Accounts with role, department and the first password, as long as it stands."""
    for account in accounts.all_accounts().values():
        password = account.first_password or "(changed)"
        typer.echo(f"{account.name:<20}{account.role:<16}{account.department or '':<8}{password}")


@app.command()
def add(
    name: Name,
    role: Annotated[str, typer.Option(help=f"One of {', '.join(accounts.ROLES)}.")],
    department: Annotated[str | None, typer.Option(help="Of an officer: the department's code, e.g. PSB.")] = None,
) -> None:
    """Make an account and print its first password."""
    typer.echo(f"{name}: {accounts.add(name, role, department).first_password}")


@app.command()
def password(name: Name) -> None:
    """Ask for a new password (twice) and set it."""
    accounts.set_password(name, typer.prompt("New password", hide_input=True, confirmation_prompt=True))


@app.command()
def key(name: Name) -> None:
    """Make the key for calls of the API and print it, this once; the one before is void."""
    typer.echo(accounts.new_key(name))


@app.command()
def remove(name: Name) -> None:
    """Take an account away; the dashboards follow at their next bootstrap."""
    accounts.remove(name)
