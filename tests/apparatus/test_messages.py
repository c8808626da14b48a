"""What is answered to those who ask whether we keep their images."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

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


@pytest.fixture
def steps(tmp_path: Path) -> Iterator[Steps]:
    ris = {"name": "ris", "kind": "ris", "ae_title": "RIS58", "port": 1, "mpps": True}
    site, files, store = making.site(tmp_path, peer=[ris]), Files(tmp_path), Store(tmp_path)
    requests = Requests(store, site, files=files)
    nobody: Any = None
    try:
        yield Steps(Messages(site, store, nobody, requests, files), files, store)
    finally:
        requests.stop()
        store.close()


@dataclass
class Steps:
    """What modalities say of their steps, and what is kept and forwarded of it."""

    messages: Messages
    files: Files
    store: Store

    def say(self, name: str, service: str, state: str, **more: str) -> None:
        """One message of the step 1.2.8; `more` are attributes by their tags."""
        dataset = {"00400252": state, **more}
        said = {
            "service": service, "calling_ae": "CR51", "called_ae": "IMGDASH", "host": "127.0.0.1",
            "sop_instance_uid": "1.2.8",
            "dataset": {tag: {"vr": "CS", "Value": [value]} for tag, value in dataset.items() if value},
        }  # fmt: skip
        path = self.files.incoming / f"{name}.msg.json"
        path.write_text(json.dumps(said))
        self.messages.take(path)
        assert not path.exists()

    def known(self) -> tuple[str, str]:
        (row,) = self.store.query("select state, modality from step")
        return row["state"], row["modality"]

    def forwarded(self) -> list[str]:
        return [row["what"].split(": ")[-1] for row in self.store.query("select what from notice order by created_at")]

    def ignored(self) -> list[str]:
        return [row["why"] for row in self.store.query("select why from journal where event = 'ignored' order by seq")]


def test_a_step_that_is_read_again_after_a_crash_is_forwarded_once(steps: Steps) -> None:
    for _ in range(2):
        steps.say("1-1-1", "mpps-create", "IN PROGRESS")
    assert steps.forwarded() == ["in progress"]
    assert len(steps.store.query("select 1 from journal where subject = 'step'")) == 1
    assert steps.ignored() == []


@pytest.mark.parametrize("final", ["COMPLETED", "DISCONTINUED"])
def test_what_is_final_is_not_changed_and_it_is_said(steps: Steps, final: str) -> None:
    steps.say("1-1-1", "mpps-create", "IN PROGRESS", **{"00080060": "CR"})
    steps.say("2-1-1", "mpps-set", "IN PROGRESS")
    steps.say("3-1-1", "mpps-set", final)
    for number, state in enumerate(("DISCONTINUED", "COMPLETED", "IN PROGRESS", "")):
        steps.say(f"4-1-{number}", "mpps-set", state, **{"00080060": "DX"})
    assert steps.known() == (final, "CR")
    assert steps.forwarded() == ["in progress", "in progress", final.lower()]
    assert steps.ignored() == [f"the step is {final.lower()} and can no longer be updated"] * 4


def test_a_step_is_begun_once(steps: Steps) -> None:
    steps.say("1-1-1", "mpps-create", "IN PROGRESS", **{"00080060": "CR"})
    steps.say("2-1-1", "mpps-create", "IN PROGRESS", **{"00080060": "DX"})
    assert steps.known() == ("IN PROGRESS", "CR")
    assert steps.forwarded() == ["in progress"]
    assert steps.ignored() == ["the step was begun before under this UID"]


def test_a_beginning_that_was_overtaken_tells_what_it_alone_knows(steps: Steps) -> None:
    steps.say("2-1-1", "mpps-set", "COMPLETED")
    steps.say("1-1-1", "mpps-create", "IN PROGRESS", **{"00080060": "CR"})
    assert steps.known() == ("COMPLETED", "CR")
    assert steps.forwarded() == ["completed"]


def test_an_update_without_state_of_a_step_that_is_not_known_yet(steps: Steps) -> None:
    steps.say("2-1-1", "mpps-set", "", **{"00080060": "CR"})
    assert steps.known() == ("IN PROGRESS", "CR")
    steps.say("1-1-1", "mpps-create", "IN PROGRESS")
    assert steps.forwarded() == ["changed", "in progress"]
