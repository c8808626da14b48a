"""What is shown on the screen is what is sent: the whole image has the overlays where the output has them."""

from __future__ import annotations

import numpy as np
import pytest

from imgdash import process
from imgdash.process import Chain
from imgdash.process.whole import whole
from imgdash.reduce import reduce_image
from tests.process.images import body, image

PLACED = [{"kind": "comment", "x": 0.3, "y": 0.6, "text": "supine"}, {"kind": "scale", "x": 0.9, "y": 0.4}]


@pytest.mark.parametrize(
    "geometry",
    [
        {},
        {"rotation": 90, "mirror": True},
        {"trim": "rectangle", "left": 0.2, "right": 0.9, "top": 0.1, "bottom": 0.8},
        {"trim": "field", "angle": 3.0},
    ],
)
def test_the_part_that_is_sent_is_shown_pixel_for_pixel(geometry: dict[str, object]) -> None:
    stored = image(body(500, 400, pitch=0.5), bits=12, pitch=0.5)
    chain = Chain.of({"geometry": geometry, "overlay": {"side": "L", "side_x": 0.1, "side_y": 0.1}})
    calculated = process.calculate(reduce_image(stored), chain, attrs=stored.attrs)
    calculated = {**calculated, "field": [[[20, 30], [180, 30], [180, 220], [20, 220]]]}
    sent = process.form(stored, chain, calculated, overlays=PLACED)
    shown = whole(stored, chain, calculated, overlays=PLACED)
    trimmed = [entry for entry in sent.attrs["processing_log"] if entry["step"] == "trim"]
    assert bool(trimmed) == ("trim" in geometry)
    rows, columns = (trimmed[0]["rows"], trimmed[0]["columns"]) if trimmed else ([0, None], [0, None])
    np.testing.assert_array_equal(shown[slice(*rows), slice(*columns)], sent.values)
    # They are there, and nothing else is touched.
    bare = whole(stored, chain.with_(**{"overlay.side": "none"}), calculated)
    changed = bare != shown
    assert changed.any()
    changed[slice(*rows), slice(*columns)] = False
    assert not changed.any()
