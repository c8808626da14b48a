"""Whatever dies: what was answered with Success is there, and receiving goes on."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imgdash.receive import receivers
from imgdash.receive.journal import remove_partial
from tests.helpers import wait_until
from tests.receive.conftest import Station
from tests.receive.raw import Raw

IMAGE = b"\xe0\x7f\x10\x00OW\0\0\x00\x00\x08\x00" + b"\5" * 0x80000


def test_kill_9_loses_no_acknowledged_image(start: Callable[..., Station]) -> None:
    station = start()
    acknowledged: set[bytes] = set()
    stop = threading.Event()

    def send(number: int) -> None:
        sent = 0
        while not stop.is_set():
            try:
                with Raw(station.port) as sender:
                    while not stop.is_set():
                        sent += 1
                        mark = f"<{number}.{sent}>".encode()
                        if sender.store(IMAGE + mark) == 0:
                            acknowledged.add(mark)
            except (OSError, AssertionError):
                continue

    senders = [threading.Thread(target=send, args=(number,)) for number in range(3)]
    for sender in senders:
        sender.start()
    for _ in range(4):
        known = len(acknowledged)
        wait_until(lambda known=known: len(acknowledged) > known + 5)
        for pid in station.receivers.pids():
            os.kill(pid, signal.SIGKILL)
    known = len(acknowledged)
    wait_until(lambda: len(acknowledged) > known + 5)
    stop.set()
    for sender in senders:
        sender.join()
    kept = {path.read_bytes()[-20:] for path in station.images}
    assert {mark for mark in acknowledged if not any(end.endswith(mark) for end in kept)} == set()
    assert all(len(path.read_bytes()) > len(IMAGE) for path in station.images)
    wait_until(station.receivers.alive)
    wait_until(lambda: not list(station.incoming.glob("*.part")))
    wait_until(lambda: set(station.names) <= {path.name for path in station.images})


def test_receivers_end_with_their_parent(tmp_path: Path) -> None:
    script = f"""
import sys
from pathlib import Path
from imgdash.receive import Receivers
from tests.receive.conftest import site_in
receivers = Receivers(site_in(Path({str(tmp_path)!r})), on_file=print).start()
while not receivers.alive(): pass
print(*receivers.pids(), flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        parent.kill()
        parent.wait()
    wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids))


def test_what_dead_writers_left_is_removed_and_what_living_ones_write_is_not(tmp_path: Path) -> None:
    dead = subprocess.Popen(["/bin/true"])
    dead.wait()
    for name in (f"1-{dead.pid}-1.dcm.part", f"1-{os.getpid()}-1.dcm.part", "1-2-3.dcm"):
        (tmp_path / name).touch()
    assert remove_partial(tmp_path) == 1
    assert remove_partial(tmp_path, os.getpid()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["1-2-3.dcm"]


def test_a_receiver_that_cannot_be_started_is_tried_again(
    start: Callable[..., Station], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    make, refused = receivers._process, []

    def full(listeners: Any) -> Any:
        if len(refused) < 2:
            refused.append(1)
            raise OSError(errno.EMFILE, "Too many open files")
        return make(listeners)

    station = start(receivers=1)
    wait_until(station.receivers.alive)
    (pid,) = station.receivers.pids()
    monkeypatch.setattr(receivers, "_process", full)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: station.receivers.alive() and station.receivers.pids() != [pid])
    assert caplog.text.count("Too many open files") == 2
    with Raw(station.port) as sender:
        assert sender.store(IMAGE) == 0
