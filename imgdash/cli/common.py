"""What the commands share: the site file as they name it, the console they write on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

console = Console()

SiteFile = Annotated[Path, typer.Argument(help="the site file", metavar="SITE.toml")]
SiteOption = Annotated[Path, typer.Option("--site", help="the site file", metavar="SITE.toml")]
HERE = Path("site.toml")
Faults = Annotated[
    list[str] | None,
    typer.Option(
        "--fault",
        metavar="MACHINE:SERVICE:FAULT[:TIMES[:DETAIL]]",
        help="let a machine fail: refuse, slow, wrong-answer, drop or late-ack; may be given several times",
    ),
]

__all__ = ["HERE", "Faults", "SiteFile", "SiteOption", "console"]
