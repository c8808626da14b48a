"""kill -9, a full disk, a second process: nothing that was acknowledged is lost."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from imgdash.store.store import Store
from tests.store.test_database import FILE, content

ROOT = Path(__file__).resolve().parents[2]


def writer(folder: Path, *words: str, wrap: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    command = [*wrap, sys.executable, "-m", "tests.store.writing", str(folder), *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)


def whole(store: Store, acknowledged: set[str]) -> None:
    """Everything acknowledged is there, every change whole, and a rebuild gives the same."""
    there = {image.image_id: image.state for image in store.images()}
    assert acknowledged <= there.keys()
    assert set(there.values()) <= {"awaiting"}
    assert {entry.image_id for entry in store.queue()} == there.keys()
    before = content(store)
    store.close()
    (store.folder / FILE).unlink()
    again = Store(store.folder)
    assert content(again) == before
    again.close()


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    acknowledged: set[str] = set()
    chance = random.Random(20250301)
    for _ in range(4):
        process = writer(tmp_path, "loop")
        assert process.stdout is not None
        for _ in range(chance.randint(1, 25)):
            line = process.stdout.readline()
            assert line.startswith("ack "), process.stderr and process.stderr.read()
            acknowledged.add(line.split()[1])
        process.send_signal(signal.SIGKILL)
        rest, _ = process.communicate(timeout=20)
        # What stood in the pipe was acknowledged too; the last line may be cut off.
        acknowledged.update(line.split()[1] for line in rest.splitlines(keepends=True) if line.endswith("\n"))
    whole(Store(tmp_path), acknowledged)


def test_a_full_disk_is_said_and_survived(tmp_path: Path) -> None:
    """No file may grow beyond a limit: journal or DuckDB's files fail, whichever comes first."""
    out, err = writer(tmp_path, "limited", "150000").communicate(timeout=90)
    survived(tmp_path, out, err)


def test_a_full_file_system_is_said_and_survived(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    kept = tmp_path / "kept"
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-rm", "true"], check=False).returncode:
        pytest.skip("no name space of one's own to mount a small file system in")
    script = f'mount -t tmpfs -o size=6m tmpfs "{folder}" || exit 77; "$@"; cp -r "{folder}" "{kept}"'
    process = writer(folder, "crowded", "300000", wrap=("unshare", "-rm", "sh", "-c", script, "sh"))
    out, err = process.communicate(timeout=90)
    if process.returncode == 77:
        pytest.skip("tmpfs cannot be mounted here")
    survived(kept, out, err)


def survived(folder: Path, out: str, err: str) -> None:
    lines = [line.split(maxsplit=1) for line in out.splitlines()]
    acknowledged = {rest for word, rest in lines if word == "ack"}
    refused = [rest for word, rest in lines if word == "refused"]
    assert refused, err
    assert "disk" in refused[0]
    assert lines[-1][0] == "images", err
    store = Store(folder)
    assert store.database.put_aside is None
    assert len(store.images()) == int(lines[-1][1])
    whole(store, acknowledged)


def test_a_second_process_is_told_who_is_in_its_way(tmp_path: Path) -> None:
    store = Store(tmp_path)
    before = {path.name: path.read_bytes() for path in (tmp_path / "journal").iterdir() if path.name != "lock"}
    out, err = writer(tmp_path, "loop").communicate(timeout=30)
    assert out == ""
    assert f"{tmp_path} is in use by another process. Stop the other 'imgdash serve'" in err
    assert before == {path.name: path.read_bytes() for path in (tmp_path / "journal").iterdir() if path.name != "lock"}
    store.close()


def test_the_lock_ends_with_its_process_and_is_not_inherited(tmp_path: Path) -> None:
    """A worker process may outlive an apparatus that was killed; it must not keep the next one out."""
    code = (
        "import os, sys, time; from pathlib import Path; from imgdash.store.store import Store;"
        f"Store(Path({str(tmp_path)!r}));"
        "child = os.fork();"
        "(time.sleep(60), os._exit(0)) if child == 0 else (print(child, flush=True), os.kill(os.getpid(), 9))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT
    )
    assert process.stdout is not None
    child = int(process.stdout.readline())
    process.wait(timeout=20)
    try:
        Store(tmp_path).close()
    finally:
        os.kill(child, signal.SIGKILL)
        process.stdout.close()
