"""What several tests need: waiting for a condition, never for a time; ports for the machines they start."""

from __future__ import annotations

import resource
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T], *, within: float = 45.0, every: float = 0.02) -> T:
    """Return the first truthy value of `condition`, or fail after `within` seconds with the last value."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s; last value: {value!r}")
        time.sleep(every)


def free_ports(count: int) -> list[int]:
    """Ports of this machine that are free now."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


@contextmanager
def no_descriptors() -> Iterator[None]:
    """What is open stays open; this process can open nothing more."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
