"""Everybody can read the pages: contrast AA, no state by colour alone. That all is reached: `test_reach`."""

from __future__ import annotations

import pytest

from imgdash.dashboard.theme import ICONS, PALETTE, STATES
from imgdash.model.lifecycle import LIFECYCLES

TEXTS = ("text", "dim", "faint", "accent", "good", "warn", "bad", "film")
GROUNDS = ("ground", "panel", "raised")


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb`` (WCAG 2.2)."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def mixed(colour: str, part: float, ground: str) -> str:
    """As CSS' ``color-mix(in srgb, …)``: rows that are chosen or in trouble."""
    pairs = [(int(colour[n : n + 2], 16), int(ground[n : n + 2], 16)) for n in (1, 3, 5)]
    return "#" + "".join(f"{round(part * a + (1 - part) * b):02x}" for a, b in pairs)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("text", TEXTS)
def test_every_text_is_readable_on_every_ground(text: str) -> None:
    for ground in GROUNDS:
        assert contrast(PALETTE[text], PALETTE[ground]) >= 4.5, ground


@pytest.mark.parametrize("shape", ["edge", "accent", "warn", "bad", "good"])
def test_edges_of_inputs_and_signs_stand_out(shape: str) -> None:
    for ground in GROUNDS:
        assert contrast(PALETTE[shape], PALETTE[ground]) >= 3, ground


@pytest.mark.parametrize(("colour", "part"), [("accent", 0.16), ("warn", 0.10), ("bad", 0.16)])
def test_text_is_readable_on_rows_that_stand_out(colour: str, part: float) -> None:
    for text in ("text", "dim"):
        assert contrast(PALETTE[text], mixed(PALETTE[colour], part, PALETTE["panel"])) >= 4.5, text


@pytest.mark.parametrize(("text", "ground"), [("#001018", "accent"), ("#04150b", "good"), ("#220000", "bad"),
                                              ("#221100", "warn")])  # fmt: skip
def test_words_on_coloured_buttons_and_badges_are_readable(text: str, ground: str) -> None:
    assert contrast(text, PALETTE[ground]) >= 4.5


def test_every_state_has_a_word_and_an_icon_of_its_own_beside_its_colour() -> None:
    states = {state for lifecycle in LIFECYCLES.values() for state in lifecycle.states}
    assert states <= set(STATES)
    for colour, icon, word in STATES.values():
        assert colour in PALETTE
        assert icon in ICONS
        assert word
