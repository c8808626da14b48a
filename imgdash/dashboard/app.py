"""The server: one document for each tab, pixels and health beside it, nobody in without a login."""

from __future__ import annotations

import gc
import logging
import socket
import sys
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

import panel as pn
from panel.io.resources import LOCAL_DIST
from panel.io.server import get_server
from panel.io.state import set_curdoc
from tornado.ioloop import IOLoop

from imgdash.dashboard import theme
from imgdash.dashboard.frames import Frames, Health
from imgdash.dashboard.login import Provider, cookie_secret, logged_in, ticket
from imgdash.dashboard.nowhere import Nowhere
from imgdash.dashboard.outbound import send_everything
from imgdash.dashboard.page import Page
from imgdash.dashboard.pages import all_pages
from imgdash.dashboard.session import Session
from imgdash.dashboard.shell import Shell
from imgdash.dashboard.thumbnails import Thumbnails
from imgdash.model import ImgdashError

if TYPE_CHECKING:
    from imgdash.apparatus import Apparatus

_LOG = logging.getLogger(__name__)
# Tabs that are open; weak, so that it can be seen that closed ones are let go.
SHELLS: weakref.WeakSet[Shell] = weakref.WeakSet()
_CLOSE_SECONDS = 2.0
# The loop gives the interpreter away at each message it sends, and gets it back when another thread has had it for so
# long: by Python's own 5 ms, a key that takes ten messages waits for 50 ms while images arrive.
_SWITCH_SECONDS = 0.0005
_IMAGE = r"/image/([0-9a-f]{32})/(thumbnail|preview|frame|received|original|output)"


