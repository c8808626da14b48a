"""An address at which there is nothing: said in words, with the way back."""

from __future__ import annotations

from tornado.template import Template
from tornado.web import RequestHandler

from imgdash.dashboard.component import web
from imgdash.dashboard.theme import FONT, PALETTE


class Nowhere(RequestHandler):
    """Every address that nothing else answers; it tells nothing of the station, so nobody need be logged in."""

    def prepare(self) -> None:
        """Answer, however it is asked for."""
        self.set_status(404)
        self.set_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.finish(_PAGE)


_VARIABLES = "".join(f"--{name}:{value};" for name, value in PALETTE.items()) + f"--font:{FONT}"
_PAGE = Template(web("nowhere.html").replace("{{ variables }}", "{% raw variables %}")).generate(variables=_VARIABLES)
