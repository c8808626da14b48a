"""STOW-RS as the user agent (PS3.18 10.5): objects posted to a web storage, and its answer in DICOM's own numbers."""

from __future__ import annotations

import contextlib
import http.client
import json
import secrets
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any, Final
from urllib.parse import urlsplit

from imgdash.model.errors import PeerFailed
from imgdash.model.security import Credentials
from imgdash.wire.tls import secured, words

STUDIES: Final = "/studies"
MULTIPART: Final = 'multipart/related; type="application/dicom"'
_JSON: Final = "application/dicom+json"
_CHUNK: Final = 1 << 20
_MOST: Final = 4 << 20
"""An answer may be no longer than this."""
_TAGS: Final = {"failed": "00081198", "stored": "00081199"}
_REASON, _WARNING, _INSTANCE = "00081197", "00081196", "00081155"


@dataclass(frozen=True)
class Answer:
    """What the web storage said of one request.

    Attributes
    ----------
    status
        Of HTTP.
    kept
        SOP Instance UIDs that it says it stored.
    failed, warned
        SOP Instance UID → Failure Reason (0008,1197) or Warning Reason (0008,1196).
    text
        The beginning of an answer that is no DICOM JSON.
    """

    status: int
    kept: frozenset[str] = frozenset()
    failed: Mapping[str, int] = field(default_factory=dict)
    warned: Mapping[str, int] = field(default_factory=dict)
    text: str = ""

    @property
    def success(self) -> bool:
        """It reports no failure; whether it keeps an object, only `kept` says: Orthanc 1.10 answers 200 to nothing."""
        return self.status in (200, 202) and not self.failed


