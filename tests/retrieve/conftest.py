"""An archive with a few images, its query server on a free port, and DCMTK's programs to ask it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from imgdash.config import Site, parse
from imgdash.model import Event, ImageHeader
from imgdash.output.as_received import corrected
from imgdash.retrieve import QueryServer
from imgdash.store.files import Files, content_id
from imgdash.store.header import columns, read
from imgdash.store.image_rows import image_columns
from imgdash.store.store import Store
from tests.conftest import peer
from tests.store.domain import WHEN

# Two DCMTK programs, or one with a small answer, wait for each other otherwise.
ENVIRONMENT = {**os.environ, "TCP_NODELAY": "1"}


@dataclass
class Archive:
    """What is held, and who offers it."""

    site: Site
    store: Store
    files: Files
    server: QueryServer

    @property
    def port(self) -> int:
        return self.server.addresses["query"][1]

    def put(self, ds: Dataset, state: str = "awaiting", **changes: Any) -> str:
        """Register a data set with file meta information as if it had been received."""
        arrived = self.files.incoming / "1-1-1.dcm"
        ds.save_as(arrived, enforce_file_format=True)
        record = read(arrived)
        image_id = content_id(arrived, record.offset)
        path = self.files.keep(arrived, image_id)
        self.files.done(arrived)
        number = 1 + len(self.store.images())
        header = ImageHeader(
            image_id=image_id,
            number=number,
            state=state,
            file=str(path.relative_to(self.files.folder)),
            received_at=WHEN,
            **{**columns(record), **changes},
        )
        self.store.write(lambda change: change.emit(Event("image", image_id, "register", image_columns(header))))
        return image_id

    def ask(self, program: str, *arguments: str, calling: str = "VIEWER") -> subprocess.CompletedProcess[str]:
        """Run one of DCMTK's query programs."""
        command = [peer(program), "-v", "-aet", calling, "-aec", "IMGDASH", *arguments, "127.0.0.1", str(self.port)]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False, env=ENVIRONMENT, errors="replace"
        )

    def find(self, level: str, *keys: str, model: str = "-S") -> list[dict[str, str]]:
        """The answers of findscu, keyword → value as dcmdump shows it."""
        arguments = [model, "-k", f"QueryRetrieveLevel={level}"]
        for key in keys:
            arguments += ["-k", key]
        done = self.ask("findscu", *arguments)
        assert done.returncode == 0, done.stderr
        return answers(done.stdout + done.stderr)


def answers(said: str) -> list[dict[str, str]]:
    """What findscu printed of each response."""
    found: list[dict[str, str]] = []
    for line in said.splitlines():
        if "Find Response:" in line:
            found.append({})
        element = re.match(r"I: \([0-9a-f,]+\) \w\w (.*?)\s+#\s+\d+, *\d+ (\w+)", line)
        if element and found:
            value = element[1].strip()
            found[-1][element[2]] = "" if "no value" in value else value.strip("[]").rstrip("\0 ")
    return found


@contextmanager
def opened(folder: Path, *peers: dict[str, Any], **station: Any) -> Iterator[Archive]:
    """An archive in a folder, listening."""
    settings = {"query_port": 0, "open_to": "loopback", "name": "QC"} | station
    site = parse({"station": settings, "peer": list(peers)}, folder / "site.toml")
    store, files = Store(site.folder), Files(site.folder)
    server = QueryServer(site, store, files, corrected=lambda path, header: corrected(path, header, site.station))
    try:
        with server:
            yield Archive(site, store, files, server)
    finally:
        store.close()


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Callable[..., Archive]]:
    with ExitStack() as stack:
        yield lambda *peers, **station: stack.enter_context(opened(tmp_path, *peers, **station))
