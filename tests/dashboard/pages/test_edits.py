"""Edits of the image that is open, made faster than they are kept: none undoes another (D2, D3, E3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from imgdash.dashboard.pages.review import Review
from tests.dashboard.conftest import Station
from tests.dashboard.pages.desk import Desk
from tests.helpers import wait_until


@pytest.fixture(scope="module")
def image(station: Station) -> str:
    return station.take(PatientID="P6")


def test_quick_edits_are_all_kept_and_in_their_order(
    desk_of: Callable[..., Desk], station: Station, image: str
) -> None:
    station.apparatus.adjust(image, by="mona", overrides={}, ranges={}, overlays=())
    desk = desk_of("manager")
    page = desk.show(Review)
    desk.until(lambda: page.current == image and page.framed.destinations.destinations)

    def said(message: dict[str, Any]) -> None:
        page.framed._on_range({**message, "image": image})

    for number in range(20):
        said({"range": "FILM", "values": {"x": number / 20}})
    said({"range": "FILM", "values": {"scale": 0.5}})
    said({"range": "STORAGE", "values": {"left": 0.1}})
    said({"mark": {"kind": "side", "text": "L", "x": 0.1, "y": 0.1}, "index": -1})
    page.processing._on_parameters({"set": {"gradation.contrast": 1.4}, "image": image})
    page.processing._on_parameters({"set": {"gradation.shift": 0.05}, "image": image})
    page.framed._on_route({"route": "STORAGE", "on": False, "image": image})
    # What was read before they are kept moves no slider back.
    page.processing.show(station.apparatus.image(image))
    assert page.processing.parameters.values["gradation.contrast"] == 1.4
    desk.until(lambda: not desk.session.edits.busy)
    kept = station.apparatus.image(image)
    assert kept.ranges == {"FILM": {"x": 0.95, "scale": 0.5}, "STORAGE": {"left": 0.1}}
    assert [overlay["text"] for overlay in kept.overlays] == ["L"]
    assert kept.overrides == {"gradation.contrast": 1.4, "gradation.shift": 0.05}
    assert kept.outputs == ("FILM",)
    desk.until(lambda: {to["name"]: to["own"] for to in page.framed.destinations.destinations} == kept.ranges)
    page.processing._on_parameters({"reset": ["gradation.contrast"], "image": image})
    desk.until(lambda: station.apparatus.image(image).overrides == {"gradation.shift": 0.05})
    # All is what was set a moment ago, too, and a range that is being moved.
    page.processing.histogram._range.update(left=0.11)
    page.processing._on_parameters({"set": {"frequency.amount": 0.3}, "image": image})
    page.processing._on_parameters({"reset": "all", "image": image})
    desk.until(lambda: not desk.session.edits.busy)
    desk.until(lambda: station.apparatus.image(image).overrides == {})
    assert page.processing.histogram._rest is None


def test_one_that_is_refused_is_said_and_those_behind_it_are_made(
    desk_of: Callable[..., Desk], station: Station, image: str
) -> None:
    desk = desk_of("user")
    page = desk.show(Review)
    desk.until(lambda: page.current == image and page.framed.destinations.destinations)
    page.framed._on_range({"range": "FILM", "values": {"x": 7}, "image": image})
    page.framed._on_range({"range": "FILM", "values": {"y": 0.25}, "image": image})
    desk.until(lambda: station.apparatus.image(image).ranges.get("FILM", {}).get("y") == 0.25)
    desk.until(lambda: desk.toasts)
    assert [(kind, "x = 7" in text) for kind, text, _ in desk.toasts] == [("error", True)]
    page.processing._on_parameters({"set": {"gradation.contrast": 1.2}, "image": image})
    page.processing._set({"gradation.contrast": 99})
    # The image may have changed for another reason while that is on its way.
    page.processing.show(station.apparatus.image(image))
    desk.until(lambda: len(desk.toasts) == 2)
    # The slider stands where it was kept.
    desk.until(lambda: page.processing.parameters.values["gradation.contrast"] == 1.2)


def test_what_is_confirmed_is_what_was_edited_just_before(desk_of: Callable[..., Desk], station: Station) -> None:
    desk = desk_of("manager")
    image = station.take(PatientID="P7")
    page = desk.show(Review, image=image)
    desk.until(lambda: page.current == image)
    page._on_view({"shown": image})
    desk.until(lambda: "confirm" in page.bar.enabled)
    for number in range(8):
        page.processing._on_parameters({"set": {"gradation.contrast": 1.1 + number / 10}, "image": image})
    page.key("confirm")
    desk.until(lambda: station.apparatus.image(image).state != "awaiting")
    assert station.apparatus.image(image).overrides == {"gradation.contrast": 1.8}
    assert [text for kind, text, _ in desk.toasts if kind == "error"] == []


def test_what_was_asked_for_is_done_when_the_tab_is_closed(desk_of: Callable[..., Desk], station: Station) -> None:
    desk = desk_of("manager")
    image = station.take(PatientID="P8")
    page = desk.show(Review, image=image)
    desk.until(lambda: page.current == image)
    page._on_view({"shown": image})
    desk.until(lambda: "confirm" in page.bar.enabled)
    for number in range(8):
        page.processing._on_parameters({"set": {"gradation.contrast": 1.1 + number / 10}, "image": image})
    page.key("confirm")
    desk.session.close()
    wait_until(lambda: station.apparatus.image(image).state != "awaiting")
    assert station.apparatus.image(image).overrides == {"gradation.contrast": 1.8}


def test_what_was_begun_for_another_image_changes_none(
    desk_of: Callable[..., Desk], station: Station, image: str
) -> None:
    desk = desk_of("manager")
    page = desk.show(Review)
    desk.until(lambda: page.current == image and page.framed.destinations.destinations)
    before = station.apparatus.image(image)
    for other in ({"image": "the one before"}, {"image": ""}, {}):
        page.framed._on_range({"range": "FILM", "values": {"x": 0.1}, **other})
        page.framed._on_range({"reset": "FILM", **other})
        page.framed._on_range({"mark": {"kind": "side", "text": "R", "x": 0.1, "y": 0.1}, "index": -1, **other})
        page.framed._on_range({"unmark": 0, "kind": "side", **other})
        page.framed._on_route({"route": "FILM", "on": False, **other})
        page.processing._on_parameters({"trial": {"gradation.contrast": 1.9}, **other})
        page.processing._on_parameters({"set": {"gradation.contrast": 1.9}, **other})
        page.processing._on_parameters({"reset": "all", **other})
        page.processing._on_condition({"condition": "chest-pa", **other})
        page._on_view({"contrast": 1.5, "shift": 0.1, **other})
    assert not desk.session.edits.busy
    assert page.viewport.trial == ""
    assert station.apparatus.image(image) == before
    # The same of the image that is open.
    page._on_view({"contrast": 1.5, "shift": 0.1, "image": image})
    desk.until(lambda: station.apparatus.image(image) != before)
