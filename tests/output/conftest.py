"""Workers and peers for tests of output."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from imgdash.workers import Workers
from tests.conftest import PEERS, peer
from tests.helpers import wait_until
from tests.output.bench import Bench


@pytest.fixture(scope="session")
def workers() -> Iterator[Workers]:
    """One worker process for all tests: starting one costs seconds."""
    pool = Workers(1, 1500)
    yield pool
    pool.stop()


@pytest.fixture
def bench(tmp_path: Path, workers: Workers) -> Iterator[Callable[..., Bench]]:
    """``bench(apparatus, …)`` makes a site in this test's folder."""
    made: list[Bench] = []

    def make(*apparatus: dict[str, Any], **station: Any) -> Bench:
        one = Bench(tmp_path, workers, list(apparatus), **station)
        made.append(one)
        return one

    yield make
    for one in made:
        one.outputs.stop()
        one.close()


@pytest.fixture
def program() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """``program("storescp", …, port=…)`` starts a Debian peer and waits until it listens."""
    with program_runner() as run:
        yield lambda name, *arguments, **more: run([peer(name), *arguments], **more)


@contextmanager
def program_runner() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """``run([command, …], port=…)`` starts a program and waits until it listens; all end with the block."""
    running: list[subprocess.Popen[bytes]] = []

    def start(command: list[str], *, port: int, cwd: Path | None = None) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "TCP_NODELAY": "1"},
        )
        running.append(process)
        wait_until(lambda: listens(port) or process.poll() is not None, within=15)
        assert process.poll() is None, f"{command[0]} ended with {process.returncode}"
        return process

    try:
        yield start
    finally:
        for process in running:
            if process.args[0] == PEERS["orthanc"]:  # type: ignore[index]
                process.kill()  # it takes seconds to end, and keeps nothing that is wanted
            stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a peer."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


def listens(port: int) -> bool:
    """Whether a port of this machine is listened on; nobody is connected to."""
    wanted = f":{port:04X} "
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table, encoding="ascii") as file:
            if any(line.split()[3] == "0A" and line.split()[1].endswith(wanted.strip()) for line in list(file)[1:]):
                return True
    return False


def later(seconds: float) -> float:
    """A deadline on the monotonic clock."""
    return time.monotonic() + seconds
