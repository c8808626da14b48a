"""Making images: exposing a phantom for an order, or processing a kept exposure again as somebody wants it."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from imgdash.model.codes import REGENERATE, RESEND, SEND_UNPROCESSED, Code
from imgdash.simulate import images
from imgdash.simulate.anatomy.ct import ct_slice
from imgdash.simulate.booking import Entry
from imgdash.simulate.catalogue import PHANTOM_VIEW, PROCEDURES
from imgdash.simulate.image_header import Station, Step
from imgdash.simulate.machine import text_of
from imgdash.simulate.phantom import Exposure, Fault, radiograph
from imgdash.simulate.plates import Plates

PITCH_MM = {"CR": 0.2, "DX": 0.16}
CT_SPACING_MM = 10.0


@dataclass(frozen=True)
class Plan:
    """What goes wrong with the first exposure of an order.

    Attributes
    ----------
    faults
        At the exposure; a new one is needed.
    squeeze
        Inappropriate processing; the modality can mend it.
    missing
        DICOM keywords left out.
    slices
        How many images a CT step makes.
    """

    faults: tuple[Fault, ...] = ()
    squeeze: bool = False
    missing: tuple[str, ...] = ()
    slices: int = 1


@dataclass(frozen=True)
class Made:
    """Images made, and the processing parameters that made them as content items."""

    images: list[Dataset]
    performed: list[Dataset] = field(default_factory=list)


class Acquisition:
    """The acquisition station of one modality.

    Parameters
    ----------
    folder
        Where raw exposures are kept.
    """

    def __init__(self, station: Station, folder: Path, *, sends_raw: bool, plan: Callable[[str], Plan]) -> None:
        self._station = station
        self._sends_raw = sends_raw
        self._plan = plan
        self._plates = Plates(folder)
        self._made: dict[str, tuple[str, Step]] = {}
        self._exposures = 0

    def step(self, entry: Entry, mpps_uid: str) -> Step | None:
        """The step for a worklist entry, or None where this station has no protocol for it."""
        known = [p for p in PROCEDURES if p.code == entry.procedure.value and self._station.kind in p.kinds]
        if not known:
            return None
        procedure = known[0]
        return Step(
            entry=entry,
            mpps_uid=mpps_uid,
            series_uid=str(generate_uid(prefix=None)),
            begun=datetime.now(),
            body_part=procedure.body_part,
            view=procedure.view,
            side=(entry.side or "R") if procedure.paired else "",
        )

    def expose(self, step: Step) -> Made:
        """Radiograph for an order (S2, S12)."""
        plan = self._plan(step.entry.accession)
        if self._station.kind == "CT":
            return Made(self._scan(step, plan))
        self._exposures += 1
        exposure = radiograph(
            step.body_part,
            PHANTOM_VIEW.get(step.view, step.view),
            seed=_seed(step),
            side=step.side,
            pitch_mm=PITCH_MM[self._station.kind],
            faults=plan.faults,
            number=self._exposures,
        )
        key = self._plates.put(exposure)
        ds = images.projection(self._station, step, exposure, unprocessed=self._sends_raw, squeeze=plan.squeeze)
        images.forget(ds, plan.missing)
        self._remember(key, step, ds)
        return Made([ds])

    def again(self, step: Step, rejected_uid: str, work: Code, wanted: Mapping[str, Any]) -> Made | None:
        """Make an image again for an order of HIS/RIS that says so; None if the exposure is not kept."""
        key = self._plates.key_of(rejected_uid)
        if key is None:
            return None
        sop_class, former = self._made[rejected_uid]
        step = dataclasses.replace(step, rejected=(sop_class, rejected_uid), side=former.side)
        return self._remake(key, step, work, wanted, as_dx=work.value == SEND_UNPROCESSED.value)

    def for_workitem(
        self,
        rejected_uid: str,
        workitem_uid: str,
        work: Code,
        wanted: Mapping[str, Any],
        *,
        as_dx: bool,
        squeeze: bool = False,
    ) -> Made | None:
        """Make an image again for a work item (S15); None if the exposure is not kept or cannot be processed again.

        With `squeeze` its processing is as inappropriate as before.
        """
        key = self._plates.key_of(rejected_uid)
        if key is None or work.value not in (REGENERATE.value, SEND_UNPROCESSED.value, RESEND.value):
            return None
        sop_class, former = self._made[rejected_uid]
        step = dataclasses.replace(
            former, workitem_uid=workitem_uid, rejected=(sop_class, rejected_uid),
            series_uid=str(generate_uid(prefix=None)),
        )  # fmt: skip
        return self._remake(key, step, work, wanted, as_dx=as_dx, squeeze=squeeze)

    def _remake(
        self, key: str, step: Step, work: Code, wanted: Mapping[str, Any], *, as_dx: bool, squeeze: bool = False
    ) -> Made:
        exposure = self._plates.get(key)
        unprocessed = work.value == SEND_UNPROCESSED.value or (work.value == RESEND.value and self._sends_raw)
        ds = images.projection(
            self._station, step, exposure, unprocessed=unprocessed, wanted=wanted, as_dx=as_dx,
            squeeze=squeeze,
        )  # fmt: skip
        if unprocessed:
            performed = self._contents(exposure, ds)
        else:
            performed = list(ds.PerformedProcessingParametersSequence)
        self._remember(key, step, ds)
        return Made([ds], performed)

    def _contents(self, exposure: Exposure, ds: Dataset) -> list[Dataset]:
        """The unprocessed image says what this station's processing of it would be ("contents", R3)."""
        images.state_contents(ds, images.processing.chosen({}))
        return list(ds.PerformedProcessingParametersSequence)

    def _remember(self, key: str, step: Step, ds: Dataset) -> None:
        uid = str(ds.SOPInstanceUID)
        self._plates.name(key, [uid])
        self._made[uid] = (str(ds.SOPClassUID), step)

    def _scan(self, step: Step, plan: Plan) -> list[Dataset]:
        made = []
        for number in range(plan.slices):
            position = (number - (plan.slices - 1) / 2) * CT_SPACING_MM
            pixels, pitch = ct_slice(step.body_part, position, seed=_seed(step) % 10_000)
            ds = images.ct_slice(self._station, step, pixels, pitch, position, number + 1)
            images.forget(ds, plan.missing)
            made.append(ds)
        return made


def _seed(step: Step) -> int:
    """The same patient has the same body, whenever he is radiographed."""
    return zlib.crc32(f"{text_of(step.entry.ds, 'PatientID')} {step.body_part}".encode()) & 0x7FFFFFFF


__all__ = ["Acquisition", "Made", "Plan"]
