"""The processed image as it is sent: pixels, header, provenance, character sets, transfer syntaxes."""

from __future__ import annotations

import dataclasses
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom import uid
from pydicom.dataset import Dataset, FileDataset

from imgdash import process
from imgdash.model import ImgdashError
from imgdash.model.codes import Code
from imgdash.output import form, provenance
from imgdash.output.as_received import corrected
from imgdash.output.job import Job
from imgdash.output.placement import turned
from imgdash.store.pixels import open_image
from imgdash.wire.items import code_item
from tests.conftest import peer
from tests.output.bench import Bench, radiograph

Make = Callable[..., Bench]


def job_for(site: Bench, ds: FileDataset | Path, apparatus: str = "ARCHIVE", **columns: Any) -> Job:
    entry = site.register(site.add(ds, **columns), apparatus)
    return site.outputs.former.job(site.entry(entry), site.site.output(apparatus))


def formed(site: Bench, ds: FileDataset | Path, **columns: Any) -> FileDataset:
    return pydicom.dcmread(form.storage_file(job_for(site, ds, **columns)))


def archive(**more: Any) -> dict[str, Any]:
    return {"name": "ARCHIVE", "kind": "storage", "ae_title": "ARCHIVE", "port": 104, **more}


def test_a_for_processing_image_becomes_p_values_for_presentation(bench: Make) -> None:
    site = bench(archive())
    ds = formed(site, radiograph(kind="dx"))
    assert ds.SOPClassUID == ds.file_meta.MediaStorageSOPClassUID == uid.DigitalXRayImageStorageForPresentation
    assert ds.file_meta.TransferSyntaxUID == uid.ExplicitVRLittleEndian
    assert ds.preamble == b"\0" * 128
    assert (ds.PresentationIntentType, ds.PhotometricInterpretation) == ("FOR PRESENTATION", "MONOCHROME2")
    assert (ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation) == (16, 12, 11, 0)
    assert ds.PresentationLUTShape == "IDENTITY"
    assert list(ds.ImageType) == ["DERIVED", "PRIMARY"]
    assert (ds.PixelIntensityRelationship, ds.PixelIntensityRelationshipSign) == ("LOG", -1)
    assert ds.pixel_array.max() < 4096
    # What is written in rescale and window leaves P-values as they are.
    shown = process.voi.window(np.array([0.0, 2048, 4095]), float(ds.WindowCenter), float(ds.WindowWidth)) * 4095
    np.testing.assert_allclose(shown, [0, 2048, 4095], atol=1e-6)
    assert (ds.RescaleSlope, ds.RescaleIntercept) == (1, 0)
    (source,) = ds.SourceImageSequence
    assert source.ReferencedSOPInstanceUID == "1.2.3.4.1"
    assert source.PurposeOfReferenceCodeSequence[0].CodeValue == "121358"
    assert ds.ContributingEquipmentSequence[0].PurposeOfReferenceCodeSequence[0].CodeValue == "109102"
    assert ds.DerivationCodeSequence[0].CodeValue == "113086"
    assert "hand" in ds.DerivationDescription
    # Private attributes of the sender say nothing about the new pixels.
    assert (0x0029, 0x0010) not in ds


def test_what_every_reader_needs_is_there(bench: Make, tmp_path: Path) -> None:
    job = job_for(bench(archive()), radiograph(kind="dx"))
    path = form.storage_file(job)
    dump = subprocess.run([peer("dcmdump"), str(path)], capture_output=True, text=True, check=True)
    assert dump.stderr == ""
    ds = pydicom.dcmread(path)
    # Type 1 of the DX image, detector, anatomy and series modules (PS3.3 A.26).
    for keyword in (
        "SOPClassUID SOPInstanceUID StudyInstanceUID SeriesInstanceUID Modality PresentationIntentType ImageLaterality "
        "PatientOrientation ImageType SamplesPerPixel PhotometricInterpretation Rows Columns BitsAllocated BitsStored "
        "HighBit PixelRepresentation PixelData PixelIntensityRelationship PixelIntensityRelationshipSign "
        "RescaleIntercept RescaleSlope RescaleType PresentationLUTShape LossyImageCompression BurnedInAnnotation "
        "ImagerPixelSpacing WindowCenter WindowWidth"
    ).split():
        assert ds.get(keyword) not in (None, ""), keyword
    for keyword in "DetectorType AnatomicRegionSequence AcquisitionContextSequence SeriesNumber StudyID".split():
        assert keyword in ds, keyword


