"""A station that takes and sends nothing in the clear: images, orders, queries, and what goes out."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import build_role, evt
from pynetdicom.sop_class import ComputedRadiographyImageStorage, StudyRootQueryRetrieveInformationModelGet

from imgdash import Apparatus
from imgdash.apparatus import peers
from imgdash.wire import hl7, mllp
from imgdash.wire.dicom import associate
from tests.apparatus.sites import radiograph, site
from tests.conftest import peer
from tests.helpers import wait_until
from tests.output.conftest import program  # noqa: F401 (a fixture)
from tests.security.certificates import Hospital, Machine

ORDER = [
    ["PID", "1", "", "P1", "", "Phantom^Hand"],
    ["ORC", "NW", "PL1", "FL1"],
    ["OBR", "1", "PL1", "FL1", "HAND^Hand^L"],
]


@pytest.mark.peer
def test_everything_over_tls(
    tmp_path: Path,
    certificates: Hospital,
    program: Callable[..., Any],  # noqa: F811
    free_port: int,
) -> None:
    ours, theirs = certificates.station, certificates.modality
    folder = tmp_path / "pacs"
    folder.mkdir()
    program("storescp", *theirs.dcmtk, "-od", str(folder), str(free_port), port=free_port)
    ports = {"dicom_tls_port": 0, "hl7_tls_port": 0, "query_tls_port": 0, "tls_required": True}
    path = site(
        tmp_path / "site",
        station=ours.station(**ports),
        apparatus=[
            {"name": "PACS", "kind": "storage", "ae_title": "PACS", "port": free_port, "tls": True, "commitment": False}
        ],
    )
    with Apparatus(path) as apparatus:
        assert set(apparatus.addresses) == {"dicom-tls", "hl7-tls", "query-tls"}
        order = hl7.build("OMG", "O19", ORDER, control_id="C1")
        answer = mllp.send(*apparatus.addresses["hl7-tls"], order, 10, tls=theirs.credentials)
        assert hl7.check_ack("C1", answer).code == "AA"
        assert len(apparatus.orders()) == 1

        def run(name: str, service: str, *arguments: str) -> str:
            where = ["-aec", "IMGDASH", "127.0.0.1", str(apparatus.addresses[service][1])]
            command = [peer(name), "-v", *theirs.dcmtk, *arguments, *where]
            if name == "storescu":
                command = [*command, str(radiograph(tmp_path / "a.dcm"))]
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            assert done.returncode == 0, done.stderr
            return done.stdout + done.stderr

        run("storescu", "dicom-tls")
        (image,) = wait_until(lambda: apparatus.images("awaiting"), within=60)
        keys = ("-S", "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={image.study_uid}")
        assert "RetrieveAETitle" in run("findscu", "query-tls", *keys)
        # DCMTK's getscu has no TLS.
        assert _got(apparatus.addresses["query-tls"], theirs, image.study_uid) == [image.sop_instance_uid]

        apparatus.confirm(image.image_id, by="anna")
        wait_until(lambda: apparatus.images("delivered"), within=60)
        assert list(folder.iterdir())
        assert [state.ok for state in peers.check(apparatus.site)] == [True]
        stranger = [peer("echoscu"), *certificates.stranger.dcmtk, "-aec", "IMGDASH", "127.0.0.1"]
        for service in ("dicom-tls", "query-tls"):
            port = str(apparatus.addresses[service][1])
            assert subprocess.run([*stranger, port], capture_output=True, timeout=60, check=False).returncode != 0
        wait_until(lambda: len(refused := apparatus.station.refused()) >= 2 and refused)
        assert all("TLS handshake failed" in row["why"] for row in apparatus.station.refused())


def _got(address: tuple[str, int], shown: Machine, study_uid: str) -> list[str]:
    """SOP Instance UIDs that C-GET of a study brings."""
    arrived: list[str] = []

    def take(event: evt.Event) -> int:
        arrived.append(str(event.dataset.SOPInstanceUID))
        return 0x0000

    wanted = Dataset()
    wanted.QueryRetrieveLevel, wanted.StudyInstanceUID = "STUDY", study_uid
    contexts = [StudyRootQueryRetrieveInformationModelGet, ComputedRadiographyImageStorage]
    roles = [build_role(ComputedRadiographyImageStorage, scp_role=True)]
    with associate(
        "VIEWER", "IMGDASH", *address, contexts, 10, [(evt.EVT_C_STORE, take)], roles, tls=shown.credentials
    ) as assoc:
        (*_, (status, _)) = assoc.send_c_get(wanted, StudyRootQueryRetrieveInformationModelGet)
    assert status.Status == 0x0000
    return arrived
