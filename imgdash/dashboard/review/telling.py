"""What is said of decisions: what was done and how it is taken back, what came back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from imgdash.dashboard.review import questions
from imgdash.model import ASKS, ImageHeader, ImgdashError, Request

if TYPE_CHECKING:
    from imgdash.dashboard.pages.review import Review


class Telling:
    """Says what became of images on the line below the page.

    Parameters
    ----------
    page
        The Review page, where an image is shown again.
    """

    def __init__(self, page: Review) -> None:
        self._page, self._session = page, page.session
        self._expected: set[str] = set()
        # Answers that were told of: what happens to one later is not its coming.
        self._returned: set[str] = set()
        # One confirmation is told of at a time: the latest.
        self._confirmed = ""

    def expect(self, image_id: str) -> None:
        """This image is about to change, by who sits here: that is no news."""
        self._expected.add(image_id)

    def confirmed(self, header: ImageHeader, undo: Callable[[str], None]) -> None:
        """It was confirmed, and can be taken back as long as nothing is sent."""
        image_id, grace = header.image_id, self._session.apparatus.site.station.undo_s
        self._confirmed = image_id
        destinations = self._session.apparatus.destinations(header)
        on, off = ([name for name, there in destinations.items() if there is wanted] for wanted in (True, False))
        # Where not all are, it is named who gets it now.
        to = f" to {' and '.join(on)}" if on and off else ""
        if off and not on:
            when = ""
        elif header.priority:
            when = f"Emergency: it is sent{to} at once."
        else:
            when = f"It is sent{to} in {grace:g} s." if grace else ""
        if off:
            when = f"{when} It waits for {' and '.join(off)}, switched off on Queues.".strip()
        against = " ".join(dict.fromkeys(finding.text for finding in header.judgement.findings))
        does = {"Back to it": partial(self._page.back, image_id)}
        if not header.priority:
            does = {"Undo": partial(undo, image_id), **does}
        self._session.tell(
            f"Image {header.number} · {header.title} confirmed{', although not fit' if against else ''}.",
            "warning" if against else "success",
            f"{against} {when}".strip(),
            does=does,
            seconds=grace or None,
            about="confirm",
            lasting=["Back to it"],
        )

    def taken_back(self, image_id: str) -> None:
        """Its confirmation no longer holds; what is said of a later one does."""
        if self._confirmed == image_id:
            self._session.withdraw("confirm")

    def refused(self, image_id: str, error: ImgdashError) -> None:
        """The apparatus did not take a decision."""
        self._expected.discard(image_id)
        show = partial(self._page.back, image_id)
        self._session.tell(error.cause, "error", error.remedy, does={"Show it": show}, lasting=["Show it"])

    def not_taken_back(self, image_id: str, error: ImgdashError) -> None:
        """It is as it should be, only late: no failure that stays in sight while other images are worked on."""
        show = partial(self._page.back, image_id)
        self._session.tell(error.cause, "warning", error.remedy, does={"Show it": show}, lasting=["Show it"])

    def asked(self, request: Request) -> None:
        """Another image was asked for."""
        self._session.tell(f"Asked {request.peer}: {ASKS.get(request.ask, request.ask).lower()}.", "success")

    def rejected(self, header: ImageHeader) -> None:
        """What was rejected and why; who may restore it can take that back at once."""
        image_id, actor, apparatus = header.image_id, self._session.actor, self._session.apparatus
        about = f"reject {image_id}"

        def restored(after: ImageHeader) -> None:
            self._session.withdraw(about)
            self._page.take_one(after)

        def restore() -> None:
            self._page.back(image_id)
            self._session.run(lambda: apparatus.restore(image_id, actor), restored)

        does = {"Take it back": restore} if actor.may("restore") else {}
        self._session.tell(
            f"Image {header.number} · {header.title} rejected: {questions.meaning(header.reason)}.",
            "success",
            does={**does, "Back to it": partial(self._page.back, image_id)},
            seconds=15,
            about=about,
            lasting=["Back to it"],
        )

    def heard(self, headers: Sequence[ImageHeader]) -> None:
        """Images that changed: an answer that came back is told of, what this person did is not."""
        for header in headers:
            if header.image_id in self._expected:
                self._expected.discard(header.image_id)
            elif (
                header.round
                and header.state == "awaiting"
                and header.image_id not in self._page.work
                and header.image_id not in self._returned
            ):
                self._returned.add(header.image_id)
                self._session.tell(
                    f"{header.title}: the image asked for came back (round {header.round_number}).",
                    "success",
                    does={"Show it": partial(self._page.back, header.image_id)},
                    seconds=15,
                    lasting=["Show it"],
                )
