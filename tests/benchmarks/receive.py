"""Images acknowledged per second: ours beside storescp --fork, Orthanc and a bare pynetdicom SCP.

    python -m tests.benchmarks.receive [--quick] [--rounds N] [--servers ours,storescp,orthanc,pynetdicom]

The sender is DCMTK's storescu, one process for each association. The servers take turns within each round, each
freshly started on an empty folder; all agree on the same PDU size. Ours alone syncs every file and the folder.
Prints one line of JSON: median images/s, and ours in proportion to each other.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ComputedRadiographyImageStorage, CTImageStorage, ExplicitVRLittleEndian, generate_uid

from imgdash.config import parse
from imgdash.receive import Receivers

PDU = 131_072
NODELAY = os.environ | {"TCP_NODELAY": "1"}
# name → SOP class, side of the square image, how many (quick: the second).
LOADS = {
    "cr_9.7MB": (ComputedRadiographyImageStorage, 2202, (40, 16)),
    "ct_0.5MB": (CTImageStorage, 512, (400, 80)),
}


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--quick", action="store_true", help="fewer images")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--associations", default="1,4,8")
    options.add_argument("--servers", default=",".join(SERVERS))
    options.add_argument("--loads", default=",".join(LOADS))
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="imgdash-benchmark-") as folder:
        print(json.dumps(measure(Path(folder), chosen)))


def measure(folder: Path, chosen: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Run every load at every number of associations; ``{"cr_9.7MB x4": {"ours": …, "ours/orthanc": …}}``."""
    servers = chosen.servers.split(",")
    table = {}
    for load in chosen.loads.split(","):
        for associations in map(int, chosen.associations.split(",")):
            shares = _images(folder / f"{load}-{associations}", load, associations, quick=chosen.quick)
            rates: dict[str, list[float]] = {name: [] for name in servers}
            for turn in range(chosen.rounds):
                # Whoever comes first in one round comes last in the next.
                for name in servers[turn % len(servers) :] + servers[: turn % len(servers)]:
                    rates[name].append(_rate(SERVERS[name], folder / "received", shares))
            row = {name: round(statistics.median(values), 1) for name, values in rates.items()}
            ratios = {f"ours/{name}": round(row["ours"] / row[name], 2) for name in servers if name != "ours"}
            table[f"{load} x{associations}"] = row | ratios
            print(load, associations, row | ratios, file=sys.stderr)
            shutil.rmtree(folder / f"{load}-{associations}")
    return table


def _images(folder: Path, load: str, associations: int, *, quick: bool) -> list[list[str]]:
    sop_class, side, counts = LOADS[load]
    rng = np.random.default_rng(7)
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = UID(sop_class)
    ds.PatientID, ds.PatientName, ds.StudyInstanceUID, ds.SeriesInstanceUID = (
        "B",
        "Bench^Mark",
        generate_uid(),
        generate_uid(),
    )
    ds.Modality, ds.Rows, ds.Columns = load[:2].upper(), side, side
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PixelRepresentation = 1, "MONOCHROME2", 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, 12, 11
    ds.PixelData = rng.integers(0, 4096, (side, side), "u2").tobytes()
    shares: list[list[str]] = [[] for _ in range(associations)]
    folder.mkdir()
    for number in range(counts[1] if quick else counts[0]):
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        path = folder / f"{number}.dcm"
        ds.save_as(path, enforce_file_format=True)
        shares[number % associations].append(str(path))
    return shares


def _rate(server: Callable[[Path, int], AbstractContextManager[None]], folder: Path, shares: list[list[str]]) -> float:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with server(folder, port):
        _wait_for_echo(port)
        started = time.perf_counter()
        senders = [
            subprocess.Popen(["/usr/bin/storescu", "-aec", "IMGDASH", "127.0.0.1", str(port), *share], env=NODELAY)
            for share in shares
        ]
        failed = [sender.wait() for sender in senders]
        seconds = time.perf_counter() - started
        if any(failed):
            raise SystemExit(f"{server.__name__}: a sender failed")
    return sum(map(len, shares)) / seconds


def _wait_for_echo(port: int) -> None:
    echo = ["/usr/bin/echoscu", "-aec", "IMGDASH", "127.0.0.1", str(port)]
    deadline = time.monotonic() + 20
    # Several, so that each of several processes has come up.
    for _ in range(4):
        while subprocess.run(echo, stderr=subprocess.DEVNULL, check=False).returncode:
            if time.monotonic() > deadline:
                raise SystemExit("a server did not come up")
            time.sleep(0.1)


@contextmanager
def ours(folder: Path, port: int) -> Iterator[None]:
    """Receiver processes as the apparatus starts them."""
    site = parse({"station": {"dicom_port": port, "open_to": "loopback"}}, folder / "site.toml")
    with Receivers(site, on_file=lambda name: None):
        yield


@contextmanager
def storescp(folder: Path, port: int) -> Iterator[None]:
    """DCMTK, a process for each association."""
    with _running(["/usr/bin/storescp", "--fork", "--max-pdu", str(PDU), "-od", str(folder), str(port)]):
        yield


@contextmanager
def orthanc(folder: Path, port: int) -> Iterator[None]:
    """Orthanc with its defaults, but for what keeps it from accepting and from big PDUs."""
    configuration = {
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "DicomAet": "IMGDASH",
        "DicomPort": port,
        "HttpServerEnabled": False,
        "DicomAlwaysAllowStore": True,
        "DicomAlwaysAllowEcho": True,
        "MaximumPduLength": PDU,
        "Plugins": [],
    }
    (folder / "orthanc.json").write_text(json.dumps(configuration))
    with _running(["/usr/sbin/Orthanc", str(folder / "orthanc.json")]):
        yield


@contextmanager
def pynetdicom(folder: Path, port: int) -> Iterator[None]:
    """The library's own SCP with the shortest handler that stores the bytes."""
    with _running([sys.executable, "-c", _BARE, str(folder), str(port), str(PDU)]):
        yield


_BARE = """
import sys
from pynetdicom import AE, AllStoragePresentationContexts, ALL_TRANSFER_SYNTAXES, evt
folder, port, pdu = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
def store(event):
    with open(f"{folder}/{event.request.AffectedSOPInstanceUID}", "wb") as file:
        file.write(event.encoded_dataset())
    return 0
ae = AE()
ae.maximum_pdu_size = pdu
ae.maximum_associations = 50
ae.supported_contexts = AllStoragePresentationContexts
ae.add_supported_context("1.2.840.10008.1.1")
ae.start_server(("127.0.0.1", port), evt_handlers=[(evt.EVT_C_STORE, store)])
"""


@contextmanager
def _running(command: list[str]) -> Iterator[None]:
    process = subprocess.Popen(command, env=NODELAY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


SERVERS = {"ours": ours, "storescp": storescp, "orthanc": orthanc, "pynetdicom": pynetdicom}

if __name__ == "__main__":
    main()
