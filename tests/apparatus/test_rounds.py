"""Issue 3's loop: five rounds through modality and HIS/RIS in turn, under every fault, and no hand touches it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from pydicom.uid import DigitalXRayImageStorageForProcessing

from imgdash import config
from imgdash.apparatus import Apparatus
from imgdash.apparatus.comparison import Compared
from imgdash.model import ImageHeader, Request
from imgdash.simulate.acquisition import Plan
from imgdash.simulate.faults import KINDS
from imgdash.simulate.image_header import Station
from imgdash.simulate.machine import Address, Machine
from imgdash.simulate.modality import Modality, Surroundings
from imgdash.simulate.printer import Printer
from imgdash.simulate.ris import Ris
from imgdash.simulate.storage import Storage
from tests.helpers import free_ports, wait_until
from tests.simulate.making import HOST, booking

PATIENCE: Final = 0.5
LATE: Final = 0.6
# An exposure that nobody can see to be too weak before it is processed well: then it must be made again.
UNSEEN: Final = ("ExposureIndex", "TargetExposureIndex", "DeviationIndex")
FIRST_EXPOSURES: Final = (
    Plan(squeeze=True, faults=("under exposed",), missing=UNSEEN),
    Plan(squeeze=True, faults=("under exposed",), missing=UNSEEN),
    Plan(squeeze=True, missing=UNSEEN),
)


@dataclass
class Hospital:
    apparatus: Apparatus
    modality: Modality
    ris: Ris
    storage: Storage
    film: Printer

    @property
    def machines(self) -> dict[str, Machine]:
        return {"DR60": self.modality, "RIS58": self.ris, "STORAGE54": self.storage, "FILM55": self.film}

    def order(self, *faults: tuple[str, str, str]) -> None:
        for machine, service, kind in faults:
            status = 0x0110 if (service, kind) == ("ups", "refuse") else 0
            self.machines[machine].conduct.order(service, kind, status=status, seconds=LATE)  # type: ignore[arg-type]


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[Hospital]:
    """Every machine of Fig. 1 once, with little patience."""
    modality, ris, hl7, storage, film, own = free_ports(6)
    patience = {"timeout_seconds": PATIENCE}
    again = {"retry_seconds": 0.05, "retry_cap_seconds": 0.2}
    content: dict[str, Any] = {
        "station": {"dicom_port": own, "hl7_port": 0, "receivers": 1, "workers": 1},
        "peer": [
            {"name": "DR60", "kind": "modality", "ae_title": "DR60", "port": modality, "ups": True,
             "unprocessed": True, **patience},
            {"name": "RIS58", "kind": "ris", "ae_title": "RIS58", "port": ris, "hl7_port": hl7, **patience},
        ],
        "apparatus": [
            {"name": "STORAGE54", "kind": "storage", "ae_title": "STORAGE54", "port": storage,
             "commitment_seconds": 1, **patience, **again},
            {"name": "FILM55", "kind": "printer", "ae_title": "FILM55", "port": film, "dpi": 50, **patience, **again},
        ],
        "requests": {
            "look_seconds": 0.2,
            "attempts": 50,
            "rules": [
                {"rule": "processing", "policy": "automatic", "ask": "unprocessed"},
                {"rule": "exposure", "policy": "automatic"},
            ],
            **again,
        },
    }  # fmt: skip
    site = config.parse(content, tmp_path / "site.toml")
    seen: list[str] = []

    def plan(accession: str) -> Plan:
        seen.append(accession)
        return FIRST_EXPOSURES[len(seen) - 1]

    with ExitStack() as stack:
        apparatus = stack.enter_context(Apparatus(site))
        here = Address("IMGDASH", HOST, own)
        ris58 = Ris(Address("RIS58", HOST, ris), hl7, apparatus.addresses["hl7"], "OMG^O19")
        cr51 = Modality(
            Address("DR60", HOST, modality), Station("DR60", "DX", "Phantom"), Surroundings(here, ris58.address),
            tmp_path / "DR60", plan=plan, poll_seconds=0.2,
        )  # fmt: skip
        storage54 = Storage(Address("STORAGE54", HOST, storage), tmp_path / "STORAGE54", {"IMGDASH": here})
        film55 = Printer(Address("FILM55", HOST, film), tmp_path / "FILM55")
        made = Hospital(apparatus, cr51, ris58, storage54, film55)
        for machine in made.machines.values():
            stack.enter_context(machine)
        yield made


def trouble(hospital: Hospital) -> None:
    """Each fault once with each machine, wherever the loop must get over it by itself.

    Not among them is what leads elsewhere: a refusal for good (to HIS/RIS, tests/request), and a film whose printing
    was not acknowledged, of which a person must say whether it lies in the tray (F4).
    """
    # Says that it has the work item and has it not: the subscription finds out.
    for kind in ("wrong answer", "refuse", "drop", "late ack", "slow"):
        hospital.order(("DR60", "ups", kind), ("RIS58", "hl7-order", kind))
    for kind in KINDS:
        hospital.order(
            ("RIS58", "c-find", kind),
            ("FILM55", "n-create", kind),
        )
    # Says that it has the image and has it not: the commitment finds out, and it is sent again into more trouble.
    for kind in ("wrong answer", "refuse", "drop", "late ack", "slow"):
        hospital.order(("STORAGE54", "c-store", kind))
    hospital.order(
        ("DR60", "n-get", "drop"),
        ("DR60", "n-get", "wrong answer"),
        ("DR60", "ups-report", "drop"),
        ("DR60", "ups-report", "wrong answer"),
        ("DR60", "workitem", "slow"),
        ("DR60", "workitem", "late ack"),
        ("RIS58", "n-create", "drop"),
        ("RIS58", "n-set", "refuse"),
        ("STORAGE54", "n-action", "refuse"),
        ("STORAGE54", "commitment-report", "drop"),
    )


def test_five_rounds_under_every_fault_end_confirmed(hospital: Hospital) -> None:
    trouble(hospital)
    apparatus = hospital.apparatus
    hospital.ris.book(booking(1, "DR60", kind="DX"))

    def fit() -> ImageHeader | None:
        return next((image for image in apparatus.images("awaiting") if image.judgement.fit), None)

    wait_until(lambda: apparatus.images(where="round = 2"), within=60)
    hospital.order(("DR60", "n-action", "refuse"))
    good = wait_until(fit, within=60)
    apparatus.confirm(good.image_id, "reviewer")
    wait_until(lambda: apparatus.image(good.image_id).state == "delivered", within=60)

    rounds = apparatus.history(good.image_id)
    assert [image.round for image in rounds] == [0, 1, 2, 3, 4, 5]
    assert [image.state for image in rounds] == ["replaced"] * 5 + ["delivered"]
    assert len({image.sop_instance_uid for image in rounds}) == 6
    requests: list[Request] = sorted(apparatus.requests(), key=lambda request: request.round)
    assert [request.to for request in requests] == ["modality", "ris", "modality", "ris", "modality"]
    assert [request.state for request in requests] == ["superseded"] * 4 + ["satisfied"]
    assert {request.by for request in requests} == {"imgdash"}
    assert [request.answer for request in requests] == [image.image_id for image in rounds[1:]]
    # What was ordered to go wrong did, and nothing came of it twice.
    left = {
        f"{name} {fault.service} {fault.kind}"
        for name, machine in hospital.machines.items()
        for fault in machine.conduct.table
        if not fault.happened
    }
    assert left == set()
    assert len(hospital.film.films) == 1
    assert hospital.storage.status()["stored"] == 1
    assert hospital.ris.status()["reordered"] == 2
    assert sum(hospital.modality.status()["workitems"].values()) == 3
    _told(hospital, requests)
    _compared(hospital, requests[-1], good)


def _compared(hospital: Hospital, request: Request, good: ImageHeader) -> None:
    """The unprocessed image was processed here, and is beside what the modality made of the same exposure (R3)."""
    assert good.sop_class_uid == DigitalXRayImageStorageForProcessing
    assert good.parameters["unprocessed"] is True

    def named() -> Compared | None:
        found = hospital.apparatus.compared(request.request_id)
        return found if found and found.parameters else None

    # What the modality did is told with the end of its work item, which may come after the image.
    compared = wait_until(named)
    assert (compared.theirs, compared.ours) == (request.image_id, good.image_id)
    theirs = {label: (one, other) for label, one, other in compared.parameters}
    ours = hospital.apparatus.chain(good.image_id).flat()["gradation.contrast"]
    assert next(pair for label, pair in theirs.items() if "ontrast" in label) == (1.0, ours)
    former, now = (hospital.apparatus.preview(image_id) for image_id in (compared.theirs, compared.ours))
    assert former.std() < now.std()


def _told(hospital: Hospital, requests: list[Request]) -> None:
    """The history can be read: one chain of rounds with the trouble on the way, as the page shows it."""
    assert all(request.answered_at for request in requests)
    (chain,) = hospital.apparatus.traffic.chains(view="all").chains
    assert [request.request_id for request in chain.requests] == [request.request_id for request in requests]
    assert (chain.live, chain.person) == (False, False)
    whys = " ".join(row["why"] for row in hospital.apparatus.journal("request", limit=5000))
    for words in (
        "refused the work item with status 0x0110",
        "said that it took the work item, and does not know it",
        "gave no answer to the work item",
        "rejected the order (AR)",
        "not ours",
        "closed the connection without an HL7 answer",
        "HIS/RIS issued order",
    ):
        assert words in whys
