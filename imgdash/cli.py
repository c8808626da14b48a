"""The command line: ``imgdash demo | init | serve | simulate | doctor | users | conditions | query``."""

from __future__ import annotations

import getpass
import logging
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from imgdash.model import ROLES, ImgdashError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
simulate_app = typer.Typer(no_args_is_help=True, help="One machine of Fig. 1 alone, or all of a site file.")
users_app = typer.Typer(no_args_is_help=True, help="Who may work here.")
conditions_app = typer.Typer(no_args_is_help=True, help="Condition keys.")
app.add_typer(simulate_app, name="simulate")
app.add_typer(users_app, name="users")
app.add_typer(conditions_app, name="conditions")
console = Console()

SiteFile = Annotated[Path, typer.Argument(help="the site file", metavar="SITE.toml")]
SiteOption = Annotated[Path, typer.Option("--site", help="the site file", metavar="SITE.toml")]
HERE = Path("site.toml")


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="of the dashboard; another if it is taken")] = 5006,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="do not open the page")] = False,
    folder: Annotated[Path | None, typer.Option(help="keep the site there; otherwise a temporary folder")] = None,
    autopilot: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="let a simulated reviewer work through N images, then end")
    ] = None,
) -> None:
    """All of Fig. 1 on this machine, live, no questions."""
    from imgdash import demonstration

    raise typer.Exit(demonstration.run(console, port=port, browser=not no_browser, folder=folder, autopilot=autopilot))


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="a new folder")],
    dicom_port: Annotated[int, typer.Option(help="0: chosen at each start")] = 11112,
    hl7_port: Annotated[int, typer.Option(help="0: chosen at each start")] = 2575,
    web_port: Annotated[int, typer.Option(help="0: chosen at each start")] = 5006,
) -> None:
    """Make a site folder: site.toml, condition keys, first user."""
    from imgdash import sites

    name, password = "manager", None
    if sys.stdin.isatty():
        name = typer.prompt("Name of the first manager", default=name)
        password = typer.prompt("Password (at least 8 characters)", hide_input=True, confirmation_prompt=True)
    made = sites.init(folder, name, password, dicom_port=dicom_port, hl7_port=hl7_port, web_port=web_port)
    console.print(f"Site file: {made.site_file}", soft_wrap=True)
    if made.password_file:
        console.print(f"First manager: {name!r}; the password is in {made.password_file} (mode 600).", soft_wrap=True)
    console.print(f"Next: imgdash serve {made.site_file}", soft_wrap=True)


@app.command()
def serve(site: SiteFile, verbose: Annotated[bool, typer.Option("--verbose", "-v")] = False) -> None:
    """The apparatus with its dashboard."""
    _log(verbose)
    from imgdash import demonstration

    demonstration.serve(console, site)


@app.command()
def doctor(
    site: SiteFile,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="make the database anew from files and journal")] = False,
) -> None:
    """What is wrong, and how to mend it: configuration, peers, disk, database."""
    from rich.progress import Progress

    from imgdash import doctor as doctor_

    if rebuild:
        with Progress(console=console) as progress:
            task = progress.add_task("Reducing", total=None)
            said = doctor_.rebuild(site, lambda done, total: progress.update(task, completed=done, total=total))
        for line in said:
            console.print(line)
    signs = {"ok": "[green]✓ ok[/]", "warning": "[yellow]! note[/]", "problem": "[red]✗ problem[/]"}
    worst = 0
    for check in doctor_.examine_site(site):
        console.print(f"{signs[check.level]}  [bold]{check.what}[/]: ", end="")
        console.print(check.finding, markup=False, soft_wrap=True)
        if check.remedy:
            console.print(f"     → {check.remedy}", markup=False, soft_wrap=True)
        worst = max(worst, 1 if check.level == "problem" else 0)
    raise typer.Exit(worst)


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="a SELECT over the records")],
    site: SiteOption = HERE,
    format: Annotated[str, typer.Option(help="table, csv, parquet or xlsx")] = "table",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="file; otherwise standard output")] = None,
    seconds: Annotated[float, typer.Option(help="time limit")] = 60,
) -> None:
    """SQL over the records, also beside a running server."""
    from imgdash import config
    from imgdash.records import analyst

    folder = config.load(site).folder
    analyst.query(folder, sql, format=format, output=output, seconds=seconds)


@users_app.command("list")
def users_list(site: SiteOption = HERE) -> None:
    """Names and roles."""
    table = Table("name", "role")
    for user in _users(site).all():
        table.add_row(user.name, user.role)
    console.print(table)


