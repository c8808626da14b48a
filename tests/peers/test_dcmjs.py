"""dcmjs-dimse (Node.js), a third DICOM stack, as modality, diagnostic terminal and image storage."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from tests.apparatus.sites import radiograph
from tests.helpers import wait_until
from tests.peers.conftest import Hospital

pytestmark = pytest.mark.peer
Ask = Callable[..., list[dict[str, Any]]]


def test_it_sends_asks_and_stores(
    hospital: Hospital, dcmjs: Ask, node: list[str], start: Callable[..., Any], tmp_path: Path
) -> None:
    """An image goes the whole way between dcmjs-dimse on both sides."""
    apparatus = hospital.apparatus
    file = radiograph(tmp_path / "sent.dcm", PatientName="Müller^Änne", SpecificCharacterSet="ISO_IR 192")
    sent = pydicom.dcmread(file)

    # As modality: C-ECHO, C-STORE, MPPS, and it asks for our commitment.
    assert [answer["status"] for answer in dcmjs("send", hospital.dicom, "IMGDASH", file)] == [0, 0]
    (image,) = wait_until(lambda: [found for found in apparatus.images("awaiting") if found.sender == "DCMJS"])
    assert image.sop_instance_uid == sent.SOPInstanceUID
    assert image.patient.name == "Müller^Änne"
    np.testing.assert_array_equal(apparatus.raw(image.image_id), sent.pixel_array)
    steps = dcmjs("step", hospital.dicom, "IMGDASH", image.study_uid, "DISCONTINUED")
    assert [answer["status"] for answer in steps] == [0, 0]
    wait_until(lambda: "discontinued" in str(apparatus.journal("step")).lower())

    # As diagnostic terminal: C-FIND and C-GET.
    answers = dcmjs("find", hospital.query, "IMGDASH", image.study_uid)
    assert len(answers) == 2, answers
    found, done = answers
    assert (found["dataset"]["StudyInstanceUID"], done["status"]) == (image.study_uid, 0)
    assert "Müller^Änne" in str(found["dataset"]["PatientName"])
    got = tmp_path / "got"
    got.mkdir()
    assert dcmjs("get", hospital.query, "IMGDASH", image.study_uid, got)[-1]["status"] == 0
    (path,) = got.iterdir()
    np.testing.assert_array_equal(pydicom.dcmread(path).pixel_array, sent.pixel_array)

    # As image storage with commitment, on an association of its own.
    kept = tmp_path / "kept"
    kept.mkdir()
    start([*node, "serve", str(hospital.dcmjs), str(kept), str(hospital.dicom)], port=hospital.dcmjs)
    apparatus.adjust(image.image_id, by="anna", outputs=["DCMJS"])
    apparatus.confirm(image.image_id, by="anna")
    wait_until(lambda: apparatus.image(image.image_id).state == "delivered")
    (path,) = kept.iterdir()
    ds = pydicom.dcmread(path)
    np.testing.assert_array_equal(ds.pixel_array, apparatus.process(image.image_id).values)
    assert ds.SourceImageSequence[0].ReferencedSOPInstanceUID == sent.SOPInstanceUID
    (entry,) = apparatus.store.queue("image_id = ?", [image.image_id])
    events = [row["event"] for row in apparatus.journal("queue", entry.entry_id)]
    assert events == ["finish", "sent", "take", "register"]

    # Now that it listens, it also hears whether we keep its image.
    answers = dcmjs("commit", hospital.dicom, "IMGDASH", sent.SOPClassUID, sent.SOPInstanceUID)
    assert [answer["status"] for answer in answers] == [0]
    reported = wait_until(lambda: next(kept.glob("reported.json"), None))
    told = json.loads(wait_until(reported.read_text))
    assert (told["event"], told["ReferencedSOPSequence"][0]["ReferencedSOPInstanceUID"]) == (1, sent.SOPInstanceUID)
