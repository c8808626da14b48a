"""Somebody who asks for a page and does not stay: without a browser, as far as he goes."""

from __future__ import annotations

import http.client
import socket
import urllib.parse
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

_PATIENCE = 20.0


class Visitor:
    """Logged in by the button of `user`.

    Parameters
    ----------
    url
        Of the dashboard.

    Attributes
    ----------
    cookie
        Who he is, as he tells it at each request.
    """

    def __init__(self, url: str, user: str) -> None:
        parts = urlsplit(url)
        self._home, self._port = url.rstrip("/"), int(parts.port or 80)
        answer, _ = self._ask("POST", "/login", urllib.parse.urlencode({"button": user}))
        (ours,) = SimpleCookie(answer.getheader("Set-Cookie")).values()
        self.cookie = ours.OutputString([]).strip()

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_PATIENCE)
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {"Cookie": self.cookie}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer, content

    def page(self, query: str = "") -> str:
        """Ask for the page; the token of its session."""
        _, content = self._ask("GET", f"/{query}")
        return content.decode().partition('"token":"')[2].partition('"')[0]

    def connect(self, token: str) -> socket.socket:
        """Open the websocket of a page; the server has greeted, nobody has answered."""
        lines = [
            "GET /ws HTTP/1.1", f"Host: 127.0.0.1:{self._port}", f"Cookie: {self.cookie}", "Connection: Upgrade",
            "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            f"Sec-WebSocket-Protocol: bokeh, {token}", f"Origin: {self._home}",
        ]  # fmt: skip
        connection = socket.create_connection(("127.0.0.1", self._port), timeout=_PATIENCE)
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        heard = b""
        while b"ACK" not in heard:
            more = connection.recv(4096)
            if not more:
                raise ConnectionError(f"no greeting but {heard[:200]!r}")
            heard += more
        return connection
