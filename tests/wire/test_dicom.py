"""Associations with DCMTK's storescp, and why they fail; content items there and back."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.sop_class import (
    BasicGrayscalePrintManagementMeta,
    ComputedRadiographyImageStorage,
    Verification,
)

from imgdash.model.codes import REASONS, Code
from imgdash.model.errors import PeerFailed
from imgdash.wire import entity
from imgdash.wire.dicom import associate, code_item, items_to_parameters, parameters_to_items, read_code
from tests.conftest import peer
from tests.helpers import wait_until


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def attempt(port: int, contexts: list[Any], timeout: float = 5, *, require_all: bool = False) -> None:
    with associate("IMGDASH", "PEER", "127.0.0.1", port, contexts, timeout, require_all=require_all):
        pass


@pytest.fixture
def storescp(tmp_path: Path, free_port: int, request: pytest.FixtureRequest) -> Iterator[int]:
    command = [peer("storescp"), *getattr(request, "param", []), "-od", str(tmp_path), str(free_port)]
    with subprocess.Popen(command) as running:
        wait_until(lambda: listens(free_port))
        yield free_port
        running.terminate()


@pytest.mark.peer
class TestAssociate:
    def test_echo(self, storescp: int) -> None:
        with associate("IMGDASH", "PEER", "127.0.0.1", storescp, [Verification], 5) as assoc:
            assert assoc.send_c_echo().Status == 0

    @pytest.mark.parametrize("storescp", [["--refuse"]], indirect=True)
    def test_a_rejection_names_its_reason(self, storescp: int) -> None:
        with pytest.raises(PeerFailed, match=r"PEER at 127\.0\.0\.1:\d+ rejected the association: No reason"):
            attempt(storescp, [Verification])

    @pytest.mark.parametrize("storescp", [["--refuse"]], indirect=True)
    def test_a_rejection_is_read_although_the_asking_thread_wakes_late(
        self, storescp: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Under load the peer has rejected and closed before pynetdicom looks whether it is connected."""

        class Late(threading.Event):
            def wait(self, timeout: float | None = None) -> bool:
                super().wait(timeout)
                wait_until(lambda: not sockets[0]._is_connected)
                return True

        sockets: list[Any] = []
        original = entity._Socket.__init__

        def made(self: Any, *arguments: Any, **keywords: Any) -> None:
            original(self, *arguments, **keywords)
            self._ready = Late()
            sockets.append(self)

        monkeypatch.setattr(entity._Socket, "__init__", made)
        with pytest.raises(PeerFailed, match="rejected the association: No reason"):
            attempt(storescp, [Verification])

    def test_a_context_that_is_not_accepted(self, storescp: int) -> None:
        with pytest.raises(PeerFailed, match="accepts none of: Basic Grayscale Print"):
            attempt(storescp, [BasicGrayscalePrintManagementMeta])
        both = [ComputedRadiographyImageStorage, BasicGrayscalePrintManagementMeta]
        with associate("A", "PEER", "127.0.0.1", storescp, both, 5) as assoc:
            assert len(assoc.accepted_contexts) == 1
        with pytest.raises(PeerFailed, match="does not accept Basic Grayscale Print") as failed:
            attempt(storescp, both, require_all=True)
        assert failed.value.retry is False

    def test_an_error_inside_aborts(self, storescp: int) -> None:
        with pytest.raises(KeyError), associate("A", "PEER", "127.0.0.1", storescp, [Verification], 5) as assoc:
            raise KeyError
        assert assoc.is_aborted


def test_nobody_there_and_nobody_answering(free_port: int) -> None:
    with pytest.raises(PeerFailed, match="cannot be reached"):
        attempt(free_port, [Verification])
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(PeerFailed, match="did not answer"):
        attempt(silent.getsockname()[1], [Verification], timeout=0.3)


def test_a_server_closes_what_its_peer_broke_off() -> None:
    taken: list[socket.socket] = []
    opened = (evt.EVT_CONN_OPEN, lambda event: taken.append(event.assoc.dul.socket.socket))
    ae = AE("PEER")
    ae.add_supported_context(Verification)
    server: Any = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[entity.STEADY, opened])
    try:
        rude = socket.create_connection(server.server_address[:2])
        wait_until(lambda: taken)
        rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        rude.close()  # by a reset: the server's own shutdown() fails then
        wait_until(lambda: taken[0].fileno() == -1)
    finally:
        server.shutdown()


def test_codes_long_and_short() -> None:
    for code in (REASONS["111209"], Code("FREQUENCY.BAND_GAIN_LOW", "99IMGDASH", "frequency band gain low")):
        assert read_code(code_item(code)) == code
    assert "LongCodeValue" in code_item(code)
    assert read_code(Dataset()) == ("", "", "")


names = st.from_regex(r"[a-z]{1,12}\.[a-z_]{1,20}", fullmatch=True)
values = (
    st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(-1e9, 1e9, allow_nan=False).map(lambda number: float(f"{number:.6g}"))
    | st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=40)
    | st.lists(st.lists(st.integers(0, 99), min_size=2, max_size=2), min_size=1, max_size=4)
)


@given(st.dictionaries(names, values, max_size=5))
@settings(max_examples=40, deadline=None)
def test_parameters_survive_content_items_and_dicom_json(parameters: dict[str, object]) -> None:
    sent = Dataset()
    sent.ScheduledProcessingParametersSequence = parameters_to_items(parameters, dict.fromkeys(parameters, "mm"))
    received = Dataset.from_json(json.dumps(sent.to_json_dict()))
    assert items_to_parameters(received.ScheduledProcessingParametersSequence) == parameters


def test_items_of_a_peer_with_other_codes_or_none() -> None:
    foreign, empty, nameless = parameters_to_items({"a.b": "x", "c.d": 1, "e.f": 2})
    foreign.ConceptNameCodeSequence = [code_item(Code("G", "99CR", "Gain"))]
    del empty.NumericValue
    del nameless.ConceptNameCodeSequence
    assert items_to_parameters([foreign, empty, nameless]) == {"99CR:G": "x"}
