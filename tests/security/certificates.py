"""Certificates of a small hospital, made by the openssl program: an authority, its machines, and a stranger."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imgdash.model.security import Credentials
from tests.conftest import peer


@dataclass(frozen=True)
class Machine:
    """Certificate, key, and the authority that signed it."""

    certificate: Path
    key: Path
    authority: Path

    @property
    def credentials(self) -> Credentials:
        return Credentials(str(self.certificate), str(self.key), str(self.authority))

    @property
    def dcmtk(self) -> list[str]:
        """Options of DCMTK's programs."""
        return ["+tls", str(self.key), str(self.certificate), "+cf", str(self.authority)]

    def station(self, **more: Any) -> dict[str, Any]:
        """Settings of a station."""
        files = {"tls_certificate": self.certificate, "tls_key": self.key, "tls_ca": self.authority}
        return {name: str(path) for name, path in files.items()} | more


def openssl(*arguments: str | Path) -> None:
    command = [peer("openssl"), *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)


def authority(folder: Path, name: str) -> Path:
    """A new authority; its certificate."""
    folder.mkdir(parents=True, exist_ok=True)
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    openssl(
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout", key, "-out",
        certificate,
    )  # fmt: skip
    return certificate


def machine(signer: Path, name: str, *, host: str = "", days: int = 2) -> Machine:
    """A machine with a certificate signed by `signer`; with a host name in it, or only its own name."""
    folder = signer.parent
    certificate, key, request = (folder / f"{name}.{kind}" for kind in ("pem", "key", "csr"))
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", key, "-out", request)
    extensions = folder / f"{name}.ext"
    extensions.write_text(f"subjectAltName=IP:{host}\n" if host else "basicConstraints=CA:FALSE\n", encoding="ascii")
    openssl(
        "x509", "-req", "-in", request, "-CA", signer, "-CAkey", signer.with_suffix(".key"), "-CAcreateserial", "-days",
        str(days), "-extfile", extensions, "-out", certificate,
    )  # fmt: skip
    return Machine(certificate, key, signer)


@dataclass(frozen=True)
class Hospital:
    """Who is there."""

    station: Machine
    modality: Machine
    stranger: Machine
    """Signed by an authority of its own, but trusting ours: it is refused, it does not refuse."""
    expired: Machine


def hospital(folder: Path) -> Hospital:
    """Make them all."""
    ours, theirs = authority(folder, "ours"), authority(folder, "theirs")
    stranger = machine(theirs, "stranger")
    return Hospital(
        machine(ours, "station", host="127.0.0.1"),
        machine(ours, "modality"),
        Machine(stranger.certificate, stranger.key, ours),
        machine(ours, "expired", days=-1),
    )
