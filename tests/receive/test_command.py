"""Command sets and file heads, read by pydicom; the PDU parser fed with anything."""

from __future__ import annotations

import socket
import threading
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.uid import JPEG2000Lossless
from pynetdicom.dimse_messages import C_STORE_RQ
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import decode, encode

from imgdash.receive import command as dimse
from imgdash.receive.association import Association
from imgdash.receive.journal import Journal
from imgdash.receive.part10 import head
from imgdash.receive.settings import Settings
from tests.receive.raw import CR, associate_rq, c_store_rq, p_data, pdv


def test_pydicom_reads_our_response() -> None:
    request = dimse.decode(c_store_rq("1.2.3.4"))
    ds = decode(BytesIO(dimse.encode(dimse.response(request, dimse.Status.OUT_OF_RESOURCES, "no space"))), True, True)
    assert (ds.CommandField, ds.Status, ds.MessageIDBeingRespondedTo) == (0x8001, 0xA700, 1)
    assert (ds.AffectedSOPClassUID, ds.AffectedSOPInstanceUID, ds.ErrorComment) == (CR, "1.2.3.4", "no space")
    assert ds.CommandDataSetType == 0x0101
    assert ds.CommandGroupLength == len(dimse.encode(dimse.response(request, 0xA700, "no space"))) - 12


def test_we_read_pynetdicoms_request() -> None:
    primitive = C_STORE()
    primitive.MessageID, primitive.Priority = 7, 2
    primitive.AffectedSOPClassUID, primitive.AffectedSOPInstanceUID = CR, "1.2.3"
    primitive.DataSet = BytesIO(b"")
    message = C_STORE_RQ()
    message.primitive_to_message(primitive)
    data = encode(message.command_set, True, True)
    assert data is not None
    request = dimse.decode(data)
    assert request[dimse.COMMAND_FIELD] == dimse.Operation.C_STORE
    assert request[dimse.AFFECTED_SOP_INSTANCE] == "1.2.3"
    assert request[dimse.MESSAGE_ID] == 7


@pytest.mark.parametrize("data", [b"", b"\0\0", c_store_rq()[:-3], b"\x08\0" + c_store_rq()[2:], c_store_rq()[:12]])
def test_what_is_no_command_set_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="command set"):
        dimse.decode(data)


def test_the_head_of_a_file_says_who_sent_it(tmp_path: Path) -> None:
    path = tmp_path / "image.dcm"
    path.write_bytes(
        head(
            sop_class=CR,
            sop_instance="1.2.3",
            transfer_syntax=JPEG2000Lossless,
            calling_ae="CR51",
            called_ae="IMGDASH",
            host="192.0.2.51",
        )
    )
    meta = pydicom.dcmread(path).file_meta
    assert meta.FileMetaInformationVersion == b"\0\1"
    assert (meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID) == (CR, "1.2.3")
    assert meta.TransferSyntaxUID == JPEG2000Lossless
    assert (meta.SourceApplicationEntityTitle, meta.ReceivingApplicationEntityTitle) == ("CR51", "IMGDASH")
    assert meta.SourcePresentationAddress == "192.0.2.51"
    assert len(path.read_bytes()) == 132 + 12 + meta.FileMetaInformationGroupLength


GOOD = associate_rq() + p_data(pdv(c_store_rq(), 3), pdv(b"\x08\0\x60\0CS\2\0CR" * 5, 2)) + b"\5\0\0\0\0\4\0\0\0\0"


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A good exchange with some bytes changed, cut out or put in."""
    data = bytearray(GOOD)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data) - 1))
        data[at : at + draw(st.integers(0, 8))] = draw(st.binary(max_size=8))
    return bytes(data)


@given(st.one_of(mutated(), st.binary(max_size=300), st.binary(max_size=300).map(lambda tail: associate_rq() + tail)))
@settings(max_examples=120, deadline=None)
def test_any_bytes_end_in_an_answer_or_an_abort_never_in_an_error(data: bytes) -> None:
    ours, theirs = socket.socketpair()
    with TemporaryDirectory() as folder, theirs, pydicom.config.disable_value_validation():
        journal = Journal(folder)
        options = Settings(folder, open_to="all", opening_seconds=1, idle_seconds=1, pdu_seconds=1)
        association = Association(ours, "127.0.0.1", options, journal, lambda name: None, lambda *refused: None)
        failures: list[BaseException] = []

        def run() -> None:
            try:
                association.run()
            except BaseException as error:
                failures.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        thread.join(10)
        assert not thread.is_alive()
        assert failures == []
        journal.close()
        assert all(path.suffix in (".dcm", ".json") for path in Path(folder).iterdir())
