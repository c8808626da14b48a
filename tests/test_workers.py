"""Worker processes die alone: the task says so, the others and later ones are done."""

from __future__ import annotations

import errno
import gc
import os
import resource
import subprocess
import sys
import time
import weakref
from collections.abc import Iterator
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import numpy as np
import pytest

from imgdash.config import parse
from imgdash.model import ImgdashError
from imgdash.workers import StationFull, WorkerDied, Workers
from tests.helpers import no_descriptors, wait_until


@pytest.fixture
def workers() -> Iterator[Workers]:
    pool = Workers(1, 600)
    yield pool
    pool.stop()


def test_a_killed_worker_fails_its_task_and_no_other(workers: Workers) -> None:
    before = workers.run(abs, -1)
    fatal = workers.run(os._exit, 9)
    after = workers.run(abs, -2)
    assert before.result(60) == 1
    with pytest.raises(WorkerDied, match="died"):
        fatal.result(60)
    assert after.result(60) == 2
    assert workers.died == 1


def test_what_takes_too_long_or_too_much_memory_is_ended(workers: Workers) -> None:
    with pytest.raises(WorkerDied, match="longer"):
        workers.run(time.sleep, 60, timeout=0.5).result(60)
    with pytest.raises(WorkerDied, match="memory"):
        workers.run(bytes, 4 << 30).result(60)
    assert workers.run(abs, -3).result(60) == 3


def test_an_error_of_the_task_comes_back_as_it_is(workers: Workers) -> None:
    with pytest.raises(ZeroDivisionError):
        workers.run(divmod, 1, 0).result(60)
    assert workers.died == 0


def test_memory_that_is_too_little_is_said_with_the_setting(workers: Workers) -> None:
    with pytest.raises(WorkerDied, match=r"600 MB.*worker_memory_mb"):
        workers.run(bytes, 4 << 30).result(60)
    with pytest.raises(ImgdashError, match="worker_memory_mb"):
        parse({"station": {"worker_memory_mb": 256}}, Path("site.toml"))


def test_a_script_of_a_few_lines_needs_no_guard(tmp_path: Path) -> None:
    script = tmp_path / "few_lines.py"
    script.write_text(
        "from imgdash.workers import Workers\n"
        "print('begun')\n"
        "pool = Workers(1, 600)\n"
        "print(pool.run(abs, -4).result(60), __file__)\n"
        "pool.stop()\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=90, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["begun", "4", str(script)]


def test_a_process_that_cannot_be_started_is_tried_again(
    workers: Workers, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert workers.run(abs, -1).result(60) == 1
    start = ForkServerProcess.start
    refused: list[int] = []

    def full(process: ForkServerProcess) -> None:
        if len(refused) < 2:
            refused.append(1)
            raise OSError(errno.ENOMEM, "Cannot allocate memory")
        start(process)

    monkeypatch.setattr(ForkServerProcess, "start", full)
    fatal, after = workers.run(os._exit, 9), workers.run(abs, -2)
    with pytest.raises(WorkerDied, match="died"):
        fatal.result(60)
    assert after.result(60) == 2
    assert workers.alive
    assert len(refused) == 2
    assert caplog.text.count("Cannot allocate memory") == 2


def test_a_pool_that_cannot_start_a_process_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(process: ForkServerProcess) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(ForkServerProcess, "start", full)
    pool = Workers(1, 600)
    waiting = pool.run(abs, -1)
    pool.stop()
    assert waiting.cancelled()
    assert not pool.alive


def test_what_takes_long_ends_with_the_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for its result would keep the process from ending."""
    monkeypatch.setattr("imgdash.workers._PATIENCE", 0.2)
    pool = Workers(1, 600)
    future = pool.run(time.sleep, 60)
    wait_until(future.running)
    pool.stop()
    with pytest.raises(WorkerDied):
        future.result(20)
    assert pool.run(abs, -1).cancelled() or pool.run(abs, -1).exception() is not None


LARGE = 1 << 20


def test_a_station_that_may_open_no_more_files_says_so_and_keeps_its_worker(workers: Workers) -> None:
    assert workers.run(abs, -1).result(60) == 1
    pids = workers.pids()
    with no_descriptors():
        for asked, argument in ((len, bytes(LARGE)), (bytes, LARGE)):
            with pytest.raises(StationFull, match=r"no more files.*LimitNOFILE") as raised:
                workers.run(asked, argument).result(60)
            # Who registers files sees that it is not the file's fault.
            assert isinstance(raised.value.__cause__, OSError)
    assert workers.run(bytes, LARGE).result(60) == bytes(LARGE)
    assert (workers.pids(), workers.died) == (pids, 0)


def test_a_worker_that_may_open_no_more_files_says_so_and_lives(workers: Workers) -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    workers.run(resource.setrlimit, resource.RLIMIT_NOFILE, (3, limits[1])).result(60)
    pids = workers.pids()
    for asked, argument in ((len, bytes(LARGE)), (bytes, LARGE)):
        with pytest.raises(StationFull, match=r"no more files.*LimitNOFILE"):
            workers.run(asked, argument).result(60)
    workers.run(resource.setrlimit, resource.RLIMIT_NOFILE, limits).result(60)
    assert workers.run(bytes, LARGE).result(60) == bytes(LARGE)
    assert (workers.pids(), workers.died) == (pids, 0)


def test_a_task_that_is_too_large_for_a_worker_is_said_with_the_setting(workers: Workers) -> None:
    with pytest.raises(WorkerDied, match=r"600 MB.*worker_memory_mb"):
        workers.run(len, np.zeros(700 << 20, np.uint8)).result(60)
    assert workers.run(abs, -1).result(60) == 1


def test_nothing_of_a_task_stays(workers: Workers) -> None:
    """A worker that has nothing to do would keep an image for as long."""
    gc.collect()
    gc.disable()
    try:
        argument = np.zeros(LARGE, np.uint8)
        done, failed = workers.run(np.negative, argument), workers.run(divmod, 1, 0)
        unsent = workers.run(len, (argument, lambda: None))
        kept = [weakref.ref(one) for one in (argument, done, failed, unsent, done.result(60))]
        assert failed.exception(60) is not None
        assert unsent.exception(60) is not None
        del argument, done, failed, unsent
        wait_until(lambda: [one for one in kept if one() is not None] == [])
    finally:
        gc.enable()