@pytest.mark.parametrize(
    ("kind", "wanted", "expected"),
    [
        ("cr", "same", uid.ComputedRadiographyImageStorage),
        ("cr", "dx", uid.DigitalXRayImageStorageForPresentation),
        ("dx", "cr", uid.ComputedRadiographyImageStorage),
        ("dx", "sc", uid.SecondaryCaptureImageStorage),
        ("ct", "sc", uid.SecondaryCaptureImageStorage),
    ],
)
def test_each_apparatus_gets_the_sop_class_it_wants(bench: Make, kind: str, wanted: str, expected: str) -> None:
    ds = formed(bench(archive(sop_class=wanted)), radiograph(kind=kind))
    assert ds.SOPClassUID == expected
    assert ds.PhotometricInterpretation == "MONOCHROME2"
    assert ("PresentationIntentType" in ds) == (wanted == "dx")
    assert (ds.get("ConversionType") == "WSD") == (wanted == "sc")


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "rle", "j2k", "jpegls"])
def test_every_transfer_syntax_gives_the_same_pixels(bench: Make, syntax: str) -> None:
    site = bench(archive(transfer_syntax=syntax))
    job = job_for(site, radiograph())
    ds = pydicom.dcmread(form.storage_file(job))
    assert ds.file_meta.TransferSyntaxUID == job.syntax
    wanted = process.form(open_image(job.record), job.chain, job.header.parameters)
    np.testing.assert_array_equal(ds.pixel_array, wanted.values)
    assert ds.SOPInstanceUID == job.output_uid


def test_provenance_makes_the_image_again_and_survives_the_loss_of_private_attributes(bench: Make) -> None:
    site = bench(archive(scale=0.5, bits=10))
    job = job_for(
        site,
        radiograph(),
        overrides={"gradation.contrast": 1.1, "geometry.mirror": True},
        overlays=({"kind": "side", "text": "R", "x": 0.1, "y": 0.1},),
    )
    ds = pydicom.dcmread(form.storage_file(job))
    told = provenance.read(ds)
    assert told is not None
    np.testing.assert_array_equal(told.reproduce(open_image(job.record)).values, ds.pixel_array)
    assert (told.condition, told.version, told.source) == ("hand", job.condition.version, "1.2.3.4.1")
    ds.remove_private_tags()
    words = provenance.read(ds)
    assert words is not None
    assert not words.exact
    assert words.condition == "hand"
    assert words.parameters["gradation.contrast"] == 1.1
    assert words.parameters["geometry.mirror"] is True
    assert provenance.read(radiograph()) is None


def test_provenance_knows_what_only_the_site_knew_about_the_sender(bench: Make) -> None:
    """A CR image does not say that it is unprocessed; whoever makes it again has no site file."""
    raw = radiograph(PixelIntensityRelationship="LIN", PixelIntensityRelationshipSign=1)
    job = dataclasses.replace(job_for(bench(archive()), raw), unprocessed=True)
    ds = pydicom.dcmread(form.storage_file(job))
    told = provenance.read(ds)
    assert told is not None
    plain = open_image(job.record)
    assert plain.attrs["unprocessed"] is None
    np.testing.assert_array_equal(told.reproduce(plain).values, ds.pixel_array)
    without = dataclasses.replace(told, unprocessed=None)
    assert not np.array_equal(without.reproduce(plain).values, ds.pixel_array)


def test_content_items_tell_what_the_site_knew_and_how_it_was_formed(bench: Make) -> None:
    raw = radiograph(PixelIntensityRelationship="LIN", PixelIntensityRelationshipSign=1)
    job = dataclasses.replace(job_for(bench(archive(scale=0.5, bits=10)), raw), unprocessed=True)
    ds = pydicom.dcmread(form.storage_file(job))
    told = provenance.read(ds)
    ds.remove_private_tags()
    words = provenance.read(ds)
    assert told is not None
    assert words is not None
    for name in ("unprocessed", "steps", "scale", "bits", "source", "software", "condition", "version"):
        assert getattr(words, name) == getattr(told, name), name


