"""EI and DI by IEC 62494-1: the numbers, and silence where they do not apply."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from imgdash import process
from imgdash.process import Chain
from imgdash.process.automatic.exposure import deviation_index, indices, kerma
from imgdash.reduce import reduce_image
from imgdash.simulate import phantom
from tests.process.images import image

RAW = {
    "PhotometricInterpretation": "MONOCHROME1",
    "PresentationIntentType": "FOR PROCESSING",
    "PixelIntensityRelationship": "LIN",
    "PixelIntensityRelationshipSign": 1,
    "BitsStored": 14,
    "Modality": "DX",
}


@dataclass(frozen=True)
class Calibration:
    form: str = "linear"
    gain: float = 0.001
    offset: float = 0.0
    slope: float = 1000.0


@pytest.mark.parametrize(("factor", "di"), [(2, 3.01), (1.26, 1.00), (0.5, -3.01), (1, 0)])
def test_deviation_index(factor: float, di: float) -> None:
    assert deviation_index(250 * factor, 250) == pytest.approx(di, abs=0.005)


def test_kerma_of_both_forms() -> None:
    assert kerma(3000, Calibration(offset=0.5)) == pytest.approx(3.5)
    assert kerma(2000, Calibration(form="log", gain=0.01, slope=1000)) == pytest.approx(1.0)


def _flat(
    value: int, calibration: Calibration | None, target: float | None = 250.0, **attrs: object
) -> dict[str, object]:
    stored = image(np.full((100, 100), value, np.uint16), pitch=1.0, **{**RAW, **attrs})  # type: ignore[arg-type]
    return process.calculate(
        reduce_image(stored), Chain.of(), attrs=stored.attrs, calibration=calibration, target_ei=target
    )


def test_ei_is_a_hundred_times_the_kerma_of_the_relevant_region() -> None:
    found = _flat(2500, Calibration())
    assert found["ei"] == pytest.approx(250, rel=2e-3)
    assert found["di"] == pytest.approx(0, abs=0.01)
    assert found["ei_source"] == "calculated"


def test_twice_the_dose_is_three_more() -> None:
    assert _flat(5000, Calibration())["di"] - _flat(2500, Calibration())["di"] == pytest.approx(3.01, abs=0.01)  # type: ignore[operator]


def test_display_processing_does_not_matter() -> None:
    stored = image(np.random.default_rng(1).integers(500, 9000, (100, 100), np.uint16), pitch=1.0, **RAW)  # type: ignore[arg-type]
    chains = (Chain.of(), Chain.of({"gradation": {"contrast": 3}, "frequency": {"amount": 3}}))
    results = [
        process.calculate(reduce_image(stored), chain, attrs=stored.attrs, calibration=Calibration(), target_ei=250)
        for chain in chains
    ]
    assert results[0]["ei"] == results[1]["ei"]


@pytest.mark.parametrize(
    "attrs",
    [
        {"Modality": "MG"},
        {"Modality": "CT"},
        {"Modality": "XA"},
        {"Modality": "IO"},
        {"BodyPartExamined": "BREAST"},
        {"PresentationIntentType": "FOR PRESENTATION"},
    ],
)
def test_blank_where_it_does_not_apply(attrs: dict[str, object]) -> None:
    found = _flat(2500, Calibration(), **attrs)
    assert found["ei"] is None
    assert found["di"] is None
    assert any("No exposure index" in note for note in found["notes"])  # type: ignore[attr-defined]


def test_unknown_stays_unknown() -> None:
    assert _flat(2500, None)["ei"] is None
    without_target = _flat(2500, Calibration(), target=None)
    assert without_target["ei"] == pytest.approx(250, rel=2e-3)
    assert without_target["di"] is None
    assert indices(None, RAW, Calibration(), 250, 1).ei is None
    assert indices(0.5, RAW, Calibration(offset=-1e6), 250, 1).ei is None


def test_several_irradiations_have_none() -> None:
    assert indices(0.2, RAW, Calibration(), 250, 2).ei is None


def test_what_the_modality_says_is_taken_and_named() -> None:
    found = _flat(2500, None, target=None, ExposureIndex=500, TargetExposureIndex=250)
    assert found["ei"] == 500
    assert found["ei_source"] == "header"
    assert found["di"] == pytest.approx(3.01, abs=0.005)
    ours = _flat(2500, None, target=500.0, ExposureIndex="500")
    assert ours["di"] == pytest.approx(0)


@pytest.mark.parametrize(("body_part", "view"), [("CHEST", "PA"), ("PELVIS", "AP"), ("KNEE", "AP")])
def test_phantoms_index_is_found_again(body_part: str, view: str) -> None:
    side = "L" if body_part == "KNEE" else ""
    exposed = phantom.radiograph(body_part, view, seed=4, side=side, pitch_mm=0.4)
    stored = image(exposed.pixels, pitch=0.4, **{**RAW, "BodyPartExamined": body_part})  # type: ignore[arg-type]
    flat = phantom.radiograph("FLAT", "AP", seed=1, pitch_mm=1.0)
    per_value = flat.truth.ei / 100 / float(np.median(flat.pixels))
    found = process.calculate(
        reduce_image(stored),
        Chain.of({"automatic": {"region": "lungs" if body_part == "CHEST" else "anatomy"}}),
        attrs=stored.attrs,
        calibration=Calibration(gain=per_value),
        target_ei=exposed.truth.ei,
    )
    assert abs(found["di"]) < 1.0