@users_app.command("add")
def users_add(
    name: str,
    role: Annotated[str, typer.Option(help=", ".join(ROLES))] = "user",
    site: SiteOption = HERE,
) -> None:
    """Add a user, or give one a new role and password; the password is asked for, or read from standard input."""
    if sys.stdin.isatty():
        password = getpass.getpass("Password (at least 8 characters): ")
    else:
        password = sys.stdin.readline().rstrip("\n")
    user = _users(site).add(name, role, password)
    console.print(f"{user.name} is a {user.role} now.")


@users_app.command("remove")
def users_remove(name: str, site: SiteOption = HERE) -> None:
    """Remove a user."""
    _users(site).remove(name)
    console.print(f"{name} was removed.")


def _users(site: Path) -> Any:
    from imgdash import config
    from imgdash.store.users import Users

    return Users(config.load(site).folder / "users.toml")


def _conditions(site: Path) -> Any:
    from imgdash import config
    from imgdash.store.conditions import Conditions

    return Conditions(config.load(site).folder / "conditions")


@conditions_app.command("list")
def conditions_list(site: SiteOption = HERE) -> None:
    """Condition keys with group, version and author."""
    conditions = _conditions(site)
    table = Table("key", "title", "group", "version", "author")
    for condition in conditions.all():
        table.add_row(condition.key, condition.title, condition.group, str(condition.version), condition.author)
    console.print(table)
    for problem in conditions.problems.values():
        console.print(problem, markup=False, style="red")


@conditions_app.command("show")
def conditions_show(key: str, version: int | None = None, site: SiteOption = HERE) -> None:
    """The file of a condition key, in force or of a version."""
    from imgdash.store.conditions import render

    typer.echo(render(_conditions(site).get(key, version)))


@conditions_app.command("diff")
def conditions_diff(key: str, former: int, later: int, site: SiteOption = HERE) -> None:
    """What changed between two versions."""
    typer.echo(_conditions(site).diff(key, former, later))


@simulate_app.command("network")
def simulate_network(
    site: SiteFile,
    folder: Annotated[Path | None, typer.Option(help="where stored images and films go")] = None,
    count: Annotated[int, typer.Option(help="first images to send; 0: none, only answer")] = 12,
    pace: Annotated[float, typer.Option(help="images per second")] = 0.5,
    seed: int = 1,
) -> None:
    """Every peer and output apparatus the site file names, on the ports it names."""
    from imgdash.simulate import network

    network.main(site, folder=folder, count=count, pace=pace, seed=seed)


Machine = Annotated[str, typer.Argument(help="its name in the site file; all of this kind if not given")]
MachineFolder = Annotated[Path | None, typer.Option(help="where raw exposures, stored images and films go")]


def _simulate(site: Path, kind: str, name: str, folder: Path | None, count: int = 0, pace: float = 0.5) -> None:
    """The machines of one kind, or one of them."""
    from imgdash import config
    from imgdash.simulate import network

    loaded = config.load(site)
    machines: list[config.Peer | config.OutputApparatus] = [*loaded.peers, *loaded.apparatus]
    names = [machine.name for machine in machines if machine.kind == kind]
    if name and name not in names:
        raise ImgdashError(f"The site file has no {kind} {name!r}.", f"It has: {', '.join(names) or 'none'}.")
    if not names:
        raise ImgdashError(f"The site file has no {kind}.", "Add one to it.")
    network.main(site, folder=folder, count=count, pace=pace, only=[name] if name else names)


@simulate_app.command("modality")
def simulate_modality(
    site: SiteFile,
    name: Machine = "",
    folder: MachineFolder = None,
    count: Annotated[int, typer.Option(help="first images to send; 0: only answer")] = 12,
    pace: Annotated[float, typer.Option(help="images per second")] = 0.5,
) -> None:
    """CR, DR or CT: takes orders, sends images, answers requests."""
    _simulate(site, "modality", name, folder, count, pace)


@simulate_app.command("ris")
def simulate_ris(site: SiteFile, name: Machine = "", folder: MachineFolder = None) -> None:
    """HIS/RIS: worklist, HL7 both ways, re-radiographing orders by itself."""
    _simulate(site, "ris", name, folder)


@simulate_app.command("storage")
def simulate_storage(site: SiteFile, name: Machine = "", folder: MachineFolder = None) -> None:
    """Image storage that can be queried."""
    _simulate(site, "storage", name, folder)


@simulate_app.command("printer")
def simulate_printer(site: SiteFile, name: Machine = "", folder: MachineFolder = None) -> None:
    """Film printer that renders its films to PNG."""
    _simulate(site, "printer", name, folder)


def _log(verbose: bool) -> None:
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )


def main() -> None:
    """Entry point: an error of ours is one line with its remedy, not a traceback."""
    try:
        app()
    except ImgdashError as error:
        Console(stderr=True).print(f"{error.cause}\n→ {error.remedy}", markup=False, style="red", soft_wrap=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
