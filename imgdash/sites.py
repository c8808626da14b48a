"""Site folders: the one that ``imgdash init`` makes, and the one of the demonstration."""

from __future__ import annotations

import re
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from imgdash import config
from imgdash.model import ImgdashError
from imgdash.store.conditions import Conditions
from imgdash.store.users import Users

# What the demonstration tries first; taken ones are replaced by free ones.
USUAL_PORTS = {"web": 5006, "dicom": 11112, "hl7": 2575}
_PORT = re.compile(r"(?<=port = )\d+")
DEMO_PASSWORD = "imgdash-demo"
DEMO_USERS = {"reviewer": "user", "physicist": "manager", "maker": "maker"}


def free_port(wanted: int = 0) -> int:
    """`wanted`, or any other port if it is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ImgdashError("No free port on 127.0.0.1.", "End something that listens.")


def move_ports(site_file: Path) -> dict[int, int]:
    """Give the machines of a demonstration that was kept other ports where somebody else listens at theirs by now.

    Returns
    -------
    dict
        Former port → the one in the site file now; of those that are free, none.
    """
    text = site_file.read_text(encoding="utf-8")
    known = {int(port) for port in _PORT.findall(text)} - {0}
    taken = {port for port in known if _taken(port)}
    if taken == known:
        # By this site, which is running: it says so itself.
        return {}
    moved: dict[int, int] = {}
    for port in sorted(taken):
        while (other := free_port()) in known | set(moved.values()):
            continue
        moved[port] = other
    if moved:
        site_file.write_text(
            _PORT.sub(lambda found: str(moved.get(int(found[0]), found[0])), text),
            encoding="utf-8",
        )
    return moved


def _taken(port: int) -> bool:
    # One that was closed a moment ago is free for who listens: what still waits on it for late packets is no matter.
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


@dataclass(frozen=True)
class NewSite:
    """A site folder that was made.

    Attributes
    ----------
    site_file
        Its site file.
    password_file
        Where the first manager's password was written (mode 600), or None if a person gave one.
    """

    site_file: Path
    password_file: Path | None


def init(folder: Path, manager: str = "manager", password: str | None = None, **station: Any) -> NewSite:
    """Make a site folder: site file, condition keys, first user.

    Parameters
    ----------
    password
        None makes one and writes it to a file.

    Raises
    ------
    ImgdashError
        If there is a site file already; nothing of it is touched.
    """
    site_file = folder / "site.toml"
    if site_file.exists():
        raise ImgdashError(f"{site_file} exists already.", "Serve it, or choose another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    text = tomli_w.dumps({"station": {"ae_title": "IMGDASH", "open_to": "loopback", **station}}) + _EXAMPLES
    site_file.write_text(_HEAD + text, encoding="utf-8")
    config.load(site_file)
    Conditions(folder / "conditions")
    password_file = None
    if password is None:
        password = secrets.token_urlsafe(12)
        password_file = folder / "first-password.txt"
        password_file.touch(mode=0o600)
        password_file.write_text(f"{manager} {password}\n", encoding="utf-8")
    Users(folder / "users.toml").add(manager, "manager", password)
    return NewSite(site_file, password_file)


def demo(folder: Path, web_port: int = USUAL_PORTS["web"]) -> Path:
    """Make the site folder of the demonstration: every machine of Fig. 1 on free ports of loopback."""
    folder.mkdir(parents=True, exist_ok=True)
    ports = {name: free_port(port) for name, port in {**USUAL_PORTS, "web": web_port}.items()}
    taken = set(ports.values())

    def another() -> int:
        while (port := free_port()) in taken:
            continue
        taken.add(port)
        return port

    def modality(name: str, **more: Any) -> dict[str, Any]:
        return {
            "name": name,
            "kind": "modality",
            "ae_title": name,
            "port": another(),
            "ups": True,
            "resend": True,
            **more,
        }

    content = {
        "station": {
            "ae_title": "IMGDASH",
            "institution": "Phantom Hospital",
            "dicom_port": ports["dicom"],
            "hl7_port": ports["hl7"],
            "web_port": ports["web"],
            "minimum_free_mb": 50,
        },
        "peer": [
            modality("CR51", unprocessed=True, sends_raw=False),
            modality("CR56", unprocessed=True, sends_raw=True),
            modality("DR60", unprocessed=True),
            modality("CT57"),
            modality("CT59"),
            {
                "name": "RIS58",
                "kind": "ris",
                "ae_title": "RIS58",
                "port": another(),
                "hl7_port": another(),
                "hl7_status": "ORU^R01",
                "worklist": True,
                "worklist_seconds": 5,
            },
        ],
        "apparatus": [
            {"name": "STORAGE54", "kind": "storage", "ae_title": "STORAGE54", "port": another()},
            {
                "name": "FILM55",
                "kind": "printer",
                "ae_title": "FILM55",
                "port": another(),
                "dpi": 100,
            },
        ],
        "requests": {
            "rules": [
                {"rule": "processing", "policy": "automatic", "to": "modality", "ask": "processed"},
                {"rule": "exposure", "policy": "automatic", "to": "ris", "ask": "reradiograph"},
                {"rule": "clipping", "policy": "proposed"},
                {"rule": "field", "policy": "proposed"},
                {"rule": "unreadable", "policy": "automatic", "to": "modality", "ask": "resend"},
            ]
        },
        "quality": [
            {"quantity": "mtf50", "low": 1.5},
            {"quantity": "nnps_1", "high": 2e-5},
            {"quantity": "nonuniformity", "high": 5.0},
            {"quantity": "dead_lines", "high": 0.0},
            {"quantity": "cnr", "low": 3.0},
        ],
    }
    site_file = folder / "site.toml"
    site_file.write_text(_HEAD + tomli_w.dumps(content), encoding="utf-8")
    config.load(site_file)
    Conditions(folder / "conditions")
    users = Users(folder / "users.toml")
    for name, role in DEMO_USERS.items():
        users.add(name, role, DEMO_PASSWORD)
    return site_file


_HEAD = "# The site file of imgdash. Check it with: imgdash doctor site.toml\n\n"
_EXAMPLES = """
# Who sends images and orders. Without `open_to` above only those named here may.
#
# [[peer]]
# name = "CR1"
# kind = "modality"        # modality, ris or viewer
# ae_title = "CR1"
# host = "192.0.2.10"
# port = 104
# ups = true               # takes requests for re-generation (UPS Push)
# resend = true            # can be asked to send an image again (C-MOVE)
#
# [[peer]]
# name = "RIS"
# kind = "ris"
# ae_title = "RIS"
# host = "192.0.2.20"
# port = 104
# worklist = true
# hl7_port = 2575          # takes re-radiographing orders
# hl7_status = "ORU^R01"   # is told what becomes of the images of its orders; off: it is not
# hl7_application = "RIS"  # what it calls itself in MSH-3, if not by its name or AE title
#
# Where images go: each has a queue of its own.
#
# [[apparatus]]
# name = "PACS"
# kind = "storage"         # storage or printer; a web storage and a folder stand below
# ae_title = "PACS"
# host = "192.0.2.30"
# port = 104
# charset = "ISO_IR 192"   # of the texts; keep: the sender's
# private_tags = "own"     # own: ours only in a processed image; keep: the sender's too; drop: none
#
# [[apparatus]]
# name = "CLOUD"
# kind = "web"             # DICOMweb, STOW-RS
# url = "https://pacs.example.org/dicom-web"
# authorization = "tls/cloud.txt"   # one line, for instance: Bearer abc; only over https
# tls_ca = "tls/theirs.pem"         # only where nobody well known has signed its certificate
#
# [[apparatus]]
# name = "SHARE"
# kind = "folder"          # DICOM files with a DICOMDIR
# path = "/mnt/share/dicom"
# default = false
#
# In [station]: where diagnostic and reference terminals may query and retrieve (name them as peers of kind
# "viewer", with the port where C-MOVE sends to), and secured connections with certificates on both sides.
#
# query_port = 11113
# dicom_tls_port = 2762    # also hl7_tls_port, query_tls_port
# tls_certificate = "tls/station.pem"
# tls_key = "tls/station.key"
# tls_ca = "tls/hospital.pem"
# tls_required = false     # true: nothing in the clear
#
# In a [[peer]] or [[apparatus]]: tls = true
#
# When an image is not good enough: automatic, proposed or off, for each rule.
#
# [[requests.rules]]
# rule = "processing"
# policy = "proposed"
# to = "modality"
#
# Within what the numbers of a modality's quality control have to lie; without `sender` for all of them. Quantities:
# mtf50, mtf20 (1/mm), mtf_half_nyquist (%), nnps_0_5, nnps_1, nnps_2 (mm²), snr, nonuniformity (%), dead_pixels,
# dead_lines, steps, cnr, snr_dark.
#
# [[quality]]
# quantity = "mtf50"
# sender = "DR1"
# low = 1.5
"""
