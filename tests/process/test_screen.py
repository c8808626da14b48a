"""The preview shows what the output will be; the drawn curves are those that act."""

from __future__ import annotations

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from imgdash import process
from imgdash.process import Chain
from imgdash.process.kernels import resize
from imgdash.process.prepared import PreparedImages
from imgdash.reduce import reduce_image
from tests.process.images import body, image

# Stated tolerance, in parts of full scale: mean 0.5 %, and 99 of 100 pixels within 3 %. Bands finer than the
# display image has are missing in the preview, and non-linear steps do not commute with averaging.
MEAN, MOST = 0.005, 0.03


def _both(processing: dict[str, dict[str, object]]) -> tuple[np.ndarray, np.ndarray]:
    pixels = body(1400, 1120, pitch=0.2)
    stored = image(pixels, bits=12, pitch=0.2)
    chain = Chain.of(processing)
    reduced = reduce_image(stored, display_size=640)
    calculated = process.calculate(reduced, chain, attrs=stored.attrs)
    quick = process.preview(reduced.display, reduced.display_pitch_mm[0], chain, calculated, bits=12)
    whole = process.form(stored, chain, calculated, bits=12).values.astype(np.float32)
    return quick.astype(np.float32) / 4095, resize(whole, *quick.shape) / 4095


@pytest.mark.parametrize(
    "processing",
    [
        {},
        {"frequency": {"amount": 1.5}, "equalization": {"dark": 0.6, "light": 0.5}},
        {
            "frequency": {"method": "unsharp", "kernel": 6.0, "amount": 1.0},
            "geometry": {"rotation": 90, "mirror": True},
        },
        {"equalization": {"method": "alpha-beta", "alpha": 0.5, "beta": 1.2}, "gradation": {"contrast": 1.4}},
    ],
)
def test_preview_is_the_reduced_output(processing: dict[str, dict[str, object]]) -> None:
    quick, whole = _both(processing)
    difference = np.abs(quick - whole)
    assert difference.mean() < MEAN
    assert np.percentile(difference, 99) < MOST


def test_preview_takes_its_pitch_from_the_image_where_it_is_known() -> None:
    stored = image(body(400, 320), bits=12, pitch=1.0)
    reduced = reduce_image(stored)
    chain = Chain.of()
    calculated = process.calculate(reduced, chain, attrs=stored.attrs)
    right = process.preview(reduced.display, 1.0, chain, calculated)
    assert np.array_equal(right, process.preview(reduced.display, 0.123, chain, calculated))
    assert right.dtype == np.uint8
    assert process.preview(reduced.display, 1.0, chain, calculated, bits=12).dtype == np.uint16


def test_drawn_gradation_is_the_one_applied() -> None:
    chain = Chain.of({"gradation": {"type": "chest", "contrast": 1.3}, "frequency": {"amount": 0}})
    chain = chain.with_(**{"equalization.light": 0, "equalization.dark": 0})
    calculated = {"s_low": 0.2, "s_high": 0.8}
    signal, p_value = process.curve(chain, calculated, n=256)
    ramp = image(np.arange(256, dtype=np.uint8).reshape(1, -1), bits=8)
    formed = process.form(ramp, chain, calculated, bits=12).values.ravel() / 4095
    assert np.abs(p_value - formed).max() < 2 / 4095
    assert (signal[0], signal[-1]) == (0, 1)


def test_other_curves() -> None:
    chain, calculated = Chain.of(), {"s_low": 0.2, "s_high": 0.8}
    for drawn in (process.beta_curve(chain, calculated), process.compression_curve(chain, calculated)):
        assert drawn[0].shape == drawn[1].shape == (256,)
        assert np.isfinite(drawn[1]).all()


