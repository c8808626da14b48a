"""A simulated reviewer: works through images as a person would, through the same facade (``demo --autopilot N``)."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from imgdash.apparatus import Apparatus
from imgdash.model import Actor, Event, ImageHeader, NotAllowed
from imgdash.model.codes import REASONS

REVIEWER = Actor("autopilot", "manager")
_ENDED = frozenset({"delivered", "replaced"})


@dataclass(frozen=True)
class Row:
    """What became of one image."""

    number: int
    title: str
    sender: str
    round: int
    state: str
    findings: str
    way: str
    seconds: float


class Autopilot:
    """Confirms what is fit, corrects what can be corrected, asks for a better image otherwise.

    Parameters
    ----------
    count
        First images to work through; answers to requests come on top.
    after
        Number of the last image that was there before, and is left to others.
    """

    def __init__(self, apparatus: Apparatus, count: int, after: int = 0) -> None:
        self._apparatus = apparatus
        self._count = count
        self._after = after
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._began: dict[str, float] = {}
        self._ended: dict[str, float] = {}

    def run(self, timeout: float) -> bool:
        """Work until every image has its end, or `timeout` seconds are over.

        Returns
        -------
        True if every image ended delivered, or was replaced by one that did.
        """
        unsubscribe = self._apparatus.subscribe(self._heard)
        deadline = time.monotonic() + timeout
        try:
            while time.monotonic() < deadline and not self._stop.is_set():
                for image in self._apparatus.images(state="awaiting"):
                    if self._mine(image):
                        self.review(image)
                for request in self._apparatus.requests("proposed"):
                    self._apparatus.accept_request(request.request_id, REVIEWER)
                if self.finished():
                    return True
                self._wake.wait(1.0)
                self._wake.clear()
        finally:
            unsubscribe()
        return False

    def stop(self) -> None:
        """End the work."""
        self._stop.set()
        self._wake.set()

    def _heard(self, events: Sequence[Event]) -> None:
        now = time.monotonic()
        for event in events:
            if event.subject == "image":
                self._began.setdefault(event.id, now)
                if event.data.get("state") in _ENDED:
                    self._ended[event.id] = now
        self._wake.set()

    def _mine(self, image: ImageHeader) -> bool:
        """The first `count` images, and whatever answers a request about them."""
        first = self._apparatus.history(image.image_id)[0]
        older = self._apparatus.images(
            where="round = 0 and number > ? and number < ?", params=[self._after, first.number]
        )
        return first.number > self._after and len(older) < self._count

    def review(self, image: ImageHeader) -> None:
        """One image: confirm, correct or request."""
        try:
            if image.judgement.fit:
                self._apparatus.confirm(image.image_id, REVIEWER)
                return
            if self._correct(image):
                return
            findings = [finding for finding in image.judgement.findings if finding.reason in REASONS]
            self._apparatus.request(image.image_id, REVIEWER, reason=findings[0].reason, comment=findings[0].text)
        except NotAllowed:
            # Somebody, or a policy, was quicker.
            return

    def _correct(self, image: ImageHeader) -> bool:
        """Fill in from the order what the image does not say (R4: what can be corrected is corrected first)."""
        if not all(finding.correctable for finding in image.judgement.findings) or not image.order_id:
            return False
        order = next((order for order in self._apparatus.orders() if order.order_id == image.order_id), None)
        if order is None:
            return False
        known = {
            "PatientID": (image.patient.id, order.patient.id),
            "PatientName": (image.patient.name, order.patient.name),
            "PatientSex": (image.patient.sex, order.patient.sex),
            "PatientBirthDate": (image.patient.birth_date, order.patient.birth_date),
            "BodyPartExamined": (image.body_part, order.body_part),
            "ViewPosition": (image.view, order.view),
        }
        missing = {keyword: there for keyword, (here, there) in known.items() if not here and there}
        if not missing:
            return False
        return self._apparatus.edit(image.image_id, REVIEWER, **missing).judgement.fit

    def finished(self) -> bool:
        """Whether the images worked through, and all that answered for them, have their end."""
        images = self._images()
        firsts = [image for image in images if image.round == 0]
        return len(firsts) >= self._count and all(self._good(image) for image in images)

    def _images(self) -> list[ImageHeader]:
        images = self._apparatus.images(where="state <> 'deleted' and number > ?", params=[self._after])
        firsts = [image for image in images if image.round == 0][: self._count]
        last = firsts[-1].number if firsts else 0
        return [image for image in images if image.round > 0 or image.number <= last]

    def _good(self, image: ImageHeader) -> bool:
        if image.state == "delivered":
            return True
        if image.state != "replaced":
            return False
        return self._apparatus.history(image.image_id)[-1].state == "delivered"

    def rows(self) -> list[Row]:
        """What happened, in order of receipt."""
        asked = {request.image_id: request for request in self._apparatus.requests()}
        rows = []
        for image in self._images():
            request = asked.get(image.image_id)
            way = f"asked {request.peer} ({request.ask})" if request else "confirmed"
            seconds = self._ended.get(image.image_id, time.monotonic()) - self._began.get(image.image_id, 0.0)
            findings = ", ".join(dict.fromkeys(finding.rule for finding in image.judgement.findings))
            rows.append(
                Row(image.number, image.title, image.sender, image.round_number, image.state, findings, way, seconds)
            )
        return rows
