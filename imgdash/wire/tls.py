"""Secured connections: the BCP 195 profile of DICOM (PS3.15 B.12; RFC 9325, RFC 8996), certificates on both sides."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from imgdash.model.errors import ImgdashError, PeerFailed
from imgdash.model.security import Credentials

# RFC 9325 4.2 for TLS 1.2: forward secrecy and authenticated encryption. TLS 1.3 has no others.
CIPHERS: Final = "ECDHE+AESGCM"
HANDSHAKE_SECONDS: Final = 5.0


class Socket(ssl.SSLSocket):
    """Remembers why it failed, for those who hear only that it did.

    In TLS 1.3 a client learns that its certificate was refused when it first reads.
    """

    trouble: OSError | None = None

    def connect(self, addr: Any) -> None:
        """As a socket."""
        try:
            super().connect(addr)
        except OSError as error:
            self.trouble = error
            raise

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        """As a socket."""
        try:
            return super().recv(buflen, flags)
        except ssl.SSLError as error:
            self.trouble = error
            raise


def client(credentials: Credentials) -> ssl.SSLContext:
    """For connections that we open.

    Raises
    ------
    ImgdashError
        If a file is missing, is none, or does not fit the others.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = credentials.host_names
    return _prepared(context, credentials)


def secured(credentials: Credentials | None) -> ssl.SSLContext | None:
    """As `client`, for whoever talks to a peer; None where it is done in the clear.

    Raises
    ------
    PeerFailed
        If our own files cannot be used: the peer cannot be reached then.
    """
    if credentials is None:
        return None
    try:
        return client(credentials)
    except ImgdashError as error:
        raise PeerFailed(error.cause, error.remedy) from None


def server(credentials: Credentials) -> ssl.SSLContext:
    """For connections that others open; without a certificate of theirs they get none.

    Raises
    ------
    ImgdashError
        As `client`.
    """
    return _prepared(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), credentials)


def _prepared(context: ssl.SSLContext, credentials: Credentials) -> ssl.SSLContext:
    context.sslsocket_class = Socket
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.verify_mode = ssl.CERT_REQUIRED
    for name, file in (
        ("tls_certificate", credentials.certificate),
        ("tls_key", credentials.key),
        ("tls_ca", credentials.authority),
    ):
        if not Path(file).is_file():
            raise ImgdashError(f"{name} = {file!r} is no file.", "Give the path of a PEM file in the site file.")
    try:
        # Without the function OpenSSL would ask for a password on the terminal.
        context.load_cert_chain(credentials.certificate, credentials.key, password=lambda: "")
    except (ssl.SSLError, OSError, ValueError) as error:
        raise ImgdashError(
            f"tls_certificate {credentials.certificate!r} and tls_key {credentials.key!r} cannot be used: "
            f"{words(error)}.",
            "They are PEM files, belong together, and the key has no password.",
        ) from None
    try:
        context.load_verify_locations(credentials.authority)
    except (ssl.SSLError, OSError) as error:
        raise ImgdashError(
            f"tls_ca {credentials.authority!r} cannot be used: {words(error)}.", "It is a PEM file of certificates."
        ) from None
    return context


def profile() -> tuple[list[str], list[str]]:
    """Versions and cipher suites that are spoken."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(CIPHERS)
    suites = context.get_ciphers()
    return ["TLS 1.2", "TLS 1.3"], [str(suite["name"]) for suite in suites]


def valid_until(credentials: Credentials) -> datetime:
    """When our own certificate ends, in UTC.

    Raises
    ------
    ImgdashError
        If it is over, or not begun, or a file cannot be used.
    """
    ours, theirs = server(credentials), client(credentials)
    ours.verify_mode, theirs.check_hostname = ssl.CERT_NONE, False
    # Whether somebody trusts it is not the question, so it is its own authority.
    theirs.load_verify_locations(credentials.certificate)
    theirs.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        shown = _shown(ours, theirs)
    except ssl.SSLCertVerificationError as error:
        raise ImgdashError(
            f"Our certificate {credentials.certificate!r} is not valid: {error.verify_message}.", "Renew it."
        ) from None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown["notAfter"])), UTC)


def _shown(ours: ssl.SSLContext, theirs: ssl.SSLContext) -> Mapping[str, Any]:
    """The certificate that a peer would see: a handshake with ourselves, in memory."""
    to_us, to_them = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        ours.wrap_bio(to_us, to_them, server_side=True),
        theirs.wrap_bio(to_them, to_us, server_side=False),
    ]
    for side in [*sides[::-1]] * 4:
        with contextlib.suppress(ssl.SSLWantReadError):
            side.do_handshake()
    return sides[1].getpeercert() or {}


def words(error: BaseException) -> str:
    """What went wrong with a secured connection."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted here: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        reason = (error.reason or "").lower().replace("_", " ")
        for sign, meaning in _MEANINGS.items():
            if sign in reason:
                return meaning
        return reason or "TLS failed"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


_MEANINGS: Final = {
    "wrong version number": "it does not speak TLS there",
    "http request": "it does not speak TLS there",
    "alert certificate required": "it wants a certificate and got none",
    "peer did not return a certificate": "it showed no certificate",
    "alert unknown ca": "our certificate is not accepted there: unknown authority",
    "alert bad certificate": "our certificate is not accepted there",
    "alert certificate": "our certificate is not accepted there",
    "alert handshake failure": "no cipher or version of TLS in common",
    "no shared cipher": "no cipher in common",
    "unsupported protocol": "it speaks only versions of TLS that are broken",
    "alert protocol version": "no version of TLS in common",
    "key values mismatch": "the key is not that of the certificate",
    "no start line": "no PEM file",
    "bad decrypt": "the key has a password",
    "bad password read": "the key has a password",
    "unexpected eof": "it closed the connection during the handshake",
}

__all__ = ["CIPHERS", "HANDSHAKE_SECONDS", "client", "profile", "secured", "server", "valid_until", "words"]
