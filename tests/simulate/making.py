"""What several tests of the simulated machines need."""

from __future__ import annotations

import subprocess
from datetime import datetime
from pathlib import Path

from pydicom.dataset import Dataset

from imgdash.model import Order, Patient
from imgdash.simulate import images
from imgdash.simulate.booking import Booking, Entry
from imgdash.simulate.image_header import Station, Step
from imgdash.simulate.machine import Address
from imgdash.simulate.phantom import Exposure, radiograph

HOST = "127.0.0.1"
PATIENT = Patient("PH7", "Mokei^Tarou=模型^太郎=もけい^たろう", "M", "19500101")


def address(ae_title: str, port: int = 0) -> Address:
    return Address(ae_title, HOST, port)


def booking(
    number: int = 1, station: str = "CR51", *, side: str = "R", code: str = "HANDPA", kind: str = "CR"
) -> Booking:
    order = Order(
        order_id=f"O{number}", accession=f"A{number}", patient=PATIENT, placer_number=f"P{number}",
        filler_number=f"F{number}", procedure_code=code, procedure_text="Hand PA right", step_id=f"S{number}",
        study_uid=f"1.2.3.{number}", modality=kind, station_ae=station, body_part="HAND", view="PA",
        physician="Referrer^Ada", indication="Fall", scheduled_at=datetime(2026, 1, 2, 8, 30),
    )  # fmt: skip
    return Booking(order, "R", ("", "ISO 2022 IR 87"))


def exposure(body_part: str = "HAND", view: str = "PA", side: str = "R", **more: object) -> Exposure:
    return radiograph(body_part, view, seed=4, side=side, pitch_mm=0.8, **more)  # type: ignore[arg-type]


def image(kind: str = "CR", *, unprocessed: bool = False) -> Dataset:
    """A small image of a simulated modality."""
    entry = Entry.of(booking(kind=kind).worklist_entry())
    step = Step(entry, "1.2.4", "1.2.5", datetime.now(), "HAND", "PA", "R")
    return images.projection(Station("CR51", kind, "Phantom"), step, exposure(), unprocessed=unprocessed)


def run(*command: str | Path, within: float = 30) -> str:
    """Run a peer's program to its end; returns what it said."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=within, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
