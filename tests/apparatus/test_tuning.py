"""Numbers of a trial and versions of a condition key, each by what must hold exactly."""

from __future__ import annotations

import dataclasses
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from imgdash.apparatus import trial
from imgdash.apparatus.releasing import compare, processing
from imgdash.apparatus.tuning import Tuning
from imgdash.model import Condition
from imgdash.process import Chain, calculate
from imgdash.reduce import reduce_image
from imgdash.store.condition_text import parse, render
from imgdash.store.conditions import Conditions, shipped
from imgdash.store.store import Store
from tests.confirm import making

ATTRS = {"PhotometricInterpretation": "MONOCHROME2", "BitsStored": 12, "PixelSpacing": (1.0, 1.0), "Modality": "CR"}
WHOLE = {"automatic.field": "whole", "automatic.direct": False, "automatic.signal": "full"}


def image(pixels: np.ndarray) -> xr.DataArray:
    return xr.DataArray(pixels.astype(np.uint16), dims=("y", "x"), attrs=ATTRS)


def looked(pixels: np.ndarray, **overrides: object) -> trial.Trial:
    reduced = reduce_image(image(pixels))
    chain = Chain.of(overrides={**trial.PLAIN, **WHOLE, **overrides})
    return trial.look(reduced, chain, calculate(reduced, chain, attrs=ATTRS))


RAMP = np.tile(np.linspace(0, 4095, 256), (200, 1))


def test_straight_tones_give_the_image_back() -> None:
    found = looked(RAMP)
    assert found.pixels.shape == (200, 256)
    assert np.abs(found.pixels[100].astype(float) - np.linspace(0, 255, 256)).max() <= 1
    assert found.numbers.noise_gain is None
    assert (found.numbers.s_low, found.numbers.s_high) == (0.0, 1.0)


def test_what_contrast_hides_is_counted() -> None:
    found = looked(RAMP, **{"gradation.contrast": 2.0})
    # A straight curve of slope 2 around the middle hides a quarter at each end.
    assert found.numbers.black == pytest.approx(0.25, abs=0.01)
    assert found.numbers.white == pytest.approx(0.25, abs=0.01)
    assert (found.numbers.p_low, found.numbers.p_high) == (0.0, 1.0)


def test_processing_is_measured_against_straight_tones() -> None:
    noisy = RAMP * 0.5 + 1000 + np.random.default_rng(1).normal(0, 40, RAMP.shape)
    assert looked(noisy).numbers.noise_gain == pytest.approx(1.0, abs=0.02)
    assert looked(noisy).numbers.cnr_gain == pytest.approx(1.0, abs=0.02)
    assert looked(noisy, **{"gradation.contrast": 1.5}).numbers.noise_gain == pytest.approx(1.5, abs=0.05)
    sharp = looked(noisy, **{"frequency.amount": 2.0, "frequency.noise": 0.0, "frequency.fine": 2.0}).numbers
    assert sharp.noise_gain > 2


def test_turning_changes_the_picture_and_no_number() -> None:
    still, turned = looked(RAMP), looked(RAMP, **{"geometry.rotation": 90, "geometry.mirror": True})
    assert turned.pixels.shape == (256, 200)
    assert turned.extent_mm == still.extent_mm[::-1]
    assert turned.numbers == still.numbers


def test_profile_of_a_ramp_is_the_ramp() -> None:
    pixels = RAMP.astype(np.float32)
    way, values = trial.profile(pixels, (200.0, 256.0), (0.5, 100.0), (255.5, 100.0), n=256)
    assert way[-1] == pytest.approx(255.0)
    assert np.allclose(values, RAMP[0], atol=0.5)
    _, back = trial.profile(pixels, (200.0, 256.0), (255.5, 50.0), (0.5, 50.0), n=256)
    assert np.allclose(back, values[::-1], atol=0.5)


@pytest.mark.parametrize("path", sorted(shipped().glob("*.toml")), ids=lambda path: path.stem)
def test_a_saved_key_has_the_parameters_that_were_tried(path) -> None:  # type: ignore[no-untyped-def]
    former = parse(path.stem, path.read_text(encoding="utf-8"), path.name)
    tried = Chain.of(former.processing).with_(
        **{"gradation.contrast": 1.26, "frequency.amount": 0.8, "overlay.side": "auto", "automatic.s_low": 0.1}
    )
    saved = dataclasses.replace(former, processing=processing(tried, former))
    again = parse(former.key, render(saved), former.key)
    assert Chain.of(again.processing) == tried
    # What the file named before is still named, so that a person finds it there.
    for step, values in former.processing.items():
        assert set(values) <= set(again.processing[step])


def test_only_what_differs_is_compared() -> None:
    one = Chain.of()
    other = one.with_(**{"frequency.kernel": 6.0, "geometry.mirror": True})
    assert [(change.name, change.unit, change.former, change.later) for change in compare(one, other)] == [
        ("frequency.kernel", "mm", 4.0, 6.0),
        ("geometry.mirror", "", False, True),
    ]
    assert processing(one, Condition("x", "X", "")) == {}


def test_another_target_in_the_key_is_seen_at_once(tmp_path: Path) -> None:
    conditions = Conditions(making.condition_folder(tmp_path / "conditions"))
    exposure = [{"sender": "CR51", "form": "linear", "gain": 0.001}]
    stored = image(np.random.default_rng(3).normal(2000, 300, (80, 80)).clip(0, 4095))
    stored.attrs["unprocessed"] = True
    reduced = reduce_image(stored)
    with closing(Store(tmp_path)) as store:
        put = making.put(store, making.header())
        tuning = Tuning(
            making.site(tmp_path, exposure=exposure),
            store,
            conditions,
            lambda _: reduced,
            lambda _: stored.attrs,
            lambda condition, by, note: conditions.save(condition, by.name, note),
        )
        chain = tuning.chain("chest-pa")
        first = tuning.calculated(put.image_id, "chest-pa", chain)
        assert tuning.calculated(put.image_id, "chest-pa", chain) is first
        doubled = dataclasses.replace(conditions.get("chest-pa"), exposure={"target_ei": 500.0})
        conditions.save(doubled, "max", "twice the dose")
        later = tuning.calculated(put.image_id, "chest-pa", chain)
    assert (first["target_ei"], later["target_ei"]) == (250, 500)
    assert first["di"] - later["di"] == pytest.approx(3.01, abs=0.01)
