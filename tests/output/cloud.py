"""A web storage that answers as it is told: what no Debian program does."""

from __future__ import annotations

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any

import pydicom


class Cloud:
    """It takes the answers in turn; when there are none left, it keeps what is posted."""

    def __init__(self, secured: ssl.SSLContext | None = None) -> None:
        self.answers: list[tuple[int, dict[str, Any] | str]] = []
        # What is in a post that makes it fail, and how it fails.
        self.poison = b""
        self.failing: tuple[int, dict[str, Any] | str] = (500, "NullPointerException")
        self.posts: list[bytes] = []
        self.gets: list[str] = []
        self.requests: list[str] = []
        self.found: tuple[int, str] = (405, "nothing to find")
        self.headers: list[Any] = []
        cloud = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                cloud.requests.append(f"POST {self.path}")
                body = self.rfile.read(int(self.headers["Content-Length"]))
                poisoned = bool(cloud.poison) and cloud.poison in body
                usual = cloud.failing if poisoned else (200, kept(body))
                status, content = cloud.answers.pop(0) if cloud.answers else usual
                if status == 0:  # hang up
                    self.close_connection = True
                    return
                cloud.headers.append(self.headers)
                cloud.posts.append(body)
                self.answer(status, content)

            def do_GET(self) -> None:
                cloud.requests.append(f"GET {self.path}")
                cloud.gets.append(self.path)
                self.answer(*cloud.found)

            def answer(self, status: int, content: dict[str, Any] | str) -> None:
                kind, data = "text/plain", str(content)
                if isinstance(content, dict):
                    kind, data = "application/dicom+json", json.dumps(content)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data.encode())
                if status == 200:
                    # As many servers do, without having said so.
                    self.close_connection = True

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if secured is not None:
            # The handshake is done by the handler's thread, so that a refused one does not end the server.
            self.server.socket = secured.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False
            )
            self.server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/rs/"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def kept(body: bytes) -> dict[str, Any]:
    """As a storage answers that keeps what was posted."""
    parts = [part.partition(b"\r\n\r\n")[2] for part in body.split(b"\r\n--imgdash-")[:-1]]
    found = [pydicom.dcmread(BytesIO(part), stop_before_pixels=True).SOPInstanceUID for part in parts]
    items = [{"00081155": {"vr": "UI", "Value": [str(instance)]}} for instance in found]
    return {"00081199": {"vr": "SQ", "Value": items}}