def test_a_second_apparatus_needs_only_scale_and_overlay(bench: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    site = bench(archive(), archive(name="SMALL", scale=0.5))
    image = site.add(radiograph())
    jobs = [
        site.outputs.former.job(site.entry(site.register(image, name)), site.site.output(name))
        for name in ("ARCHIVE", "SMALL")
    ]
    form.storage_file(jobs[0])

    def forbidden(*_: Any, **__: Any) -> None:
        raise AssertionError("(2)-(6) ran again")

    monkeypatch.setattr(process, "form_cached", forbidden)
    small = pydicom.dcmread(form.storage_file(jobs[1]))
    monkeypatch.undo()
    whole = process.form(open_image(jobs[1].record), jobs[1].chain, image.parameters, scale=0.5)
    np.testing.assert_array_equal(small.pixel_array, whole.values)


def test_steps_are_switched_by_apparatus_and_condition_key(bench: Make) -> None:
    site = bench(archive(steps=["frequency", "gradation", "mirror"]))
    job = job_for(site, radiograph(), overrides={"geometry.mirror": True, "geometry.rotation": 90})
    told = provenance.read(pydicom.dcmread(form.storage_file(job)))
    assert told is not None
    assert [entry["step"] for entry in told.log] == ["frequency", "gradation", "mirror"]


def test_a_condition_key_may_change_an_apparatus_but_not_invent_settings(bench: Make) -> None:
    site = bench(archive())
    site.conditions.save(
        dataclasses.replace(site.condition, key="small", output={"storage": {"scale": 0.5, "bits": 8}}), "test"
    )
    ds = formed(site, radiograph(), condition="small", condition_version=1)
    assert (ds.Rows, ds.Columns) == (110, 80)
    assert (ds.BitsAllocated, ds.BitsStored) == (8, 8)
    site.conditions.save(
        dataclasses.replace(site.condition, key="wrong", output={"ARCHIVE": {"host": "elsewhere"}}), "test"
    )
    with pytest.raises(ImgdashError, match="host"):
        formed(site, radiograph(), condition="wrong", condition_version=1)


def test_spacing_and_orientation_follow_the_pixels(bench: Make) -> None:
    site = bench(archive(scale=0.5))
    source = radiograph(PixelSpacing=["0.4", "0.4"], ImagerPixelSpacing=["0.5", "0.5"], ShutterShape="RECTANGULAR")
    ds = formed(site, source, overrides={"geometry.rotation": 90})
    assert (ds.Rows, ds.Columns) == (80, 110)
    assert [float(value) for value in ds.PixelSpacing] == pytest.approx([0.8, 0.8])
    assert [float(value) for value in ds.ImagerPixelSpacing] == pytest.approx([1.0, 1.0])
    # Rows pointed to the left, columns to the feet: after a clockwise turn rows point to the head.
    assert list(ds.PatientOrientation) == ["H", "L"]
    assert "ShutterShape" not in ds
    assert ds.SourceImageSequence[0].SpatialLocationsPreserved == "NO"


def test_orientation_by_hand() -> None:
    assert turned(["L", "F"], 0, False) == ["L", "F"]
    assert turned(["L", "F"], 180, False) == ["R", "H"]
    assert turned(["L", "F"], 0, True) == ["R", "F"]
    assert turned(["LA", "FP"], 270, True) == ["HA", "RP"]
    assert turned(["LEFT", "F"], 90, False) is None
    assert turned(["L"], 90, False) is None


def test_corrected_information_keeps_what_it_said_before(bench: Make) -> None:
    site = bench(archive())
    edits = {"PatientName": "Müller^Änne", "BodyPartExamined": "FOOT", "OperatorsName": "A\\B", "PatientSex": "F"}
    ds = formed(site, radiograph(), edits=edits)
    assert ds.PatientName == "Müller^Änne"
    assert ds.BodyPartExamined == "FOOT"
    assert list(ds.OperatorsName) == ["A", "B"]
    (item,) = ds.OriginalAttributesSequence
    assert item.ReasonForTheAttributeModification == "CORRECT"
    (former,) = item.ModifiedAttributesSequence
    assert (former.PatientName, former.BodyPartExamined) == ("Phantom^Hand", "HAND")
    assert former.OperatorsName == ""
    assert "PatientSex" not in former, "was F before"


@pytest.mark.parametrize(
    ("edits", "named"),
    [({"NoSuchThing": "1"}, "NoSuchThing"), ({"PixelData": "1"}, "PixelData"), ({"PatientBirthDate": "x"}, "YYYYMMDD")],
)
def test_a_correction_that_does_not_fit_is_named(bench: Make, edits: dict[str, str], named: str) -> None:
    with pytest.raises(ImgdashError, match=named):
        formed(bench(archive()), radiograph(), edits=edits)


def test_bytes_of_a_foreign_character_set_stay_or_become_utf_8(bench: Make, tmp_path: Path) -> None:
    site = bench(archive())
    name = "Yamada^Tarou=山田^太郎=やまだ^たろう"
    source = radiograph(1, SpecificCharacterSet=["", "ISO 2022 IR 87"], PatientName=name)
    ds = formed(site, source)
    assert list(ds.SpecificCharacterSet) == ["", "ISO 2022 IR 87"]
    assert str(ds.PatientName) == name
    other = radiograph(2, SpecificCharacterSet=["", "ISO 2022 IR 87"], PatientName=name)
    ds = formed(site, other, edits={"ReferringPhysicianName": "Sjöström"})
    assert ds.SpecificCharacterSet == "ISO_IR 192"
    assert (str(ds.PatientName), ds.ReferringPhysicianName) == (name, "Sjöström")
    comment = ({"kind": "comment", "text": "立位", "x": 0.1, "y": 0.9},)
    ds = formed(site, radiograph(3, PatientName="Doe^Jane"), overlays=comment, overrides={"overlay.comment": "臥位"})
    assert ds.SpecificCharacterSet == "ISO_IR 192"


def test_a_ct_keeps_its_hounsfield_units_its_class_and_its_geometry(bench: Make) -> None:
    site = bench(archive())
    source = radiograph(kind="ct")
    ds = formed(site, source, edits={"PatientID": "P2"})
    assert ds.SOPClassUID == uid.CTImageStorage
    np.testing.assert_array_equal(ds.pixel_array, source.pixel_array)
    assert (ds.RescaleIntercept, ds.PatientID) == (-1024, "P2")
    assert ds.ImagePositionPatient == [0, 0, 10]
    assert ds.SOPInstanceUID != source.SOPInstanceUID
    other = formed(site, radiograph(2, kind="ct"))
    assert other.SeriesInstanceUID == ds.SeriesInstanceUID != source.SeriesInstanceUID


def test_where_no_step_runs_the_pixels_go_out_as_they_came(bench: Make) -> None:
    source = radiograph()
    ds = formed(bench(archive(steps=[])), source)
    np.testing.assert_array_equal(ds.pixel_array, source.pixel_array)
    assert ds.PhotometricInterpretation == "MONOCHROME1"


def test_images_of_one_study_and_condition_are_one_series_for_each_apparatus(bench: Make) -> None:
    site = bench(archive(), archive(name="OTHER"))
    one, two, other = (
        pydicom.dcmread(form.storage_file(job_for(site, radiograph(number), name)))
        for number, name in ((1, "ARCHIVE"), (2, "ARCHIVE"), (3, "OTHER"))
    )
    assert one.SeriesInstanceUID == two.SeriesInstanceUID != other.SeriesInstanceUID
    assert one.InstanceNumber != two.InstanceNumber
    assert one.StudyInstanceUID == other.StudyInstanceUID == "1.2.3"


def test_a_comment_written_into_the_image_is_declared(bench: Make) -> None:
    site = bench(archive())
    marker = formed(site, radiograph(1), overlays=({"kind": "side", "text": "L", "x": 0.1, "y": 0.1},))
    comment = formed(site, radiograph(2), overlays=({"kind": "comment", "text": "standing", "x": 0.1, "y": 0.9},))
    assert (marker.BurnedInAnnotation, comment.BurnedInAnnotation) == ("NO", "YES")


@pytest.mark.parametrize("name", ["RG2.dcm", "RG2_J2KR.dcm"])
@pytest.mark.radiographs
def test_a_real_radiograph(bench: Make, radiographs: Path, name: str) -> None:
    job = job_for(bench(archive()), radiographs / name)
    ds = pydicom.dcmread(form.storage_file(job))
    wanted = process.form(open_image(job.record), job.chain, job.header.parameters)
    np.testing.assert_array_equal(ds.pixel_array, wanted.values)
    assert ds.SOPClassUID == uid.ComputedRadiographyImageStorage


def test_a_corrected_side_is_the_side_that_is_written(bench: Make) -> None:
    site = bench(archive())
    edits = {"ImageLaterality": "L"}
    job = job_for(site, radiograph(kind="dx"), edits=edits, overrides={"overlay.side": "auto"})
    told = provenance.read(pydicom.dcmread(form.storage_file(job)))
    assert told is not None
    assert told.log[-1]["items"] == ["side L"]
    np.testing.assert_array_equal(told.reproduce(open_image(job.record)).values, pydicom.dcmread(job.path).pixel_array)


def test_who_and_when_may_be_burnt_in_below_the_image(bench: Make) -> None:
    site = bench(archive(annotate="burnt-in"))
    ds = formed(site, radiograph())
    told = provenance.read(ds)
    assert told is not None
    image = told.reproduce(open_image(site.files.path(site.store.images()[0].image_id)))
    assert ds.Rows > image.shape[0]
    np.testing.assert_array_equal(ds.pixel_array[: image.shape[0]], image.values)
    assert ds.pixel_array[image.shape[0] :].max() > 2000
    assert ds.BurnedInAnnotation == "YES"


def test_overlays_may_go_out_as_a_presentation_state(bench: Make) -> None:
    site = bench(archive(annotate="gsps"))
    overlays = (
        {"kind": "side", "text": "R", "x": 0.1, "y": 0.2},
        {"kind": "scale", "x": 0.9, "y": 0.1, "length_mm": 50},
    )
    job = job_for(site, radiograph(), overlays=overlays)
    ds = pydicom.dcmread(form.storage_file(job))
    np.testing.assert_array_equal(
        ds.pixel_array, process.form(open_image(job.record), job.chain, job.header.parameters).values
    )
    state = pydicom.dcmread(job.presentation)
    assert state.SOPClassUID == uid.GrayscaleSoftcopyPresentationStateStorage
    assert (state.StudyInstanceUID, state.PatientID) == (ds.StudyInstanceUID, ds.PatientID)
    (series,) = state.ReferencedSeriesSequence
    assert series.ReferencedImageSequence[0].ReferencedSOPInstanceUID == ds.SOPInstanceUID
    (annotation,) = state.GraphicAnnotationSequence
    assert [item.UnformattedTextValue for item in annotation.TextObjectSequence] == ["R", "50 mm"]
    x0, y0, x1, y1 = annotation.GraphicObjectSequence[0].GraphicData
    assert x0 == x1
    assert y1 - y0 == pytest.approx(100), "50 mm at 0.5 mm"
    assert subprocess.run([peer("dcmpschk"), str(job.presentation)], capture_output=True, check=False).returncode == 0
    first = job.presentation.read_bytes()
    form.storage_file(job)
    assert job.presentation.read_bytes() == first


SIDE = ("ImageLaterality", "Laterality")


@pytest.mark.parametrize(
    ("kind", "sent", "edits", "told"),
    [
        ("cr", {"Laterality": "R"}, {"ImageLaterality": "L"}, ("L", None)),
        ("cr", {"Laterality": "R"}, {"ImageLaterality": ""}, ("", None)),
        ("cr", {"Laterality": "R"}, {"Laterality": "L"}, (None, "L")),
        ("cr", {"ImageLaterality": "L", "Laterality": "R"}, {"ImageLaterality": "L"}, ("L", None)),
        ("dx", {"Laterality": "R"}, {"Laterality": "L"}, ("L", None)),
        ("dx", {"Laterality": "R"}, {"ImageLaterality": "R"}, ("R", "R")),
        ("dx", {"Laterality": "R"}, {"BodyPartExamined": "FOOT"}, ("R", "R")),
    ],
)
def test_no_header_tells_two_sides_after_a_correction(
    bench: Make, kind: str, sent: dict[str, str], edits: dict[str, str], told: tuple[str | None, ...]
) -> None:
    """What a reader looks at is one or the other."""
    site = bench(archive())
    job = job_for(site, radiograph(kind=kind, **sent), edits=edits)
    for ds in (pydicom.dcmread(form.storage_file(job)), corrected(job.record, job.header, site.site.station)):
        assert tuple(ds.get(keyword) for keyword in SIDE) == told
        if "R" not in told:
            (item,) = ds.OriginalAttributesSequence
            assert item.ModifiedAttributesSequence[0].Laterality == "R"


def test_no_code_contradicts_a_correction(bench: Make) -> None:
    def coded() -> list[Dataset]:
        return [code_item(Code("399348003", "SCT", "antero-posterior"))]

    site = bench(archive())
    source = radiograph(kind="dx", ViewCodeSequence=coded(), AnatomicRegionSequence=coded(), ViewPosition="AP")
    same = formed(site, source, edits={"ViewPosition": "AP", "BodyPartExamined": "HAND"})
    assert len(same.ViewCodeSequence) == len(same.AnatomicRegionSequence) == 1
    source = radiograph(2, kind="dx", ViewCodeSequence=coded(), AnatomicRegionSequence=coded())
    job = job_for(site, source, edits={"ViewPosition": "LL", "BodyPartExamined": "FOOT"})
    ds = pydicom.dcmread(form.storage_file(job))
    assert ("ViewCodeSequence" in ds, len(ds.AnatomicRegionSequence)) == (False, 0)
    (former,) = ds.OriginalAttributesSequence[0].ModifiedAttributesSequence
    assert former.ViewCodeSequence[0].CodeValue == former.AnatomicRegionSequence[0].CodeValue == "399348003"
