"""Which parameters have an effect, held against what processing makes of an image."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from imgdash.dashboard.tuning.effect import without_effect
from imgdash.process import Chain, calculate, describe, form
from imgdash.reduce import Reduced, reduce_image

ATTRS = {"PhotometricInterpretation": "MONOCHROME2", "BitsStored": 12, "PixelSpacing": (1.0, 1.0), "Modality": "CR"}


@pytest.fixture(scope="module")
def image() -> xr.DataArray:
    y, x = np.mgrid[0:90, 0:110]
    rng = np.random.default_rng(3)
    values = 1800 + 1500 * np.sin(x / 9) * np.cos(y / 13) + rng.normal(0, 60, x.shape)
    return xr.DataArray(values.clip(0, 4095).astype(np.uint16), dims=("y", "x"), attrs=ATTRS)


@pytest.fixture(scope="module")
def reduced(image: xr.DataArray) -> Reduced:
    return reduce_image(image)


@pytest.mark.parametrize(
    "set_by_hand",
    [
        {},
        {"frequency.amount": 0.0, "equalization.light": 0.0, "automatic.signal": "full"},
        {"frequency.method": "unsharp", "equalization.method": "alpha-beta", "equalization.alpha": 0.6},
        {"equalization.light": 0.0, "equalization.dark": 0.0, "automatic.signal": "window"},
        {
            "overlay.comment": "x",
            "overlay.scale": True,
            "geometry.trim": "rectangle",
            "equalization.method": "alpha-beta",
        },
    ],
)
def test_a_dimmed_parameter_changes_no_pixel(
    image: xr.DataArray, reduced: Reduced, set_by_hand: dict[str, object]
) -> None:
    chain = Chain.of(overrides={"automatic.window_center": 2000, "automatic.window_width": 2500, **set_by_hand})

    def formed(tried: Chain) -> np.ndarray:
        return form(image, tried, calculate(reduced, tried, attrs=ATTRS)).values

    before, idle = formed(chain), without_effect(chain)
    for described in describe():
        if described.name not in idle:
            continue
        low, high = described.bounds or (0.0, 0.0)
        for value in described.options or (low + 0.3 * (high - low), low + 0.7 * (high - low)):
            assert np.array_equal(formed(chain.with_(**{described.name: value})), before), described.name


def test_what_acts_is_not_dimmed() -> None:
    chain = Chain.of(overrides={"frequency.method": "multi-band", "equalization.method": "compression"})
    idle = set(without_effect(chain))
    assert {"frequency.kernel", "equalization.alpha", "geometry.left", "automatic.window_width"} <= idle
    assert not {"frequency.fine", "equalization.light_start", "gradation.contrast", "automatic.low_percentile"} & idle
