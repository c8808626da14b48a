"""Changes of a part leave the rest as it is by then: of two quick ones none is lost (D2, D3, E3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from imgdash.model import ImgdashError, NotAllowed, NotFound
from imgdash.output.framing import Framing
from tests.confirm.making import header, put

SIDE = {"kind": "side", "text": "R", "x": 0.1, "y": 0.1}


def comment(text: str, x: float = 0.2) -> dict[str, Any]:
    return {"kind": "comment", "text": text, "x": x, "y": 0.5}


def test_parameters_set_one_after_another_are_all_kept(store, actions, user) -> None:
    image = put(store, header())
    actions.tune(image.image_id, user, {"gradation.contrast": 1.5})
    actions.tune(image.image_id, user, {"gradation.shift": 0.1})
    after = actions.tune(image.image_id, user, {"frequency.amount": 0.7, "gradation.contrast": None})
    assert after.overrides == {"gradation.shift": 0.1, "frequency.amount": 0.7}
    with pytest.raises(ImgdashError):
        actions.tune(image.image_id, user, {"gradation.contrast": 99})
    assert store.image(image.image_id).overrides == after.overrides


def test_ranges_of_one_apparatus_are_merged_and_checked_together(store, actions, user) -> None:
    image = put(store, header())

    def place(values: Mapping[str, float] | None, name: str = "FILM") -> Any:
        return actions.place(image.image_id, user, name, values, Framing.of).ranges

    place({"left": 0.6})
    place({"x": 0.2, "y": 0.3})
    assert place({"scale": 0.5}, "STORE") == {"FILM": {"left": 0.6, "x": 0.2, "y": 0.3}, "STORE": {"scale": 0.5}}
    # Each is possible alone; together nothing would be left of the image.
    with pytest.raises(ImgdashError, match="empty"):
        place({"right": 0.5})
    assert place(None) == {"STORE": {"scale": 0.5}}
    with pytest.raises(NotFound):
        place({"x": 0.5}, "NOBODY")


def test_an_apparatus_is_left_out_and_taken_in_without_the_others(store, actions, user) -> None:
    image = put(store, header())
    assert actions.route(image.image_id, user, "FILM", False).outputs == ("STORE",)
    assert actions.route(image.image_id, user, "STORE", False).outputs == ()
    assert actions.route(image.image_id, user, "FILM", True).outputs == ("FILM",)


def test_an_overlay_is_found_though_others_went_meanwhile(store, actions, user) -> None:
    image = put(store, header())
    one = image.image_id
    for overlay in (SIDE, comment("first"), comment("second")):
        actions.mark(one, user, overlay)
    # Seen as the third, but the first was taken away by somebody else.
    actions.unmark(one, user, "side", "R", 0)
    moved = actions.mark(one, user, comment("second", x=0.8), 2)
    assert [(item["text"], item["x"]) for item in moved.overlays] == [("first", 0.2), ("second", 0.8)]
    actions.unmark(one, user, "comment", "second", 2)
    with pytest.raises(NotFound, match="not there any more"):
        actions.mark(one, user, comment("second", x=0.9), 1)
    assert [item["text"] for item in store.image(one).overlays] == ["first"]
    # A second marker of the same kind takes the place of the first.
    actions.mark(one, user, SIDE)
    again = actions.mark(one, user, {**SIDE, "text": "L"})
    assert [item["text"] for item in again.overlays] == ["first", "L"]


def test_an_overlay_of_the_condition_key_is_switched_off_beside_what_was_set(store, actions, user) -> None:
    image = put(store, header(overrides={"gradation.contrast": 1.5}))
    after = actions.unmark(image.image_id, user, "projection")
    assert after.overrides == {"gradation.contrast": 1.5, "overlay.projection": "none"}
    with pytest.raises(ImgdashError, match="no overlay of kind"):
        actions.unmark(image.image_id, user, "watermark")


def test_what_was_confirmed_is_not_revised(store, actions, user) -> None:
    image = put(store, header())
    actions.confirm(image.image_id, user)
    for change in (
        lambda: actions.tune(image.image_id, user, {"gradation.shift": 0.1}),
        lambda: actions.route(image.image_id, user, "FILM", False),
        lambda: actions.place(image.image_id, user, "FILM", {"x": 0.1}, Framing.of),
        lambda: actions.mark(image.image_id, user, SIDE),
        lambda: actions.unmark(image.image_id, user, "side"),
    ):
        with pytest.raises(NotAllowed, match="Take the confirmation back"):
            change()
