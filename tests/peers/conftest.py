"""One apparatus, and the machines of other makers around it: Orthanc, DCMTK's dcmqrscp, dcmjs-dimse."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from imgdash import Apparatus
from tests.apparatus.sites import site
from tests.conftest import missing
from tests.helpers import free_ports
from tests.output.conftest import program_runner

SCRIPT = Path(__file__).with_name("dcmjs.js")
NEEDED = "dcmjs-dimse@0.3.3"


@dataclass
class Hospital:
    """The apparatus, and the ports that its peers are to listen on."""

    apparatus: Apparatus
    orthanc: int
    dcmqrscp: int
    dcmjs: int

    @property
    def dicom(self) -> int:
        return self.apparatus.addresses["dicom"][1]

    @property
    def query(self) -> int:
        return self.apparatus.addresses["query"][1]


@pytest.fixture(scope="session")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    """Started once for all peers; images of each are known by their sender."""
    orthanc, dcmqrscp, dcmjs = free_ports(3)
    path = site(
        tmp_path_factory.mktemp("peers"),
        station={"query_port": 0, "receivers": 1, "workers": 1},
        peer=[
            {"name": "orthanc", "kind": "viewer", "ae_title": "ORTHANC", "port": orthanc},
            {"name": "qr", "kind": "modality", "ae_title": "QR51", "port": dcmqrscp, "resend": True},
            {"name": "dcmjs-viewer", "kind": "viewer", "ae_title": "DCMJS", "port": dcmjs},
        ],
        apparatus=[
            {"name": "DCMJS", "kind": "storage", "ae_title": "DCMJS", "port": dcmjs, "default": False,
             "iocm": False, "retry_cap_seconds": 1, "timeout_seconds": 5},
        ],
    )  # fmt: skip
    with Apparatus(path) as apparatus:
        yield Hospital(apparatus, orthanc, dcmqrscp, dcmjs)


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """``start([command, …], port=…)`` starts a program and waits until it listens."""
    with program_runner() as run:
        yield run


@pytest.fixture(scope="session")
def node() -> list[str]:
    """How to run the script."""
    program = shutil.which("node")
    if program is None:
        missing("node is not installed")
    command = [str(program), str(SCRIPT)]
    looked = subprocess.run([command[0], "-e", "require('dcmjs-dimse')"], capture_output=True, timeout=60, check=False)
    if looked.returncode:
        missing(f"no dcmjs-dimse: npm install --prefix DIR {NEEDED}, then NODE_PATH=DIR/node_modules")
    return command


@pytest.fixture
def dcmjs(node: list[str]) -> Callable[..., list[dict[str, Any]]]:
    """``dcmjs("send", port, called, …)``: its answers."""

    def ask(*arguments: object) -> list[dict[str, Any]]:
        command = [*node, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=os.environ)
        assert done.returncode == 0, done.stderr
        # Its log goes to stdout as well.
        answers: list[dict[str, Any]] = json.loads(done.stdout.strip().splitlines()[-1])
        return answers

    return ask
