"""The command line: ``imgdash demo | init | serve | simulate | doctor | users | conditions | query``."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from imgdash.cli import conditions, simulate, users
from imgdash.cli.common import HERE, Faults, SiteFile, SiteOption, console
from imgdash.model import ImgdashError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.add_typer(simulate.app, name="simulate")
app.add_typer(users.app, name="users")
app.add_typer(conditions.app, name="conditions")


@app.command()
def demo(
    port: Annotated[
        int, typer.Option(help="of the dashboard; another if it is taken; a kept folder has its own")
    ] = 5006,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="do not open the page")] = False,
    folder: Annotated[Path | None, typer.Option(help="keep the site there; otherwise a temporary folder")] = None,
    autopilot: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="let a simulated reviewer work through N images, then end")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="send further images to a folder that has some")] = False,
    fault: Faults = None,
) -> None:
    """A whole site on this machine, live: modalities, RIS, image storage and film printer are simulated."""
    from imgdash import demonstration

    code = demonstration.run(
        console, port=port, browser=not no_browser, folder=folder, autopilot=autopilot, again=again, faults=fault or ()
    )
    raise typer.Exit(code)


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
    from imgdash import config

    # What is wrong with the file is said before all that serves it is imported, which takes seconds.
    config.load(site)
    from imgdash import demonstration

    demonstration.serve(console, site)


@app.command()
def doctor(
    site: Annotated[Path | None, typer.Argument(help="the site file", metavar="SITE.toml")] = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="make the database anew from files and journal")] = False,
    conformance: Annotated[
        bool, typer.Option("--conformance", help="say in Markdown which SOP classes and messages are spoken")
    ] = False,
) -> None:
    """What is wrong, and how to mend it: configuration, each peer and each of its services, disk, database."""
    if conformance:
        from imgdash import config
        from imgdash.conformance import summary

        typer.echo(summary(config.load(site) if site else config.Site()), nl=False)
        return
    if site is None:
        raise ImgdashError("No site file was named.", "Run 'imgdash doctor SITE.toml'.")
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
    format: Annotated[
        str, typer.Option(help="table, csv, parquet or xlsx; by default what the file ends with, otherwise a table")
    ] = "",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="file; otherwise standard output")] = None,
    seconds: Annotated[float, typer.Option(help="time limit")] = 60,
) -> None:
    """SQL over the records, also beside a running server."""
    from imgdash import config
    from imgdash.records import analyst

    folder = config.load(site).folder
    analyst.query(folder, sql, format=format, output=output, seconds=seconds)


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


__all__ = ["app", "main"]
