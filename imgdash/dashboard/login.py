"""Logging in (H1): the users of the site with argon2id and lockout, signed cookies, a page without any other host.

Panel's own basic login compares plain texts, has no lockout and loads a logo from elsewhere: only its plumbing
(`BasicAuthProvider`) is used.
"""

from __future__ import annotations

import asyncio
import math
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from panel.auth import BasicAuthProvider
from tornado.template import Template
from tornado.web import HTTPError, RequestHandler

from imgdash.dashboard.component import web
from imgdash.dashboard.theme import FONT, PALETTE
from imgdash.model import Actor, NotFound

if TYPE_CHECKING:
    from imgdash.apparatus import Apparatus

_DAYS = 1.0
_WORDS = {
    "user": "reviews, confirms, requests",
    "manager": "also changes information and condition keys",
    "maker": "also changes the system",
}


def cookie_secret(folder: Path) -> str:
    """The secret that signs cookies, made once for a site (mode 600), so that a restart logs nobody out."""
    path = folder / "web.secret"
    if not path.exists():
        temporary = path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
        os.replace(temporary, path)
    return path.read_text(encoding="ascii").strip()


def actor_of(handler: RequestHandler, apparatus: Apparatus) -> Actor | None:
    """Who sends this request: the cookie names him, the site's users say what he may do now."""
    name = handler.get_signed_cookie("user", max_age_days=_DAYS)
    if not name:
        return None
    try:
        return apparatus.users.role(name.decode())
    except NotFound:
        return None


class Login(RequestHandler):
    """``/login``: the page and its two forms."""

    apparatus: Apparatus
    one_click: ClassVar[Mapping[str, str]] = {}

    def get(self) -> None:
        """Show the page."""
        self._page("")

    async def post(self) -> None:
        """Check name and password in a thread: argon2id is slow on purpose."""
        if not self._same_origin():
            raise HTTPError(403)
        button = self.get_body_argument("button", "")
        if button in self.one_click:
            self._enter(self.apparatus.users.role(button), button)
            return
        name = self.get_body_argument("username", "")[:32]
        password = self.get_body_argument("password", "", strip=False)[:200]
        users = self.apparatus.users
        wait = users.locked_for(name)
        actor = None if wait > 0 else await asyncio.to_thread(users.check, name, password)
        if actor is None and (wait or users.locked_for(name)) > 0:
            self.set_status(429)
            seconds = math.ceil(max(wait, users.locked_for(name)))
            self._page(f"Too many wrong passwords: wait {seconds} s, then try again.", name)
            return
        self._enter(actor, name)

    def _enter(self, actor: Actor | None, name: str) -> None:
        if actor is None:
            self.set_status(401)
            self._page("User or password is wrong.", name)
            return
        self.set_signed_cookie(
            "user",
            actor.name,
            expires_days=_DAYS,
            httponly=True,
            samesite="Lax",
            secure=self.request.protocol == "https",
        )
        self.redirect(_inside(self.get_body_argument("next", "/")))

    def _page(self, error: str, name: str = "") -> None:
        buttons = [(user, role, _WORDS.get(role, "")) for user, role in self.one_click.items()]
        station = self.apparatus.site.station
        _protect(self)
        self.write(
            _TEMPLATE.generate(
                error=error,
                name=name,
                next=_inside(self.get_argument("next", "/")),
                buttons=buttons,
                station=station.institution or station.name,
                variables=_VARIABLES,
            )
        )

    def _same_origin(self) -> bool:
        """Whether the form is ours: a browser names where it comes from."""
        origin = self.request.headers.get("Origin", "")
        return origin in ("", "null") or urlsplit(origin).netloc == self.request.host


class Logout(RequestHandler):
    """``/logout``: forget the cookie."""

    def get(self) -> None:
        """Back to the login page."""
        self.clear_cookie("user")
        self.redirect("login")


class Provider(BasicAuthProvider):
    """Tells Bokeh's server who a request is from.

    Parameters
    ----------
    apparatus
        Whose users may enter.
    one_click
        User → role: buttons that need no password, for the demonstration.
    """

    def __init__(self, apparatus: Apparatus, one_click: Mapping[str, str]) -> None:
        self._apparatus = apparatus
        self._one_click = one_click
        super().__init__(login_endpoint="/login", logout_endpoint="/logout")

    @property
    def get_user(self) -> Any:
        """The name behind a request, or None; one that was removed from the users is nobody."""

        def name(handler: RequestHandler) -> str | None:
            actor = actor_of(handler, self._apparatus)
            return actor.name if actor else None

        return name

    def _remove_user(self, session_context: Any) -> None:
        """Panel counts users for its own admin page, which is not served."""

    @property
    def login_handler(self) -> type[RequestHandler]:
        """The login page of this apparatus."""
        return type("SiteLogin", (Login,), {"apparatus": self._apparatus, "one_click": self._one_click})

    @property
    def logout_handler(self) -> type[RequestHandler]:
        """Forgets who it was."""
        return Logout


def _inside(target: str) -> str:
    """Where to go after the login: a path of ours, never another host."""
    parts = urlsplit(target)
    plain = not parts.scheme and not parts.netloc and target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if plain else "/"


def _protect(handler: RequestHandler) -> None:
    """What a browser may do with the page: nothing from elsewhere, in no frame of others."""
    handler.set_header(
        "Content-Security-Policy",
        "default-src 'self'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; form-action 'self'",
    )
    handler.set_header("Cache-Control", "no-store")
    handler.set_header("X-Content-Type-Options", "nosniff")


_VARIABLES = "".join(f"--{name}:{value};" for name, value in PALETTE.items()) + f"--font:{FONT}"
_TEMPLATE = Template(web("login.html").replace("{{ variables }}", "{% raw variables %}"))
