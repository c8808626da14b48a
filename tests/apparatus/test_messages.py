"""What is answered to those who ask whether we keep their images."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from imgdash.apparatus.messages import Messages
from imgdash.config import Site
from imgdash.request import Requests
from imgdash.store.files import Files
from imgdash.store.store import Store
from tests.apparatus.sites import radiograph
from tests.confirm import making
from tests.confirm.making import header, put


def test_an_image_that_was_acknowledged_is_held_before_it_is_registered(tmp_path: Path) -> None:
    files, store = Files(tmp_path), Store(tmp_path)
    nobody: Any = None
    try:
        messages = Messages(Site(), store, nobody, nobody, files)
        radiograph(files.incoming / "1-1-1.dcm", SOPInstanceUID="2.25.7")
        (files.incoming / "2-1-1.dcm").write_bytes(b"broken")
        assert messages.held("2.25.7")
        assert not messages.held("2.25.8")
        put(store, header("known", sop_instance_uid="2.25.8"))
        put(store, header("gone", sop_instance_uid="2.25.9", state="deleted"))
        assert messages.held("2.25.8")
        assert not messages.held("2.25.9")
    finally:
        store.close()


def test_a_step_that_is_read_again_after_a_crash_is_forwarded_once(tmp_path: Path) -> None:
    ris = {"name": "ris", "kind": "ris", "ae_title": "RIS58", "port": 1, "mpps": True}
    site, files, store = making.site(tmp_path, peer=[ris]), Files(tmp_path), Store(tmp_path)
    requests = Requests(store, site, files=files)
    nobody: Any = None
    said = {
        "service": "mpps-create", "calling_ae": "CR51", "called_ae": "IMGDASH", "host": "127.0.0.1",
        "sop_instance_uid": "1.2.8", "dataset": {"00400252": {"vr": "CS", "Value": ["IN PROGRESS"]}},
    }  # fmt: skip
    try:
        messages = Messages(site, store, nobody, requests, files)
        # The same twice under one name, as after a crash; under another name it was sent twice.
        for name in ("1-1-1.msg.json", "1-1-1.msg.json", "2-1-1.msg.json"):
            (path := files.incoming / name).write_text(json.dumps(said))
            messages.take(path)
            assert not path.exists()
        assert len(store.query("select 1 from notice")) == 2
        assert len(store.query("select 1 from journal where subject = 'step'")) == 2
        assert store.query("select state from step") == [{"state": "IN PROGRESS"}]
    finally:
        requests.stop()
        store.close()
