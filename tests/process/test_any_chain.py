"""Whatever the declared bounds allow, on whatever image: a result, the right size, in range, never an exception."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from imgdash import process
from imgdash.process import Chain
from imgdash.process.parameters import Description, describe
from imgdash.reduce import reduce_image
from tests.process.images import image


def _values(described: Description) -> st.SearchStrategy[Any]:
    if described.kind == "choice":
        return st.sampled_from(described.options)
    if described.kind == "boolean":
        return st.booleans()
    if described.kind == "number":
        low, high = described.bounds or (0, 1)
        number = st.floats(low, high, allow_subnormal=False)
        return st.none() | number if described.optional else number
    return st.just(described.default)


# Not made smaller: with so many parameters that takes minutes and tells little.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
CHAINS = st.fixed_dictionaries({}, optional={d.name: _values(d) for d in describe() if d.name != "geometry.scale"})
IMAGES = st.tuples(
    st.sampled_from([(1, 1), (2, 5), (24, 17), (40, 33)]),
    st.sampled_from(["zeros", "full", "noise", "ramp"]),
    st.sampled_from([8, 12, 16]),
    st.sampled_from([None, 0.1, 1.0, 3.0]),
    st.sampled_from(["MONOCHROME1", "MONOCHROME2"]),
    st.sampled_from([None, True, False]),
)


@settings(max_examples=40, deadline=None, phases=PHASES, suppress_health_check=[HealthCheck.too_slow])
@given(overrides=CHAINS, given_image=IMAGES)
def test_any_chain_forms_any_image(overrides: dict[str, Any], given_image: tuple[Any, ...]) -> None:
    shape, kind, bits, pitch, photometric, unprocessed = given_image
    top = (1 << bits) - 1
    count = shape[0] * shape[1]
    pixels = {
        "zeros": np.zeros(count),
        "full": np.full(count, top),
        "noise": np.random.default_rng(count).integers(0, top + 1, count),
        "ramp": np.linspace(0, top, count),
    }[kind]
    stored = image(
        pixels.reshape(shape).astype(np.uint16),
        bits=bits,
        pitch=pitch,
        PhotometricInterpretation=photometric,
        unprocessed=unprocessed,
        PixelIntensityRelationship="LIN",
        WindowCenter=top / 2,
        WindowWidth=top / 3,
    )
    chain = Chain.of({}, overrides)
    reduced = reduce_image(stored)
    calculated = process.calculate(reduced, chain, attrs=stored.attrs)
    out = process.form(stored, chain, calculated, bits=12)
    assert out.dtype == np.uint16
    assert out.values.max() <= 4095
    assert calculated["s_low"] < calculated["s_high"]
    assert 0 <= calculated["clipped_low"] <= 1
    assert 0 <= calculated["field_fraction"] <= 1
    assert process.preview(reduced.display, 1.0, chain, calculated).dtype == np.uint8
    signal, p_value = process.curve(chain, calculated)
    assert (np.diff(p_value) >= 0).all()
    assert np.isfinite(signal).all()
