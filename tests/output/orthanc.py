"""Debian's Orthanc in a folder of the test, asked through its REST interface."""

from __future__ import annotations

import json
import socket
import urllib.request
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom


class Orthanc:
    """One Orthanc."""

    def __init__(self, http_port: int) -> None:
        self.url = f"http://127.0.0.1:{http_port}"

    def get(self, path: str) -> Any:
        """JSON, or bytes of a file."""
        return self._ask(self.url + path)

    def post(self, path: str, content: Any) -> Any:
        """The answer to JSON, or to bytes as they are."""
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        return self._ask(urllib.request.Request(self.url + path, data))

    def delete(self, path: str) -> Any:
        """Remove something."""
        return self._ask(urllib.request.Request(self.url + path, method="DELETE"))

    def _ask(self, request: Any) -> Any:
        with urllib.request.urlopen(request, timeout=30) as answer:
            body = answer.read()
            return json.loads(body) if "json" in answer.headers["Content-Type"] else body

    def datasets(self) -> list[pydicom.FileDataset]:
        """Every stored instance as a data set."""
        return [pydicom.dcmread(BytesIO(self.get(f"/instances/{name}/file"))) for name in self.get("/instances")]


def start(program: Callable[..., Any], folder: Path, port: int, ours: int = 1, **settings: Any) -> Orthanc:
    """Start one with its DICOM server on `port`; `ours` is where it finds us as ``imgdash``."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        http_port = int(probe.getsockname()[1])
    folder.mkdir()
    content = {
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "Plugins": [],
        "HttpServerEnabled": True,
        "HttpPort": http_port,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "DicomServerEnabled": True,
        "DicomAet": "ORTHANC",
        "DicomPort": port,
        "DicomModalities": {"imgdash": ["IMGDASH", "127.0.0.1", ours]},
        **settings,
    }
    (folder / "orthanc.json").write_text(json.dumps(content), encoding="utf-8")
    program("orthanc", "orthanc.json", port=port, cwd=folder)
    return Orthanc(http_port)
