"""A modality's quality control: a series of edge plate, flat field and step wedge as DX images For Processing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from imgdash.config import Site
from imgdash.model import ImgdashError, Order, Patient
from imgdash.simulate import images, targets
from imgdash.simulate.booking import Booking, Entry
from imgdash.simulate.delivery import store
from imgdash.simulate.image_header import Station, Step
from imgdash.simulate.machine import Address
from imgdash.simulate.peers import kind_of
from imgdash.simulate.phantom import Exposure, Truth
from imgdash.simulate.targets import Panel, Pixels

PHYSICIST: Final = "Physicist^Simulated"
# What each image is called, and at which dose it is made.
OBJECTS: Final[tuple[tuple[str, Callable[..., Pixels], float], ...]] = (
    ("QC edge plate", targets.edge_plate, 8.0),
    ("QC flat field", targets.flat_field, 2.5),
    ("QC step wedge", targets.step_wedge, 5.0),
)
_KV: Final = 70.0


def series(station: Station, panel: Panel, at: datetime, *, seed: int = 0, only: Sequence[str] = ()) -> list[Dataset]:
    """The images of one quality control.

    Parameters
    ----------
    at
        When they were made.
    only
        Words of `OBJECTS`, e.g. ``("edge",)``; all of them if empty.

    Returns
    -------
    DX images For Processing without a body part, of a patient ``QC-<AE title>``: so they announce themselves.
    """
    made = []
    study, serial = generate_uid(prefix=None), str(generate_uid(prefix=None))
    for number, (name, make, dose) in enumerate(OBJECTS, start=1):
        if only and not set(only) & set(name.split()):
            continue
        order = Order(
            order_id="", accession="", patient=Patient(f"QC-{station.ae_title}", f"QC^{station.ae_title}", "O"),
            procedure_code="QC", procedure_text=name, study_uid=study, modality="DX",
        )  # fmt: skip
        step = Step(
            entry=Entry.of(Booking(order).worklist_entry()), mpps_uid="", series_uid=serial,
            begun=at + timedelta(minutes=2 * number), body_part="",
        )  # fmt: skip
        exposure = _exposed(make(panel, dose_ugy=dose, seed=seed + number), panel, dose)
        ds = images.projection(replace(station, kind="DX"), step, exposure, unprocessed=True, number=number)
        ds.StudyDescription, ds.OperatorsName = "Quality control", PHYSICIST
        ds.DetectorID = f"{station.ae_title}-1"[:16]
        images.forget(ds, ("BodyPartExamined", "RequestAttributesSequence", "PerformedProcedureStepID"))
        made.append(ds)
    return made


def monthly(
    station: Station, panel: Panel, *, until: datetime, months: int = 12, wear: float = 0.25, only: Sequence[str] = ()
) -> Iterator[list[Dataset]]:
    """A quality control for each month of a detector that wears out, the first one first.

    Parameters
    ----------
    wear
        By which part its blur has grown in the last month.
    """
    for month in range(months):
        part = month / max(months - 1, 1)
        worn = replace(panel, blur_mm=panel.blur_mm * (1 + wear * part))
        at = until - timedelta(days=round(30.4 * (months - 1 - month)))
        yield series(station, worn, at, seed=1000 + 10 * month, only=only)


def year(station: Station, panel: Panel, **how: Any) -> list[Dataset]:
    """All images of `monthly`, which takes the same parameters."""
    return [ds for made in monthly(station, panel, **how) for ds in made]


def of_site(
    site: Site, name: str = "", *, months: int = 1, wear: float = 0.0, now: datetime | None = None
) -> list[str]:
    """Make and send the quality control of a modality that the site file names.

    Parameters
    ----------
    name
        Of the modality; the first one for radiographs if empty.
    months, wear
        As for `monthly`; the last one is of now.

    Returns
    -------
    SOP Instance UIDs that the apparatus took.

    Raises
    ------
    ImgdashError
        If there is no such modality.
    """
    fitting = [peer for peer in site.peers_of("modality") if kind_of(peer) != "CT"]
    fitting.sort(key=lambda peer: kind_of(peer) != "DX")
    peer = next((found for found in fitting if name in ("", found.name)), None)
    if peer is None:
        names = ", ".join(found.name for found in fitting) or "none"
        raise ImgdashError(f"The site file has no modality {name!r} for radiographs.", f"It has: {names}.")
    if not site.station.dicom_port:
        raise ImgdashError("The site file lets the apparatus choose its DICOM port.", "Set station.dicom_port.")
    host = "127.0.0.1" if site.station.host in ("0.0.0.0", "::", "") else site.station.host
    station = Station(peer.ae_title or peer.name, "DX", site.station.institution)
    made = year(station, Panel(), until=now or datetime.now(), months=months, wear=wear)
    return send(station, made, Address(site.station.ae_title, host, site.station.dicom_port))


def send(station: Station, datasets: Sequence[Dataset], to: Address) -> list[str]:
    """C-STORE them in the name of the station; returns the SOP Instance UIDs taken."""
    return store(station.ae_title, to, datasets, threading.Event())


def _exposed(pixels: Pixels, panel: Panel, dose: float) -> Exposure:
    height, width = (length * panel.pitch_mm for length in panel.size)
    whole = ((0.0, 0.0), (width, 0.0), (width, height), (0.0, height))
    truth = Truth(
        field_mm=whole, ei=100 * dose, target_ei=100 * dose, direct_fraction=1.0, saturated_fraction=0.0, kv=_KV,
        mas=2.0 * dose, entrance_ugy=dose, marker="", side="", faults=(), fields_mm=(whole,),
    )  # fmt: skip
    return Exposure(pixels, panel.pitch_mm, "", "", 150.0, truth)


__all__ = ["OBJECTS", "monthly", "of_site", "send", "series", "year"]