class Dashboard:
    """The web server of one apparatus, in a thread of its own (`start`, `stop`) or in the caller's (`run`).

    Parameters
    ----------
    apparatus
        Started.
    port
        Of the server; None takes the site's ``web_port``, 0 lets the system choose.
    origins
        Further ``host:port`` under which browsers reach it; a websocket from elsewhere is refused.
    one_click
        User → role: buttons of the demonstration that log in without a password.
    forget_seconds
        How long a tab that lost its connection can still come back to where it was.
    """

    def __init__(
        self,
        apparatus: Apparatus,
        port: int | None = None,
        *,
        origins: Sequence[str] = (),
        one_click: Mapping[str, str] | None = None,
        forget_seconds: float = 15.0,
    ) -> None:
        self.apparatus = apparatus
        self.address = apparatus.site.station.host
        self.port = port if port is not None else apparatus.site.station.web_port
        self._origins = origins
        self._one_click = one_click or {}
        self._forget_ms = int(forget_seconds * 1000)
        self._loop: IOLoop | None = None
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._error: BaseException | None = None

    @property
    def url(self) -> str:
        """Where browsers find it."""
        host = "localhost" if self.address in ("", "0.0.0.0", "::", "127.0.0.1") else self.address
        return f"http://{host}:{self.port}/"

    def run(self, on_ready: Callable[[str], None] | None = None) -> None:
        """Serve in this thread until interrupted or stopped.

        Raises
        ------
        ImgdashError
            If the port is taken.
        """
        self._loop = IOLoop(make_current=True)
        sys.setswitchinterval(_SWITCH_SECONDS)
        _set_aside_what_stays()
        send_everything()
        server = self._server(self._loop)
        server.start()
        if on_ready is not None:
            on_ready(self.url)
        self._ready.set()
        try:
            self._loop.start()
        finally:
            server.stop()
            # What is open would hang instead of being refused: browsers would wait for it.
            with suppress(TimeoutError):
                self._loop.run_sync(server._http.close_all_connections, timeout=_CLOSE_SECONDS)

    def start(self) -> Self:
        """Serve in a thread; returns when browsers can come."""
        self._thread = threading.Thread(target=self._run, name="dashboard", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._error is not None:
            raise self._error
        return self

    def stop(self) -> None:
        """End a server that runs in a thread."""
        if self._loop is not None and self._thread is not None:
            self._loop.add_callback(self._loop.stop)
            self._thread.join(10)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            self.run()
        except BaseException as error:
            # Told by `start`, in the thread that waits for it.
            if self._ready.is_set():
                raise
            self._error = error
        finally:
            self._ready.set()

    def _server(self, loop: IOLoop) -> Any:
        theme.apply()
        pn.extension(theme="dark", raw_css=[theme.PAGE_CSS], notifications=False)
        pages = all_pages()
        apparatus = self.apparatus
        self.port = self.port or _free_port(self.address)
        secret = cookie_secret(apparatus.folder)
        try:
            server = get_server(
                {"/": lambda: open_tab(apparatus, pages)},
                port=self.port,
                address=self.address,
                loop=loop,
                title="imgdash",
                websocket_origin=[*self._origins, *_own_origins(self.address, self.port)],
                auth_provider=Provider(apparatus, self._one_click, left),
                cookie_secret=secret,
                # A page's token is ours and unchanged, or its websocket is closed.
                secret_key=secret,
                sign_sessions=True,
                extra_patterns=[
                    (_IMAGE, Frames, {"apparatus": apparatus, "thumbnails": Thumbnails(apparatus)}),
                    (r"/healthz", Health, {"apparatus": apparatus}),
                ],
                unused_session_lifetime_milliseconds=self._forget_ms,
                check_unused_sessions_milliseconds=max(self._forget_ms // 5, 100),
                keep_alive_milliseconds=10_000,
            )
            server._tornado.settings["default_handler_class"] = Nowhere
            return server
        except OSError as error:
            raise ImgdashError(
                f"The dashboard cannot listen on {self.address}:{self.port}: {error.strerror}.",
                "Choose another web_port in the site file.",
            ) from None


def serve(
    apparatus: Apparatus,
    port: int | None = None,
    *,
    on_ready: Callable[[str], None] | None = None,
    one_click: Mapping[str, str] | None = None,
    origins: Sequence[str] = (),
) -> None:
    """Serve the dashboard of a started apparatus until interrupted; see `Dashboard`.

    Parameters
    ----------
    on_ready
        Called with the address for browsers, once they can come.
    """
    Dashboard(apparatus, port, origins=origins, one_click=one_click).run(on_ready)


def open_tab(apparatus: Apparatus, pages: Sequence[type[Page]]) -> Any:
    """The document of a new tab, and what lets go of it when it is closed."""
    document = pn.state.curdoc
    # Panel says only when it renders the page where its style sheets are; what is made before or after that would now
    # and then ask for them on the internet.
    document.template_variables.setdefault("dist_url", LOCAL_DIST)
    cookies = dict(pn.state.cookies)
    session = Session(apparatus, logged_in(cookies, apparatus), document, IOLoop.current().add_callback)
    session.ticket = ticket(cookies, apparatus)
    session.hold_back()
    pn.state.onload(session.ready)
    asked = {name: values[0].decode(errors="replace") for name, values in pn.state.session_args.items() if values}
    shell = Shell(session, pages, asked)
    SHELLS.add(shell)
    pn.state.on_session_destroyed(lambda _context: session.close())
    return shell.layout


def left(ticket: str) -> None:
    """A browser logged out: its tabs let go of what they hold, and go to the login page."""
    for shell in list(SHELLS):
        if shell.session.ticket == ticket and not shell.session.closed:
            with set_curdoc(shell.session.document):
                shell.leave()


def _set_aside_what_stays() -> None:
    """What is there at the start stays: who looks for garbage, as Panel does at each closed tab, need not look at it.

    Once for a process: of what is there later, tabs for one, much goes.
    """
    if not gc.get_freeze_count():
        gc.collect()
        gc.freeze()


def _free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


def _own_origins(address: str, port: int) -> list[str]:
    names = {address, "localhost", "127.0.0.1", socket.gethostname().lower()} - {"", "0.0.0.0", "::"}
    return [f"{name}:{port}" for name in sorted(names)]
