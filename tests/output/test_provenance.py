"""Content items tell how an image was made, whatever was set, after private attributes were taken away."""

from __future__ import annotations

import io

import pydicom
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from pydicom.dataelem import RawDataElement

from imgdash.config import ALL_STEPS
from imgdash.model import ImgdashError
from imgdash.model.codes import SCHEME, Code
from imgdash.output import provenance
from imgdash.process import Chain, describe
from imgdash.wire.items import parameters_to_items, read_code

NUMBERS = {one.name: one.bounds for one in describe() if one.kind == "number" and one.bounds}
MARK = st.fixed_dictionaries({"kind": st.just("side"), "text": st.text("LR[{µ", min_size=1), "x": st.just(0.25)})


def read_again(written: provenance.Provenance) -> provenance.Provenance | None:
    """As another program finds it in the file, with the standard's attributes alone."""
    sent = pydicom.Dataset()
    sent.SpecificCharacterSet = "ISO_IR 192"
    provenance.write(sent, written, {})
    file = io.BytesIO()
    pydicom.dcmwrite(file, sent, implicit_vr=False, little_endian=True)
    file.seek(0)
    ds = pydicom.dcmread(file, force=True)
    ds.remove_private_tags()
    return provenance.read(ds)


def same(one: object, other: object) -> bool:
    """Not only equal, as 1, 1.0 and True are."""
    return one == other and repr(one) == repr(other)


@settings(max_examples=30, deadline=None)
@given(
    names=st.lists(st.sampled_from(sorted(NUMBERS)), unique=True, max_size=4),
    part=st.floats(0, 1),
    condition=st.sampled_from(["", "hand", "chest-pa"]),
    version=st.integers(0, 99),
    steps=st.lists(st.sampled_from(ALL_STEPS), unique=True),
    scale=st.sampled_from([0.25, 0.5, 1.0, 2.0, 1 / 3]),
    bits=st.integers(8, 16),
    overlays=st.lists(MARK, max_size=2),
    unprocessed=st.sampled_from([True, False, None]),
)
def test_whatever_was_set_is_read_back(
    names: list[str], part: float, condition: str, version: int, steps: list[str], scale: float, bits: int,
    overlays: list[dict[str, object]], unprocessed: bool | None,
) -> None:  # fmt: skip
    wanted = {name: low + part * (high - low) for name in names for low, high in [NUMBERS[name]]}
    try:
        chain = Chain.of(overrides=wanted)
    except ImgdashError:
        # Some go only together, or are whole numbers.
        reject()
    written = provenance.Provenance(
        chain.flat(), condition=condition, version=version, steps=tuple(steps), scale=scale, bits=bits,
        overlays=tuple(overlays), unprocessed=unprocessed,
    )  # fmt: skip
    found = read_again(written)
    assert found is not None
    assert not found.exact
    for name in ("condition", "version", "steps", "bits", "overlays", "unprocessed"):
        assert same(getattr(found, name), getattr(written, name)), name
    assert found.scale == pytest.approx(scale, rel=1e-9)
    again = Chain.of(overrides=found.parameters).flat()
    for name, value in chain.flat().items():
        assert type(again[name]) is type(value), name
        assert again[name] == (pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value), name


def item(name: str, value: object, scheme: str = SCHEME) -> pydicom.Dataset:
    (made,) = parameters_to_items({name: value})
    made.ConceptNameCodeSequence[0].CodingSchemeDesignator = scheme
    return made


def broken(name: str) -> pydicom.Dataset:
    """A number that is none, as it stands in a file."""
    made = item(name, 1.5)
    tag = pydicom.datadict.tag_for_keyword("NumericValue")
    assert tag is not None
    made[tag] = RawDataElement(pydicom.tag.Tag(tag), "DS", 4, b"much", 0, False, True)
    return made


def named(one: pydicom.Dataset) -> Code | None:
    names = one.get("ConceptNameCodeSequence")
    return read_code(names[0]) if names else None


NUMBER = "gradation.contrast"
FOREIGN = {
    "a number for words": item("output.steps", 3),
    "a word for words": item("output.steps", "frequency"),
    "words for a number": item("output.scale", "large"),
    "a truth for a number": item("output.bits", True),
    "no places": item("output.overlays", "[1, 2]"),
    "words for a truth": item("source.unprocessed", "perhaps"),
    "no name": pydicom.Dataset(),
    "a broken number": broken(NUMBER),
    "words for a parameter": item(NUMBER, "much"),
    "an unknown parameter": item("gradation.magic", 2.0),
    "of another maker": item("gradation.contrast", 4.5, "99OTHER"),
}


@pytest.mark.parametrize("foreign", FOREIGN.values(), ids=FOREIGN)
def test_items_that_are_not_ours_are_passed_over(foreign: pydicom.Dataset) -> None:
    flat = {**Chain.of().flat(), "gradation.shift": 0.125}
    sent = pydicom.Dataset()
    provenance.write(sent, provenance.Provenance(flat, condition="hand", version=3, steps=("gradation",)), {})
    sent.remove_private_tags()
    # One of ours that somebody has written anew is there once.
    code = named(foreign)
    kept = [one for one in sent.PerformedProcessingParametersSequence if named(one) != code]
    sent.PerformedProcessingParametersSequence = pydicom.Sequence([*kept, foreign])
    found = provenance.read(sent)
    assert found is not None
    assert (found.condition, found.version) == ("hand", 3)
    assert set(found.parameters) <= set(flat)
    assert found.parameters["gradation.shift"] == 0.125
    assert Chain.of(overrides=found.parameters).flat()["gradation.shift"] == 0.125
    assert isinstance(found.bits, int)
