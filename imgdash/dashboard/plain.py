"""Pages without the dashboard's scripts, before a login or astray: one sheet of style, nothing fetched."""

from __future__ import annotations

from tornado.template import Template

from imgdash.dashboard.component import web
from imgdash.dashboard.theme import FONT, PALETTE, SCALES

_VARIABLES = "".join(f"--{name}:{value};" for name, value in PALETTE.items()) + f"--font:{FONT}"
_HEAD = web("plain.html").replace("{{ variables }}", _VARIABLES).replace("{{ scales }}", SCALES)


def plain(name: str) -> Template:
    """The template of a file of web/, with the common head at its ``{{ head }}``."""
    return Template(web(name).replace("{{ head }}", _HEAD))
