"""Logging in (H1): the users of the site with argon2id and lockout, signed cookies, a page without any other host.

Panel's own basic login compares plain texts, has no lockout and loads a logo from elsewhere: only its plumbing
(`BasicAuthProvider`) is used.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import os
import secrets
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from panel.auth import BasicAuthProvider
from tornado.web import HTTPError, RequestHandler, decode_signed_value

from imgdash.dashboard.plain import plain
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


@cache
def cookie_name(folder: Path) -> str:
    """The cookie of this station: browsers send cookies to every port of a host, so each station has its own."""
    return f"imgdash-{hashlib.sha256(cookie_secret(folder).encode()).hexdigest()[:12]}"


def actor_of(handler: RequestHandler, apparatus: Apparatus) -> Actor | None:
    """Who sends this request: the cookie names him, the site's users say what he may do now."""
    return _known(apparatus, handler.get_cookie(cookie_name(apparatus.folder)))


def ticket(cookies: Mapping[str, str], apparatus: Apparatus) -> str:
    """What a browser got at its login: the same in all its tabs, another one at each login."""
    return cookies.get(cookie_name(apparatus.folder), "")


def logged_in(cookies: Mapping[str, str], apparatus: Apparatus) -> Actor:
    """Who opens a tab; nobody where the cookie is not ours."""
    return _known(apparatus, ticket(cookies, apparatus)) or Actor("", "nobody")


def _known(apparatus: Apparatus, cookie: str | None) -> Actor | None:
    secret = cookie_secret(apparatus.folder)
    name = decode_signed_value(secret, cookie_name(apparatus.folder), cookie or "", max_age_days=_DAYS)
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
        _only_ours(self)
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
            cookie_name(self.apparatus.folder),
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
            )
        )


class Logout(RequestHandler):
    """``/logout``: forget the cookie, and let go of what its tabs hold."""

    apparatus: Apparatus
    left: ClassVar[Callable[[str], None]]

    def post(self) -> None:
        """Back to the login page; a link or a picture on another site cannot do it."""
        _only_ours(self)
        name = cookie_name(self.apparatus.folder)
        if cookie := self.get_cookie(name):
            type(self).left(cookie)
        self.clear_cookie(name)
        self.redirect("login")


class Provider(BasicAuthProvider):
    """Tells Bokeh's server who a request is from.

    Parameters
    ----------
    apparatus
        Whose users may enter.
    one_click
        User → role: buttons that need no password, for the demonstration.
    left
        Called with the `ticket` of a browser that logged out.
    """

    def __init__(self, apparatus: Apparatus, one_click: Mapping[str, str], left: Callable[[str], None]) -> None:
        self._apparatus = apparatus
        self._one_click = one_click
        self._left = left
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
        return type("SiteLogout", (Logout,), {"apparatus": self._apparatus, "left": staticmethod(self._left)})


def _inside(target: str) -> str:
    """Where to go after the login: a path of ours, never another host."""
    parts = urlsplit(target)
    plain = not parts.scheme and not parts.netloc and target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if plain else "/"


def _only_ours(handler: RequestHandler) -> None:
    """Refuse a form that is not ours: a browser names where it comes from, and a sandboxed frame says "null".

    Raises
    ------
    HTTPError
    """
    origin = handler.request.headers.get("Origin")
    if origin is None:
        ours = handler.request.headers.get("Sec-Fetch-Site", "none") in ("same-origin", "none")
    else:
        ours = urlsplit(origin).netloc == handler.request.host
    if not ours:
        raise HTTPError(403)


def _protect(handler: RequestHandler) -> None:
    """What a browser may do with the page: nothing from elsewhere, in no frame of others."""
    handler.set_header(
        "Content-Security-Policy",
        "default-src 'self'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; form-action 'self'",
    )
    handler.set_header("Cache-Control", "no-store")
    handler.set_header("X-Content-Type-Options", "nosniff")


_TEMPLATE = plain("login.html")
