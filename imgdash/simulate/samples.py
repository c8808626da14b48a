"""Unprocessed radiographs of several phantoms, without a hospital around them: to tune on, to try things with."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from imgdash.model import Order
from imgdash.simulate import images
from imgdash.simulate.booking import Booking, Entry
from imgdash.simulate.catalogue import PHANTOM_VIEW, PROCEDURES, person
from imgdash.simulate.delivery import store
from imgdash.simulate.image_header import Station, Step
from imgdash.simulate.machine import Address
from imgdash.simulate.phantom import radiograph

SENDER = "PHANTOM"


def cohort(
    body_part: str,
    view: str,
    count: int,
    *,
    patients: int = 0,
    seed: int = 0,
    pitch_mm: float = 0.4,
    side: str = "",
) -> list[Dataset]:
    """DX images For Processing of different phantoms: linear in detector air kerma, 100 counts for each µGy.

    Parameters
    ----------
    body_part, view
        As in `imgdash.simulate.catalogue.PROCEDURES`, e.g. ``"CHEST", "PA"``.
    patients
        Of so many phantoms, one after another; by itself each image is of another one. Fewer are made sooner.
    pitch_mm
        Detector pitch.
    side
        For paired regions.

    Raises
    ------
    ValueError
        For a region and view that nobody orders.
    """
    known = [procedure for procedure in PROCEDURES if (procedure.body_part, procedure.view) == (body_part, view)]
    if not known:
        parts = ", ".join(f"{procedure.body_part} {procedure.view}" for procedure in PROCEDURES if procedure.view)
        raise ValueError(f"no phantom of {body_part!r} {view!r}: there are {parts}")
    station, made = Station(SENDER, "DX", "Phantom Hospital"), []
    for number in range(count):
        patient = number % (patients or count)
        order = Order(
            order_id=f"S{number}",
            accession=f"S{seed}-{number}",
            patient=person(patient, seed).patient,
            procedure_code=known[0].code,
            procedure_text=known[0].text,
            study_uid=generate_uid(prefix=None),
            modality="DX",
            filler_number=f"S{number}",
        )
        step = Step(
            entry=Entry.of(Booking(order, side=side).worklist_entry()),
            mpps_uid="",
            series_uid=str(generate_uid(prefix=None)),
            begun=datetime.now(),
            body_part=body_part,
            view=view,
            side=side,
        )
        exposure = radiograph(
            body_part, PHANTOM_VIEW.get(view, view), seed=seed + patient, side=side, pitch_mm=pitch_mm, number=number
        )
        made.append(images.projection(station, step, exposure, unprocessed=True, number=1))
    return made


def send(datasets: Sequence[Dataset], to: tuple[str, int], ae_title: str = "IMGDASH") -> None:
    """C-STORE them to an apparatus, ``apparatus.addresses["dicom"]``."""
    store(SENDER, Address(ae_title, *to), datasets, threading.Event())