class Connection:
    """A connection with a web storage; kept from request to request as long as the storage keeps it.

    Parameters
    ----------
    url
        What stands before ``/studies``.
    timeout
        Seconds for connecting and for each answer.
    tls
        For ``https``: with our certificate; None trusts whom this machine trusts, and shows none. The storage's own
        certificate must be signed by somebody trusted and name its host, whatever `tls` says of host names: a token
        is sent to whoever it is.
    authority
        File with the certificates of those who may have signed the storage's, instead of those.
    authorization
        File with the value of the Authorization header, in one line.

    Raises
    ------
    PeerFailed
        If the file or our certificate cannot be used; on entering, if the storage cannot be reached.
    """

    def __init__(
        self,
        url: str,
        timeout: float,
        *,
        tls: Credentials | None = None,
        authority: Path | None = None,
        authorization: Path | None = None,
    ) -> None:
        authorized = _authorization(authorization)
        parts = urlsplit(url)
        self.url = url.rstrip("/")
        self._path = parts.path.rstrip("/")
        self._used = False
        self._headers = {"Accept": _JSON} | ({"Authorization": authorized} if authorized else {})
        where = parts.hostname or "", parts.port
        self._http: http.client.HTTPConnection = (
            http.client.HTTPSConnection(*where, timeout=timeout, context=_context(tls, authority))
            if parts.scheme == "https"
            else http.client.HTTPConnection(*where, timeout=timeout)
        )

    def __enter__(self) -> Connection:
        try:
            self._http.connect()
        except (OSError, ValueError) as error:
            raise PeerFailed(f"{self.url} cannot be reached: {words(error)}.", "Check its url.") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End it; whoever waits for an answer hears that it failed."""
        connection = self._http.sock
        if connection is not None:
            # Closing alone does not wake a thread that reads.
            with contextlib.suppress(OSError):  # it was closed by the other side
                connection.shutdown(socket.SHUT_RDWR)
        self._http.close()

    def ask(self, path: str) -> tuple[int, str]:
        """Status and the beginning of the answer to a GET of `path`.

        Raises
        ------
        PeerFailed
        """
        status, _, body = self._exchange("GET", path, {}, ())
        return status, body[:200].decode("utf-8", "replace")

    def store(self, files: Sequence[Path | bytes]) -> Answer:
        """Post part 10 files, or their content, as they are.

        Their file meta information says the transfer syntax: Orthanc takes no part whose media type says it too.

        Raises
        ------
        PeerFailed
            If the connection ended, or nothing was answered in time.
        """
        boundary = f"imgdash-{secrets.token_hex(16)}"
        heads = [
            f"--{boundary}\r\nContent-Type: application/dicom\r\nContent-Length: {_size(file)}\r\n\r\n"
            for file in files
        ]
        end = f"--{boundary}--\r\n"
        length = sum(len(head) + _size(file) + 2 for head, file in zip(heads, files, strict=True)) + len(end)
        headers = {
            "Content-Type": f"{MULTIPART}; boundary={boundary}",
            "Content-Length": str(length),
        }
        status, kind, body = self._exchange("POST", STUDIES, headers, (files, heads, end))
        return _answer(status, kind, body)

    def _exchange(self, method: str, path: str, headers: Mapping[str, str], body: Any) -> tuple[int, str, bytes]:
        used, self._used = self._used, True
        # A kept connection may have been ended meanwhile; the same object posted twice is one object.
        for last in (not used, True):
            try:
                return self._once(method, path, headers, body)
            except (OSError, http.client.HTTPException) as error:
                self._http.close()  # the next request opens it again
                if last or not isinstance(error, ConnectionError):
                    raise PeerFailed(f"{self.url} did not answer: {words(error)}.", "It is tried again.") from None
        raise AssertionError("the last one returns or raises")

    def _once(self, method: str, path: str, headers: Mapping[str, str], body: Any) -> tuple[int, str, bytes]:
        content = _body(*body) if body else None
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
            # Who refuses may do so before everything was read: then its answer is there.
            self._http.request(method, self._path + path, content, {**self._headers, **headers})
        answer = self._http.getresponse()
        return answer.status, answer.headers.get_content_type(), answer.read(_MOST)


def _context(tls: Credentials | None, authority: Path | None) -> ssl.SSLContext:
    if tls is not None:
        strict = replace(tls, host_names=True, authority=str(authority or tls.authority))
        if (context := secured(strict)) is not None:
            return context
    try:
        # Verifies authority and host name.
        return ssl.create_default_context(cafile=authority)
    except (OSError, ssl.SSLError) as error:
        raise PeerFailed(f"tls_ca '{authority}' cannot be used: {words(error)}.", "It is a PEM file.") from None


def _size(file: Path | bytes) -> int:
    return file.stat().st_size if isinstance(file, Path) else len(file)


def _authorization(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        found = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not ASCII"
        raise PeerFailed(f"authorization = '{file}' cannot be read: {reason}.", "It is a file of one line.") from None
    if not found or not found.isprintable():
        raise PeerFailed(f"authorization = '{file}' is not one line.", "For instance: Bearer abc")
    return found


def _body(files: Sequence[Path | bytes], heads: Sequence[str], end: str) -> Iterator[bytes]:
    for file, head in zip(files, heads, strict=True):
        yield head.encode("ascii")
        with open(file, "rb") if isinstance(file, Path) else BytesIO(file) as stream:
            while part := stream.read(_CHUNK):
                yield part
        yield b"\r\n"
    yield end.encode("ascii")


def _answer(status: int, kind: str, body: bytes) -> Answer:
    """The store instances response module (PS3.18 10.5.3.2)."""
    text = " ".join(body[:200].decode("utf-8", "replace").split())
    if kind not in (_JSON, "application/json"):
        return Answer(status, text=text)
    try:
        content = json.loads(body)
        content = content[0] if isinstance(content, list) else content
        failed = dict(_reasons(content, "failed", _REASON, 0x0110))
        kept = dict(_reasons(content, "stored", _WARNING, 0))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return Answer(status, text=text)
    return Answer(status, frozenset(kept), failed, {uid: reason for uid, reason in kept.items() if reason})


def _reasons(content: Mapping[str, Any], which: str, tag: str, otherwise: int) -> Iterator[tuple[str, int]]:
    for item in content.get(_TAGS[which], {}).get("Value", ()):
        reason = item.get(tag, {}).get("Value", [otherwise])
        yield str(item.get(_INSTANCE, {}).get("Value", [""])[0]), int(reason[0])
