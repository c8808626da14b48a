"""What a person decides is said in words, with what can be done about it."""

from __future__ import annotations

from collections.abc import Callable

import param
import pytest
from panel.io.state import set_curdoc

from imgdash.dashboard.pages.images import Images
from imgdash.dashboard.pages.review import Review
from tests.dashboard.conftest import Station
from tests.dashboard.pages.desk import Desk

ARTIFACTS = "111207"


@pytest.fixture
def review(desk_of: Callable[..., Desk], station: Station) -> Callable[[str, str], tuple[Desk, Review]]:
    """Review, with an image open and seen."""

    def show(image_id: str, role: str = "manager") -> tuple[Desk, Review]:
        desk = desk_of(role)
        page = desk.show(Review, image=image_id)
        desk.session.go = lambda name, **query: page.open(**query)
        desk.until(lambda: page.current == image_id)
        page._on_view({"shown": image_id})
        return desk, page

    return show


def reject(desk: Desk, page: Review) -> None:
    """Fill the dialog in, and send it."""
    page.key("reject")
    desk.until(lambda: page.deciding.asking.dialog.open)
    assert page.deciding.asking.dialog.danger
    values = {"reason": ARTIFACTS, "comment": "dust", "kind": "reject"}
    page.deciding.asking._answered({"submit": "reject", "values": values})


def test_a_rejection_is_said_and_taken_back(
    review: Callable[[str, str], tuple[Desk, Review]], station: Station
) -> None:
    image = station.take(PatientID="D1")
    desk, page = review(image, "manager")
    withdrawn: list[str] = []
    desk.session.withdraw = withdrawn.append
    reject(desk, page)
    desk.until(lambda: any("rejected: Image artifact(s)." in text for _, text, _ in desk.toasts))
    assert set(desk.does) == {"Take it back", "Back to it"}
    # Why is seen on the image, and in the list.
    page.show(image)
    desk.until(lambda: "Rejected: Image artifact(s)." in page.about.judged.notes)
    images = desk.show(Images, image=image)
    desk.until(lambda: images.table.rows and "Image artifact(s)" in images.table.rows[0])
    desk.until(lambda: images.facts.sections)
    (told,) = [row["value"] for row in images.facts.sections[0]["rows"] if row["label"] == "Rejected"]
    assert told == "Image artifact(s): dust"
    desk.does["Take it back"]()
    desk.until(lambda: station.state(image) == "awaiting")
    desk.until(lambda: page.work[image].state == "awaiting")
    # It is not read as rejected in the list of messages.
    assert withdrawn == [f"reject {image}"]


def test_who_may_not_restore_is_not_offered_it(
    review: Callable[[str, str], tuple[Desk, Review]], station: Station
) -> None:
    desk, page = review(station.take(PatientID="D2"), "user")
    reject(desk, page)
    desk.until(lambda: desk.does)
    assert set(desk.does) == {"Back to it"}


def test_after_the_last_image_is_rejected_the_next_one_that_comes_is_opened(
    review: Callable[[str, str], tuple[Desk, Review]], station: Station
) -> None:
    image = station.take(PatientID="D3")
    for header in station.apparatus.images(state="awaiting"):
        if header.image_id != image:
            station.apparatus.postpone(header.image_id, by="mona")
    desk, page = review(image, "manager")
    desk.until(lambda: page.work.following(image) == [])
    reject(desk, page)
    desk.until(lambda: station.state(image) == "rejected")
    desk.until(lambda: page.idle)
    new = station.take(PatientID="D4")
    desk.until(lambda: page.current == new)


def test_a_confirmation_against_the_judgement_says_so(
    review: Callable[[str, str], tuple[Desk, Review]], station: Station
) -> None:
    image = station.take(PatientID="")
    desk, page = review(image, "manager")
    page.key("confirm")
    desk.until(lambda: desk.toasts)
    kind, text, detail = desk.toasts[0]
    assert (kind, "although not fit" in text, "Patient ID is missing" in detail) == ("warning", True, True)


def test_only_what_may_still_be_corrected_is_offered_for_it(
    review: Callable[[str, str], tuple[Desk, Review]], station: Station
) -> None:
    image = station.take(PatientID="")
    desk, page = review(image, "manager")
    desk.until(lambda: page.about.facts.editable)
    assert page.about.judged.may
    station.apparatus.reject(image, by="mona", reason=ARTIFACTS)
    desk.until(lambda: not page.about.facts.editable)
    assert not page.about.judged.may
    other = station.take(PatientID="")
    desk, page = review(other, "user")
    desk.until(lambda: page.about.judged.storage)
    assert not page.about.judged.may


def test_what_a_key_changes_first_goes_in_one_message(
    review: Callable[[str, str], tuple[Desk, Review]], station: Station
) -> None:
    image = station.take(PatientID="D9")
    station.take(PatientID="D10")
    desk, page = review(image, "manager")
    desk.until(lambda: page.work.following(image))
    held: list[tuple[str, bool]] = []

    def changed(event: param.parameterized.Event) -> None:
        held.append((event.name, desk.document.callbacks.hold_value is not None))

    page.strip.param.watch(changed, "current")
    page.viewport.param.watch(changed, "image")
    send = page.strip.send
    page.strip.send = lambda **patch: [  # type: ignore[method-assign]
        held.append(("items", desk.document.callbacks.hold_value is not None)),
        send(**patch),
    ]
    with set_curdoc(desk.document):
        page.key("confirm")
    assert sorted(held) == [("current", True), ("image", True), ("items", True)]
    assert desk.document.callbacks.hold_value is None
    desk.until(lambda: station.state(image) == "confirmed")
