"""``imgdash conditions``: condition keys, their versions, and which procedure gets which."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from imgdash.cli.common import HERE, SiteOption, console

app = typer.Typer(no_args_is_help=True, help="Condition keys.")


def _conditions(site: Path) -> Any:
    from imgdash import config
    from imgdash.store.conditions import Conditions

    return Conditions(config.load(site).folder / "conditions")


@app.command("list")
def list_all(site: SiteOption = HERE) -> None:
    """Condition keys with group, version and author."""
    conditions = _conditions(site)
    table = Table("key", "title", "group", "version", "author")
    for condition in conditions.all():
        table.add_row(condition.key, condition.title, condition.group, str(condition.version), condition.author)
    console.print(table)
    for problem in conditions.problems.values():
        console.print(problem, markup=False, style="red")
    for key, doubt in conditions.doubts().items():
        console.print(f"{key}: {doubt}", markup=False, style="yellow")


@app.command("show")
def show(key: str, version: int | None = None, site: SiteOption = HERE) -> None:
    """The file of a condition key, in force or of a version."""
    from imgdash.store.condition_text import render

    typer.echo(render(_conditions(site).get(key, version)))


@app.command("diff")
def diff(key: str, former: int, later: int, site: SiteOption = HERE) -> None:
    """What changed between two versions."""
    typer.echo(_conditions(site).diff(key, former, later))


@app.command("add")
def add(
    keys: Annotated[list[str] | None, typer.Argument(help="condition keys; none: say which there are")] = None,
    every: Annotated[bool, typer.Option("--all", help="all that this site never had")] = False,
    site: SiteOption = HERE,
) -> None:
    """Take over condition keys that imgdash got after this site was made; nothing that is there changes."""
    conditions = _conditions(site)
    new = conditions.never_had()
    if not every and not keys:
        console.print(", ".join(new) or "This site has, or had, every condition key that imgdash comes with.")
        return
    for key in conditions.add_shipped(new if every else keys or ()):
        console.print(f"added: {key}", markup=False)


@app.command("procedures")
def procedures(
    code: Annotated[str, typer.Argument(help="procedure code as HIS/RIS sends it; none: show the table")] = "",
    key: Annotated[str, typer.Argument(help="condition key; '-' removes the row")] = "",
    body_part: Annotated[str, typer.Option(help="region, where orders do not say it")] = "",
    view: Annotated[str, typer.Option(help="view, where orders do not say it")] = "",
    site: SiteOption = HERE,
) -> None:
    """Ordered procedure → condition key: show or change the table (procedures.csv)."""
    from imgdash import config
    from imgdash.store.procedures import Procedure, Procedures

    procedures = Procedures(config.load(site).folder / "procedures.csv")
    if key == "-":
        procedures.remove(code)
    elif code:
        if key:
            _conditions(site).get(key)
        procedures.set(Procedure(code, key, body_part, view))
    table = Table("procedure code", "condition key", "region", "view")
    for row in procedures.all():
        table.add_row(row.procedure_code, row.condition_key, row.body_part, row.view)
    console.print(table)
    if procedures.problem:
        console.print(procedures.problem, markup=False, style="red")
