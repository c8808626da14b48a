"""Every shipped condition file is complete, fits its declarations, and is the one its images lead to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from imgdash import process
from imgdash.config import OutputApparatus
from imgdash.process import Chain
from imgdash.process.parameters import STEP_CLASSES
from imgdash.reduce import reduce_image
from imgdash.store.condition_text import parse
from imgdash.store.conditions import shipped
from tests.process.images import image

FILES = sorted(shipped().glob("*.toml"))
WANTED = """chest-pa chest-ap chest-lat chest-paediatric abdomen-supine abdomen-erect pelvis hip skull-pa skull-lat hand
foot ankle knee-ap knee-lat cspine-ap cspine-lat tspine-ap tspine-lat lspine-ap lspine-lat extremity ct ct-head
ct-chest general as-sent qc-edge qc-flat qc-wedge qc-other""".split()


def test_the_regions_and_views_of_a_hospital_are_there() -> None:
    assert set(WANTED) <= {path.stem for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_condition_file(path: Path) -> None:
    condition = parse(path.stem, path.read_text(encoding="utf-8"), path.name)
    assert condition.title
    assert condition.group
    assert condition.description
    assert condition.author == "imgdash"
    assert set(condition.processing) <= set(STEP_CLASSES)
    chain = Chain.of(condition.processing)
    # The lead letter is in the image already; a second marker only where a person wants one.
    assert chain.overlay.side == "none"
    # Contrast and shift belong to the reviewer; as shipped, pixels shown as sent must come out as sent.
    assert (chain.gradation.contrast, chain.gradation.shift) == (1.0, 0.0)
    for settings in condition.output.values():
        given = {"name": "X", "kind": "printer", "ae_title": "X", **settings}
        assert OutputApparatus.model_validate(given)
    if "target_ei" in condition.exposure:
        assert 100 <= condition.exposure["target_ei"] <= 1000
        assert condition.exposure["di_low"] < 0 < condition.exposure["di_high"]


def test_ct_keys_show_their_window_in_hounsfield_units() -> None:
    stored = image(np.arange(-1024, 3072, dtype=np.int16).reshape(64, 64), bits=16, Modality="CT", pitch=0.7)
    reduced = reduce_image(stored)
    for key, center, width in (("ct-chest", 40, 400), ("ct-lung", -600, 1500), ("ct-head", 40, 80)):
        condition = parse(key, (shipped() / f"{key}.toml").read_text(encoding="utf-8"), key)
        chain = Chain.of(condition.processing)
        calculated = process.calculate(reduced, chain, attrs=stored.attrs)
        out = process.form(stored, chain, calculated, bits=12).values
        assert np.abs(out - process.voi.window(stored.values, center, width, "LINEAR", (0, 4095))).max() <= 1


def test_no_two_keys_fit_the_same_images() -> None:
    seen: dict[object, str] = {}
    for path in FILES:
        selection = parse(path.stem, path.read_text(encoding="utf-8"), path.name).selection
        for part in selection.body_part:
            for view in selection.view or ("",):
                for posture in selection.posture or ("",):
                    case = (part, view, posture, selection.age, selection.modality)
                    assert seen.setdefault(case, path.stem) == path.stem, case
