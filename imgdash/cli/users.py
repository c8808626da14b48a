"""``imgdash users``: who may work here."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from imgdash.cli.common import HERE, SiteOption, console
from imgdash.model import ROLES

app = typer.Typer(no_args_is_help=True, help="Who may work here.")


@app.command("list")
def list_all(site: SiteOption = HERE) -> None:
    """Names and roles."""
    table = Table("name", "role")
    for user in _users(site).all():
        table.add_row(user.name, user.role)
    console.print(table)


@app.command("add")
def add(
    name: str,
    role: Annotated[str, typer.Option(help=f"{', '.join(ROLES)}; user, unless said, or what he is already")] = "",
    site: SiteOption = HERE,
) -> None:
    """Add a user, or give one a new role and password.

    The password is asked for, or read from standard input; empty, who is known keeps his.
    """
    if sys.stdin.isatty():
        password = getpass.getpass("Password (at least 8 characters): ")
    else:
        password = sys.stdin.readline().rstrip("\n")
    users = _users(site)
    roles = {user.name: user.role for user in users.all()}
    user = users.add(name, role or roles.get(name, "user"), password)
    console.print(f"{user.name} is a {user.role} now.")


@app.command("remove")
def remove(name: str, site: SiteOption = HERE) -> None:
    """Remove a user."""
    _users(site).remove(name)
    console.print(f"{name} was removed.")


def _users(site: Path) -> Any:
    from imgdash import config
    from imgdash.store.users import Users

    return Users(config.load(site).folder / "users.toml")
