"""Signal limits that hang on little are told: by lead, by saturation, by nothing to see."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from imgdash import process
from imgdash.process import Chain
from imgdash.process.automatic.limits import signal_limits
from imgdash.process.automatic.region import core, direct_exposure
from imgdash.reduce import reduce_image
from tests.process.images import image
from tests.process.phantoms import analyse

_DARK = Chain.of({"automatic": {"low_percentile": 0.2, "low_margin": 0.0}}).automatic
_SETTINGS = Chain.of({"automatic": {"high_percentile": 99.0}}).automatic


def _body(lead_mm: int = 0, darkest: float = 0.3, air: float = 0.1) -> np.ndarray:
    """200 by 200 mm, a body between strips of air, lighter to its middle; a strip of lead on it."""
    signal = np.full((200, 200), air, np.float32)
    signal[:, 30:170] = darkest + 0.3 * np.sin(np.linspace(0, np.pi, 140, dtype=np.float32))
    signal[60:140, 100 : 100 + lead_mm] = 0.95
    return signal


def _confidence(signal: np.ndarray, saturated: float = 0.0) -> tuple[float, tuple[str, ...]]:
    inside = np.ones(signal.shape, bool)
    direct = direct_exposure(signal, inside, _SETTINGS, saturated)
    found = signal_limits(signal, inside, inside & ~direct.mask, _SETTINGS, {}, direct)
    return found.confidence, found.notes


def _limits(signal: np.ndarray) -> tuple[float, float]:
    inside = np.ones(signal.shape, bool)
    direct = direct_exposure(signal, inside, _SETTINGS)
    found = signal_limits(signal, inside, inside & ~direct.mask, _SETTINGS, {}, direct)
    return found.high, found.confidence


def test_lead_is_left_out_of_the_limits() -> None:
    without, _ = _limits(_body())
    high, confidence = _limits(_body(lead_mm=4))
    assert high == pytest.approx(without, abs=0.01)
    assert confidence > 0.9
    # As wide as a prosthesis it belongs to the picture.
    high, confidence = _limits(_body(lead_mm=20))
    assert high > 0.9
    assert confidence > 0.9


def test_a_light_end_that_hangs_on_something_narrow_is_unsure() -> None:
    """More than a letter has, less than bones have: it may be either."""
    signal = _body(lead_mm=6)
    signal[60:140, 60:66] = 0.95
    confidence, notes = _confidence(signal)
    assert confidence <= 0.5
    assert any("narrow" in note for note in notes)


def test_thin_bones_of_a_small_hand_are_no_lead() -> None:
    signal = _body()
    for left in range(40, 160, 12):
        signal[20:180, left : left + 5] += 0.25
    high, confidence = _limits(signal)
    assert high > 0.8
    assert confidence > 0.9


def test_a_letter_that_is_much_of_a_small_field_is_no_bone() -> None:
    """Beside a finger."""
    signal = np.full((60, 50), 0.1, np.float32)
    signal[5:, 25:40] = 0.3 + 0.1 * np.sin(np.linspace(0, np.pi, 15, dtype=np.float32))
    signal[12:30, 8:11] = signal[12:15, 8:20] = signal[19:22, 8:20] = signal[12:22, 17:20] = 0.7  # a P
    confidence, notes = _confidence(signal)
    assert confidence <= 0.5
    assert any("narrow" in note for note in notes)


def test_air_that_a_chain_closes_in_is_direct_exposure() -> None:
    """Between fingers; bowel gas, as dark, is no air beside the body."""
    signal = _body()
    signal[20:180, 60:70] = signal[20:180, 130:140] = 0.1  # closed in by 20 mm of the body,
    signal[:20, 130:140] = 0.1
    signal[10:14, 128:142] = 0.95  # by a chain
    inside = np.ones(signal.shape, bool)
    direct = direct_exposure(signal, inside, _SETTINGS)
    assert direct.mask[100, 135]
    assert not direct.mask[100, 65]
    assert not direct.mask[12, 135]


def test_saturated_air_counts_where_the_body_is_no_evener() -> None:
    """The mode of thin, flat tissue is larger than that of the air, which has no width."""
    signal = _body(darkest=0.05, air=0.0)
    signal[:, 40:160] = 0.12
    signal[60:140, 80:120] = 0.5
    inside = np.ones(signal.shape, bool)
    direct = direct_exposure(signal, inside, _SETTINGS)
    assert direct.mask[:, :28].all()
    assert not direct.mask[:, 45:155].any()


def test_where_air_is_saturated_and_the_body_nearly_is_its_dark_end_is_unsure() -> None:
    assert _confidence(_body(darkest=0.2, air=0.0))[0] > 0.5
    confidence, notes = _confidence(_body(darkest=-0.1, air=0.0).clip(0))
    assert confidence <= 0.5
    assert any("saturated" in note for note in notes)


def test_limits_of_a_flat_image_are_unsure_unless_they_are_set() -> None:
    stored = image(np.full((90, 70), 2000, np.uint16), bits=12, pitch=1.0)
    reduced = reduce_image(stored)
    found = process.calculate(reduced, Chain.of({}), attrs=stored.attrs)
    by_hand = Chain.of({"automatic": {"s_low": 0.2, "s_high": 0.6}})
    assert found["confidence"]["signal"] <= 0.2
    assert process.calculate(reduced, by_hand, attrs=stored.attrs)["confidence"]["signal"] == 1


def test_a_column_that_does_not_read_is_no_side_of_the_field() -> None:
    score = analyse("HIP", "AP", 77)
    assert score.iou > 0.95, replace(score, sure={})


def test_a_saturated_skin_line_is_left_out_once() -> None:
    """Most of it lies in the saturated area already: one pixel more, not two."""
    signal = _body(darkest=0.3, air=0.0)
    signal[:, 31] = signal[:, 168] = 0.2  # behind a first pixel that the edge has mixed
    signal[:, 30] = signal[:, 169] = 0.1
    inside = np.ones(signal.shape, bool)
    direct = direct_exposure(signal, inside, _SETTINGS)
    assert direct.saturated
    for saturated, low in ((True, 0.2), (False, 0.3)):
        beside = replace(direct, saturated=saturated)
        found = signal_limits(signal, inside, inside & ~direct.mask, _DARK, {}, beside)
        assert found.low == pytest.approx(low, abs=0.03)


@pytest.mark.parametrize("degrees", [0, 30, 45])
def test_the_rim_left_out_of_a_field_is_as_wide_at_any_turn(degrees: float) -> None:
    y, x = np.mgrid[:200, :200] - 99.5
    across = x * np.cos(np.radians(degrees)) + y * np.sin(np.radians(degrees))
    along = y * np.cos(np.radians(degrees)) - x * np.sin(np.radians(degrees))
    inside = (np.abs(across) < 60) & (np.abs(along) < 60)
    left = core(inside, inside)
    assert np.abs(across[left]).max() == pytest.approx(56.5, abs=0.8)
