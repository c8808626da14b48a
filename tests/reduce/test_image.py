"""Reduced images: sizes, domains, area-correctness, and one processing grid for every reading pitch (C3)."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from imgdash.model import ImgdashError
from imgdash.reduce import Reduced, reduce_image
from tests.process.images import body, image, random_pixels


def test_sizes_types_and_domains() -> None:
    reduced = reduce_image(image(random_pixels(1000, 800), bits=12, pitch=0.2), display_size=320)
    assert reduced.display.shape == (320, 256)
    assert reduced.display.dtype == np.uint16
    assert reduced.processing.shape == (200, 160)
    assert reduced.processing.dtype == np.float32
    assert reduced.thumbnail.shape == (160, 128)
    assert reduced.thumbnail.dtype == np.uint8
    assert reduced.pitch_mm == 1.0
    assert reduced.extent_mm == pytest.approx((200, 160))
    assert reduced.display_pitch_mm == pytest.approx((0.625, 0.625))


def test_areas_are_averaged_in_the_signal_domain() -> None:
    pixels = random_pixels(200, 160)
    reduced = reduce_image(image(pixels, bits=12, pitch=0.25), display_size=100)
    means = pixels.reshape(100, 2, 80, 2).mean(axis=(1, 3)) / 4095
    assert reduced.display / 65535 == pytest.approx(means, abs=1e-4)
    assert reduced.processing == pytest.approx(pixels.reshape(50, 4, 40, 4).mean(axis=(1, 3)) / 4095, abs=1e-5)


@pytest.mark.parametrize("shape", [(201, 143), (64, 300), (97, 97)])
def test_areas_that_are_no_whole_pixels_count_by_their_share(shape: tuple[int, int]) -> None:
    rows, columns = shape
    pixels = random_pixels(rows, columns)
    reduced = reduce_image(image(pixels, bits=12, pitch=0.37), display_size=50)
    for made in (reduced.display / 65535, reduced.processing):
        means = np.linalg.multi_dot([_means(rows, made.shape[0]), pixels / 4095, _means(columns, made.shape[1]).T])
        assert made == pytest.approx(means, abs=1e-5)
    # Two columns are counted at a time: the last one of an odd number, too.
    assert reduced.histogram.sum() == pixels.size


def _means(fine: int, coarse: int) -> np.ndarray:
    """The matrix of averages over areas: how much of each sample lies in each of the coarser ones."""
    edges = np.linspace(0, fine, coarse + 1)
    overlap = np.minimum(edges[1:, None], np.arange(1, fine + 1)) - np.maximum(edges[:-1, None], np.arange(fine))
    return np.clip(overlap, 0, None) * coarse / fine


@pytest.mark.parametrize("size", [(4000, 3001), (1500, 1100)])
def test_a_turned_image_is_reduced_alike(size: tuple[int, int]) -> None:
    pixels = random_pixels(*size)
    upright, turned = (reduce_image(image(one, bits=12, pitch=0.1)) for one in (pixels, pixels[::-1, ::-1]))
    assert turned.processing[::-1, ::-1] == pytest.approx(upright.processing, abs=1e-6)
    assert turned.display[::-1, ::-1].astype(int) == pytest.approx(upright.display.astype(int), abs=1)
    assert turned.histogram.tolist() == upright.histogram.tolist()


def test_nothing_is_enlarged_for_display_and_the_grid_is_in_mm() -> None:
    reduced = reduce_image(image(random_pixels(50, 40), bits=12, pitch=2.0))
    assert reduced.display.shape == (50, 40)
    assert reduced.processing.shape == (100, 80)


def test_the_processing_image_is_the_same_for_every_reading_pitch() -> None:
    reference = reduce_image(image(body(150, 120), bits=12, pitch=1.0)).processing
    for pitch in (0.1, 0.15, 0.2):
        read = body(round(150 / pitch), round(120 / pitch), pitch=pitch)
        same = reduce_image(image(read, bits=12, pitch=pitch)).processing
        assert same.shape == reference.shape
        assert np.abs(same - reference).mean() < 0.003


def test_pixels_that_are_not_square_are_shown_square() -> None:
    stored = image(random_pixels(100, 100), bits=12)
    stored.attrs["PixelSpacing"] = [0.4, 0.2]
    assert reduce_image(stored).display.shape == (100, 50)


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_histogram_counts_every_pixel_without_a_comb(bits: int) -> None:
    pixels = np.arange(1 << bits, dtype=np.uint8 if bits == 8 else np.uint16).reshape(16, -1)
    reduced = reduce_image(image(pixels, bits=bits))
    assert reduced.histogram.dtype == np.int64
    assert reduced.histogram.sum() == pixels.size
    assert len(np.unique(reduced.histogram)) == 1
    low, high = reduced.edges
    assert low < 0 < 1 < high


def test_histogram_is_in_the_signal_domain() -> None:
    pixels = np.full((20, 20), 1000, np.uint16)
    reduced = reduce_image(image(pixels, bits=12, PhotometricInterpretation="MONOCHROME1"))
    low, high = reduced.edges
    centre = low + (np.argmax(reduced.histogram) + 0.5) * (high - low) / len(reduced.histogram)
    assert centre == pytest.approx(1 - 1000 / 4095, abs=1e-3)


def test_unknown_or_unbelievable_spacing_is_assumed_and_told() -> None:
    for spacing in (None, [0.0, 0.0], [300.0, 300.0], ["a", "b"]):
        stored = image(random_pixels(440, 440), bits=12, pitch=None)
        if spacing:
            stored.attrs["PixelSpacing"] = spacing
        reduced = reduce_image(stored)
        assert not reduced.spacing_known
        assert reduced.extent_mm == pytest.approx((350, 350))
        assert any("350 mm assumed" in note for note in reduced.notes)


def test_imager_spacing_stands_in() -> None:
    stored = image(random_pixels(100, 100), bits=12, pitch=None, ImagerPixelSpacing=[0.15, 0.15])
    assert reduce_image(stored).extent_mm == pytest.approx((15, 15))


def test_saturation_short_of_the_nominal_end_is_seen() -> None:
    pixels = np.clip(random_pixels(300, 300), 0, 3500).astype(np.uint16)
    assert reduce_image(image(pixels, bits=12)).ends == pytest.approx((0, 3500 / 4095), abs=1e-3)
    assert reduce_image(image(random_pixels(300, 300), bits=12)).ends == (0.0, 1.0)


def test_what_a_stored_reduced_image_lacks_is_made_up() -> None:
    reduced = reduce_image(image(random_pixels(500, 400), bits=12, pitch=0.2))
    again = Reduced(reduced.display, reduced.processing, 1.0, reduced.thumbnail, reduced.histogram, reduced.edges)
    assert again.extent_mm == (100, 80)


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (7, 3)])
def test_tiny_images(shape: tuple[int, int]) -> None:
    reduced = reduce_image(image(np.full(shape, 7, np.uint16), bits=12))
    assert reduced.thumbnail.size
    assert reduced.processing.size
    assert np.isfinite(reduced.processing).all()


def test_an_image_without_pixels_is_refused() -> None:
    with pytest.raises(ImgdashError, match="cannot be processed"):
        reduce_image(xr.DataArray(np.zeros((0, 5), np.uint16), dims=("y", "x"), attrs={}))
