"""The MTF of a slanted edge against edges whose MTF is known exactly."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from imgdash.model import ImgdashError
from imgdash.process.quality import edges, slanted_edge
from imgdash.simulate.targets import Panel, edge_plate

# Without noise to speak of, so that the method alone is judged.
QUIET = {"efficiency": 1e6, "electronic_ugy": 0.0, "size": (720, 720)}


def _edge(angle_deg: float, blur: float, shape: tuple[int, int] = (200, 160), low: float = 0.1) -> np.ndarray:
    """An edge blurred by a Gaussian of so many pixels, sampled at points: its MTF is the Gaussian's alone."""
    y, x = (np.arange(n) - (n - 1) / 2 for n in shape)
    angle = np.radians(angle_deg)
    return low + (1 - low) * ndtr((np.cos(angle) * x[None, :] - np.sin(angle) * y[:, None]) / blur)


@pytest.mark.parametrize("angle", [-9.0, -1.7, 2.5, 6.0])
@pytest.mark.parametrize("blur", [0.5, 1.0, 2.5])
def test_a_gaussian_edge_has_the_gaussians_mtf(angle: float, blur: float) -> None:
    pitch = 0.2
    found = slanted_edge(_edge(angle, blur), (pitch, pitch))
    f = np.linspace(0, 0.5 / pitch, 26)
    expected = np.exp(-2 * (np.pi * blur * pitch * f) ** 2)
    assert found.angle_deg == pytest.approx(angle, abs=0.01)
    np.testing.assert_allclose([found.at(each) for each in f], expected, atol=0.003)
    half = np.sqrt(np.log(2) / 2) / (np.pi * blur * pitch)
    if half < found.nyquist:
        assert found.falls_to(0.5) == pytest.approx(half, rel=0.003)


def test_turned_mirrored_and_inverted_it_is_the_same() -> None:
    edge = _edge(3.0, 1.0)
    expected = slanted_edge(edge, (0.2, 0.2)).mtf
    for other, axis in ((edge.T, "y"), (edge[:, ::-1], "x"), (edge[::-1], "x"), (1.1 - edge, "x")):
        np.testing.assert_allclose(slanted_edge(other, (0.2, 0.2), axis).mtf, expected, atol=1e-6)  # type: ignore[arg-type]


def test_pixels_need_not_be_square() -> None:
    """Sampled half as often along the edge, the MTF across it stays."""
    edge = _edge(3.0, 1.0, (400, 160))
    one = slanted_edge(edge, (0.2, 0.2))
    other = slanted_edge(edge[::2], (0.4, 0.2))
    assert other.angle_deg == pytest.approx(one.angle_deg, abs=0.01)
    assert other.falls_to(0.5) == pytest.approx(one.falls_to(0.5), rel=0.003)


@pytest.mark.parametrize(("pitch", "blur", "angle"), [(0.16, 0.10, 2.5), (0.12, 0.08, -1.8), (0.2, 0.2, 4.0)])
def test_both_edges_of_a_plate_are_found_and_right(pitch: float, blur: float, angle: float) -> None:
    panel = Panel(pitch_mm=pitch, blur_mm=blur, **QUIET)  # type: ignore[arg-type]
    found = edges(edge_plate(panel, angle_deg=angle), (pitch, pitch))
    assert [edge.axis for edge in found] == ["x", "y"]
    for edge in found:
        assert abs(edge.angle_deg) == pytest.approx(abs(angle), abs=0.02)
        f = np.linspace(0, edge.nyquist, 20)
        np.testing.assert_allclose([edge.at(each) for each in f], panel.mtf(f), atol=0.006)
        assert edge.falls_to(0.5) == pytest.approx(panel.falls_to(0.5), rel=0.005)
        assert edge.falls_to(0.2) == pytest.approx(panel.falls_to(0.2), rel=0.005)


def test_with_the_noise_of_a_detector_it_stays_within_two_percent() -> None:
    panel = Panel(size=(800, 800))
    for seed in range(3):
        for edge in edges(edge_plate(panel, seed=seed), (0.16, 0.16)):
            assert edge.falls_to(0.5) == pytest.approx(panel.falls_to(0.5), rel=0.02)
            assert edge.at(edge.nyquist / 2) == pytest.approx(float(panel.mtf(edge.nyquist / 2)), abs=0.015)


def test_shutters_around_the_plate_are_not_taken_for_it() -> None:
    panel = Panel(blur_mm=0.12, **QUIET)  # type: ignore[arg-type]
    pixels = edge_plate(panel).astype(float)
    pixels[:60] = pixels[-50:] = 3
    pixels[:, :40] = pixels[:, -70:] = 3
    found = edges(pixels, (0.16, 0.16))
    assert {round(abs(edge.angle_deg), 1) for edge in found} == {2.5}
    assert [edge.falls_to(0.5) for edge in found] == pytest.approx([panel.falls_to(0.5)] * 2, rel=0.01)


def test_what_cannot_be_measured_is_said() -> None:
    with pytest.raises(ImgdashError, match="not slanted"):
        slanted_edge(_edge(0.0, 1.0), (0.2, 0.2))
    with pytest.raises(ImgdashError, match="too small"):
        slanted_edge(np.ones((4, 100)), (0.2, 0.2))
    chance = np.random.default_rng(1)
    for picture in (np.ones((500, 500)), np.zeros((500, 500)), chance.normal(100, 3, (500, 500))):
        with pytest.raises(ImgdashError, match="There is no"):
            edges(picture, (0.2, 0.2))