def test_processed_pixels_are_shown_as_sent_unless_told_otherwise() -> None:
    pixels = body(200, 160)
    attrs = {"PresentationIntentType": "FOR PRESENTATION", "WindowCenter": 2000, "WindowWidth": 3000}
    stored = image(pixels, bits=12, **attrs)
    chain = Chain.of()
    calculated = process.calculate(reduce_image(stored), chain, attrs=stored.attrs)
    out = process.form(stored, chain, calculated)
    shown = process.voi.window(pixels, 2000, 3000, "LINEAR", (0, 4095))
    assert np.abs(out.values - shown).max() <= 1
    assert "as sent" in [entry["step"] for entry in out.attrs["processing_log"]]
    assert any("processed" in note for note in calculated["notes"])
    again = chain.with_(**{"automatic.processed": "process"})
    calculated = process.calculate(reduce_image(stored), again, attrs=stored.attrs)
    assert "frequency" in [entry["step"] for entry in process.form(stored, again, calculated).attrs["processing_log"]]


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize(
    "attrs",
    [
        {"WindowCenter": 2000, "WindowWidth": 3000, "VOILUTFunction": "SIGMOID"},
        {"WindowCenter": 2000, "WindowWidth": 3000, "VOILUTFunction": "LINEAR_EXACT"},
        {"WindowCenter": 2000, "WindowWidth": 3000},
        {"voi_lut": {"descriptor": [4096, 0, 12], "data": np.minimum(np.arange(4096) ** 2 // 2000, 4095).tolist()}},
    ],
)
def test_as_sent_follows_every_function_and_voi_lut(attrs: dict[str, object], photometric: str) -> None:
    pixels = np.arange(0, 4096, 3, dtype=np.uint16).reshape(1, -1).repeat(4, axis=0)
    stored = image(pixels, bits=12, PhotometricInterpretation=photometric, unprocessed=False, **attrs)
    chain = Chain.of()
    calculated = process.calculate(reduce_image(stored), chain, attrs=stored.attrs)
    out = process.form(stored, chain, calculated).values[0] / 4095
    if "voi_lut" in attrs:
        shown = np.asarray(attrs["voi_lut"]["data"])[pixels[0]] / 4095  # type: ignore[index]
    else:
        shown = process.voi.window(pixels[0], 2000, 3000, str(attrs.get("VOILUTFunction", "LINEAR")))
    shown = 1 - shown if photometric == "MONOCHROME1" else shown
    assert np.abs(out - shown).max() < 0.004


def test_what_is_kept_between_previews_changes_nothing() -> None:
    """Slider after slider on one array, and each time on an array never seen before: the same pixels."""
    stored = image(body(500, 400, pitch=0.8), bits=12, pitch=0.8)
    display = reduce_image(stored).display
    chain = Chain.of()
    calculated = process.calculate(reduce_image(stored), chain, attrs=stored.attrs)
    moves: list[dict[str, object]] = [
        {"gradation.contrast": 1.3},
        {"frequency.amount": 1.5},
        {"equalization.dark": 0.6},
        {"frequency.method": "unsharp", "equalization.bands": 2},
        {"frequency.amount": 0.0},
        {"automatic.s_low": 0.2},
        {"frequency.amount": 1.5},
        {"equalization.method": "alpha-beta", "equalization.alpha": 0.7},
        {"geometry.rotation": 90, "geometry.angle": 4.0},
    ]
    seen = []
    for move in moves:
        chain = chain.with_(**move)
        moved = process.preview(display, 0.8, chain, calculated)
        assert np.array_equal(moved, process.preview(display.copy(), 0.8, chain, calculated)), move
        seen.append(moved.tobytes())
    assert len(set(seen)) == len(seen), "each move shows"
    elsewhere = {**calculated, "extent_mm": [800.0, 640.0]}
    assert not np.array_equal(process.preview(display, 1.6, chain, elsewhere), moved)


def test_what_is_kept_goes_with_its_image() -> None:
    images = PreparedImages()
    table = np.linspace(0, 1, 65536, dtype=np.float32)
    arrays = [np.zeros((40, 30), np.uint16) for _ in range(20)]
    first = images.of(arrays[0], table, (1.0, 1.0))
    assert images.of(arrays[0], table, (1.0, 1.0)) is first
    gone = weakref.ref(first)
    del first, arrays[0]
    gc.collect()
    images.of(arrays[0], table, (1.0, 1.0))
    assert gone() is None
    kept = [weakref.ref(images.of(array, table, (1.0, 1.0))) for array in arrays]
    gc.collect()
    assert sum(one() is not None for one in kept) < 10


def test_previews_from_several_threads() -> None:
    stored = image(body(300, 240), bits=12)
    display = reduce_image(stored).display
    calculated = process.calculate(reduce_image(stored), Chain.of(), attrs=stored.attrs)
    chains = [Chain.of({"frequency": {"amount": 0.2 * k}, "equalization": {"dark": 0.1 * k}}) for k in range(1, 7)]
    expected = [process.preview(display.copy(), 0.2, chain, calculated) for chain in chains]
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda chain: process.preview(display, 0.2, chain, calculated), chains * 5))
    assert all(np.array_equal(one, other) for one, other in zip(found, expected * 5, strict=True))
