"""What an image is processed with: condition key, calculated parameters, and the judgement on them (C1, C3, R8)."""

from __future__ import annotations

import dataclasses
import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from imgdash.config import Exposure, Site
from imgdash.confirm.judge import judge
from imgdash.model import Condition, ImageHeader, Order
from imgdash.process import Chain, calculate
from imgdash.process.selection import choose
from imgdash.reduce import Reduced
from imgdash.store.conditions import Conditions
from imgdash.store.files import Files
from imgdash.store.header import attributes as attributes_of
from imgdash.store.header import read
from imgdash.store.pixels import open_image
from imgdash.workers import Workers

if TYPE_CHECKING:  # worker processes, which calculate parameters, need no database
    from imgdash.store.store import Store


class Processing:
    """Chooses and calculates, for what arrives and for what a person changes.

    Parameters
    ----------
    workers
        Calculate the parameters of what arrives, so that pages do not wait for it.
    """

    def __init__(self, site: Site, store: Store, files: Files, conditions: Conditions, workers: Workers) -> None:
        self.site = site
        self.store = store
        self.files = files
        self.conditions = conditions
        self._workers = workers

    def process(
        self,
        header: ImageHeader,
        reduced: Reduced,
        pixel_attributes: dict[str, Any],
        attributes: dict[str, Any],
        order: Order | None,
        condition: Condition | None = None,
        apart: bool = False,
    ) -> ImageHeader:
        """Choose the condition key, calculate its parameters on the reduced image, judge (C1, C3, R8).

        `apart`: in a worker, behind what is on a screen; else at once, for somebody who waits.
        """
        why = ""
        if condition is None:
            condition, why = choose(self.conditions.all(), {**attributes, **_coded(header)}, order)
        chain = Chain.of(condition.processing, header.overrides)
        known = (pixel_attributes, _calibration(self.site, header.sender), condition.exposure.get("target_ei"))
        if apart:
            calculated = self._workers.run(_calculate, reduced, chain.flat(), *known, priority=2).result()
        else:
            calculated = _calculate(reduced, chain.flat(), *known)
        parameters = {**calculated, "condition_why": why} if why else dict(calculated)
        # What was measured is of the pixels, whatever key processes them.
        if "quality" in header.parameters and header.parameters["quality"].get("kind") == condition.quality:
            parameters["quality"] = header.parameters["quality"]
        header = dataclasses.replace(
            header, condition=condition.key, condition_version=condition.version, parameters=parameters
        )
        judgement = judge(header, condition, self.site.fitness, order=order, attributes=attributes or None)
        return dataclasses.replace(header, judgement=judgement)

    def recalculate(self, header: ImageHeader, condition: str, reduced: Reduced) -> ImageHeader:
        """The header with another condition key, its parameters calculated and judged anew."""
        record = read(self.files.path(header.image_id))
        peer = self.site.peer_by_ae(header.sender)
        image = open_image(record.path, unprocessed=peer.sends_raw if peer else None)
        orders = self.store.orders("order_id = ?", [header.order_id]) if header.order_id else []
        return self.process(
            header,
            reduced,
            dict(image.attrs),
            attributes_of(record.ds, header.edits),
            orders[0] if orders else None,
            self.conditions.get(condition),
        )


def _calculate(
    reduced: Reduced,
    parameters: dict[str, Any],
    attributes: dict[str, Any],
    calibration: Exposure | None,
    target_ei: float | None,
) -> dict[str, Any]:
    """`imgdash.process.calculate`, of what can be sent to a worker."""
    chain = _chain(json.dumps(parameters))
    return dict(calculate(reduced, chain, attrs=attributes, calibration=calibration, target_ei=target_ei))


@lru_cache(maxsize=32)
def _chain(parameters: str) -> Chain:
    """From parameters as JSON; kept, for making one takes two milliseconds, and there are few condition keys."""
    return Chain.of({}, json.loads(parameters))


def _coded(header: ImageHeader) -> dict[str, str]:
    """What was corrected on the screen wins over what the file says."""
    coded = {
        "BodyPartExamined": header.body_part,
        "ViewPosition": header.view,
        "Modality": header.modality,
        "PatientID": header.patient.id,
    }
    return {name: value for name, value in coded.items() if value}


def _calibration(site: Site, sender: str) -> Exposure | None:
    return next((exposure for exposure in site.exposure if exposure.sender == sender), None)
