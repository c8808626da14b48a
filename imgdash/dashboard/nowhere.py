"""An address at which there is nothing: said in words, with the way back."""

from __future__ import annotations

from tornado.web import RequestHandler

from imgdash.dashboard.plain import plain


class Nowhere(RequestHandler):
    """Every address that nothing else answers; it tells nothing of the station, so nobody need be logged in."""

    def prepare(self) -> None:
        """Answer, however it is asked for."""
        self.set_status(404)
        self.set_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.finish(_PAGE)


_PAGE = plain("nowhere.html").generate()
