"""Orthanc beside the apparatus: it sends and wants commitment, it queries and retrieves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom
import pytest

from tests.apparatus.sites import radiograph
from tests.helpers import wait_until
from tests.output.conftest import program  # noqa: F401 (a fixture)
from tests.output.orthanc import start as start_orthanc
from tests.peers.conftest import Hospital

pytestmark = pytest.mark.peer


def test_it_sends_with_commitment_and_gets_the_image_back_by_query_and_retrieve(
    hospital: Hospital,
    program: Callable[..., Any],  # noqa: F811
    tmp_path: Path,
) -> None:
    apparatus = hospital.apparatus
    known = {"us": ["IMGDASH", "127.0.0.1", hospital.dicom], "query": ["IMGDASH", "127.0.0.1", hospital.query]}
    orthanc = start_orthanc(program, tmp_path / "orthanc", hospital.orthanc, DicomModalities=known)
    file = radiograph(tmp_path / "sent.dcm", PatientID="ORTHANC-1")
    uploaded = orthanc.post("/instances", file.read_bytes())["ID"]
    orthanc.post("/modalities/us/echo", {})
    orthanc.post("/modalities/query/echo", {})

    sent = orthanc.post("/modalities/us/store", {"Resources": [uploaded], "StorageCommitment": True})
    (image,) = wait_until(lambda: [found for found in apparatus.images("awaiting") if found.sender == "ORTHANC"])
    report = f"/storage-commitment/{sent['StorageCommitmentTransactionUID']}"
    wait_until(lambda: orthanc.get(report)["Status"] != "Pending")
    assert orthanc.get(report)["Status"] == "Success"
    assert [item["SOPInstanceUID"] for item in orthanc.get(report)["Success"]] == [image.sop_instance_uid]
    # Of what was never sent to us we say that we do not have it.
    other = orthanc.post("/instances", radiograph(tmp_path / "other.dcm").read_bytes())["ID"]
    asked = orthanc.post("/modalities/us/storage-commitment", {"Resources": [other]})
    report = f"/storage-commitment/{asked['ID']}"
    wait_until(lambda: orthanc.get(report)["Status"] != "Pending")
    assert orthanc.get(report)["Status"] == "Failure"

    # It lost the image, asks who has it, and has it moved to itself.
    orthanc.delete(f"/instances/{uploaded}")
    query = {"Level": "Study", "Query": {"PatientID": "ORTHANC-*"}}
    found = orthanc.post("/modalities/query/query", query)["ID"]
    (answer,) = orthanc.get(f"/queries/{found}/answers")
    content = orthanc.get(f"/queries/{found}/answers/{answer}/content?simplify")
    assert (content["PatientID"], content["StudyInstanceUID"]) == ("ORTHANC-1", image.study_uid)
    orthanc.post(f"/queries/{found}/answers/{answer}/retrieve", {"TargetAet": "ORTHANC", "Synchronous": True})
    (back,) = (ds for ds in orthanc.datasets() if ds.PatientID == "ORTHANC-1")
    original = pydicom.dcmread(file)
    assert back.SOPInstanceUID == original.SOPInstanceUID
    assert back.PixelData == original.PixelData
