"""A modality that only has query and retrieve sends its image once more, as it is (C-MOVE to ourselves, R1)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from imgdash.model import Actor
from imgdash.request import Requests
from imgdash.simulate.image_header import Station
from imgdash.simulate.modality import Modality, Surroundings
from imgdash.simulate.ris import Ris
from imgdash.simulate.storage import Storage
from imgdash.store.store import Store
from tests.confirm import making
from tests.confirm.making import header, put
from tests.helpers import wait_until
from tests.simulate.making import address, booking


def test_the_same_image_comes_again(
    store: Store, requests_of: Callable[..., Requests], user: Actor, tmp_path: Path
) -> None:
    with Ris(address("RIS58")) as ris, Storage(address("IMGDASH"), tmp_path / "received") as received:
        around = Surroundings(received.address, ris.address)
        with Modality(address("CR51"), Station("CR51", "CR", ""), around, tmp_path / "cr", poll_seconds=0.05) as cr51:
            ris.book(booking(1))
            held = wait_until(lambda: received.archive.select(Dataset()))[0]
            before = held.path.read_bytes()
            held.path.unlink()
            peers: list[dict[str, Any]] = [
                {"name": "cr", "kind": "modality", "ae_title": "CR51", "port": cr51.address.port, "resend": True,
                 "timeout_seconds": 3},
                {"name": "ris", "kind": "ris", "hl7_port": 1, "timeout_seconds": 1},
            ]  # fmt: skip
            requests = requests_of(making.site(tmp_path, peer=peers))
            values = held.values
            broken = put(
                store,
                header(
                    "broken",
                    state="quarantined",
                    sop_instance_uid=held.sop_instance_uid,
                    study_uid=values["StudyInstanceUID"],
                    series_uid=values["SeriesInstanceUID"],
                ),
            )
            # The first time the connection breaks, the second time nothing is sent although all is said to be well.
            cr51.conduct.order("c-move", "drop")
            asked = requests.create(broken.image_id, user, reason="UNREADABLE")
            wait_until(lambda: store.request(asked.request_id).state == "sent")
            assert held.path.read_bytes() == before
            # What arrives may differ from what was broken on the way: it is known by its UID.
            whole = put(store, header("whole", sop_instance_uid=held.sop_instance_uid))
            match = requests.match(whole, Dataset())
            assert match is not None
            requests.answered(match.request, whole)
            assert (store.image(broken.image_id).state, store.image(whole.image_id).round) == ("replaced", 1)


@pytest.mark.parametrize("kind", ["refuse", "wrong answer"])
def test_what_it_cannot_send_is_ordered_anew(
    store: Store, requests_of: Callable[..., Requests], user: Actor, tmp_path: Path, kind: Any
) -> None:
    with (
        Storage(address("IMGDASH"), tmp_path / "received") as received,
        Modality(address("CR51"), Station("CR51", "CR", ""), Surroundings(received.address), tmp_path / "cr") as cr51,
    ):
        cr51.conduct.order("c-move", kind, None, status=0xA801)
        peers: list[dict[str, Any]] = [
            {"name": "cr", "kind": "modality", "ae_title": "CR51", "port": cr51.address.port, "resend": True},
            {"name": "ris", "kind": "ris", "hl7_port": 1, "timeout_seconds": 1},
        ]
        requests = requests_of(making.site(tmp_path, peer=peers))
        asked = requests.create(put(store, header("broken", state="quarantined")).image_id, user, reason="UNREADABLE")
        wait_until(lambda: store.request(asked.request_id).to == "ris")
    why = store.query("select why from journal where id = ? and event = 'refuse'", [asked.request_id])[0]["why"]
    assert ("0xa801" if kind == "refuse" else "no longer has the image") in why, why
