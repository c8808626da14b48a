"""Peers and images that tests share. With CI=true what is missing fails instead of skipping."""

from __future__ import annotations

import functools
import gc
import os
import socket
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import argon2
import pytest

from tests.order import place

if TYPE_CHECKING:
    from tests.security.certificates import Hospital

CI = os.environ.get("CI") == "true"
PEERS = {
    "storescu": "/usr/bin/storescu",
    "storescp": "/usr/bin/storescp",
    "echoscu": "/usr/bin/echoscu",
    "findscu": "/usr/bin/findscu",
    "getscu": "/usr/bin/getscu",
    "movescu": "/usr/bin/movescu",
    "dcmprscp": "/usr/bin/dcmprscp",
    "dcmqrscp": "/usr/bin/dcmqrscp",
    "termscu": "/usr/bin/termscu",
    "dump2dcm": "/usr/bin/dump2dcm",
    "wlmscpfs": "/usr/bin/wlmscpfs",
    "openssl": "/usr/bin/openssl",
    "dcmdump": "/usr/bin/dcmdump",
    "dcmmkdir": "/usr/bin/dcmmkdir",
    "dcmcjpeg": "/usr/bin/dcmcjpeg",
    "dcmpschk": "/usr/bin/dcmpschk",
    "dsrdump": "/usr/bin/dsrdump",
    "orthanc": "/usr/sbin/Orthanc",
    "chromium": "/usr/bin/chromium",
}
# The same engine without a browser window around it: opening a page takes a fifth less of the processor.
if Path("/usr/bin/chromium-headless-shell").exists():
    PEERS["chromium"] = "/usr/bin/chromium-headless-shell"


def pytest_xdist_auto_num_workers() -> int:
    """Two for each core: tests wait for browsers, peers and the disk for about half of their time."""
    return 2 * len(os.sched_getaffinity(0))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported here stays: nobody need look for garbage in it, now or after each test."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


_FAILED: Final = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """For the teardown: whether the test failed."""
    report = yield
    item.stash[_FAILED] = report.failed
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """What a failed test shared with others goes: its next try would meet what the first has done.

    Before pytest-rerunfailures, which keeps what is shared between the tries.
    """
    if item.stash.get(_FAILED, False):
        item.session._setupstate.teardown_exact(None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Why a test was run again: what fails by chance has a reason as well, and the next try would hide it."""
    for report in terminalreporter.stats.get("rerun", []):
        terminalreporter.section(f"run again: {report.nodeid} ({report.when})")
        terminalreporter.write_line("\n".join(report.longreprtext.splitlines()[-40:]))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first."""
    items.sort(key=lambda item: place(item.nodeid))


def missing(reason: str) -> None:
    """Skip on a developer's machine, fail where everything must be there."""
    if CI:
        pytest.fail(reason)
    pytest.skip(reason)


def peer(name: str) -> str:
    """The whole path of a Debian peer: a venv's bin has programs of the same names."""
    if not Path(PEERS[name]).exists():
        missing(f"{PEERS[name]} is not installed")
    return PEERS[name]


def radiographs_folder() -> Path:
    """Where the real radiographs are: IMGDASH_RADIOGRAPHS, or beside the checkout."""
    beside = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "radiographs"
    return Path(os.environ.get("IMGDASH_RADIOGRAPHS", beside))


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """A fifth of a second of each user, and of each start, is hashing; how slow it has to be, test_users.py asks."""
    quick = functools.partial(argon2.PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("imgdash.store.users.PasswordHasher", quick)
        yield


@pytest.fixture(scope="session")
def radiographs() -> Path:
    """Folder of the real CR images: RG2.dcm (hip), RG3.dcm (lower leg), RG2_J2KR.dcm, CR-MONO1-10-chest.dcm."""
    folder = radiographs_folder()
    if not (folder / "RG2.dcm").exists():
        # They are not part of the project, so a machine without them is no failure.
        pytest.skip("no real radiographs: set IMGDASH_RADIOGRAPHS to their folder")
    return folder


@pytest.fixture
def free_port() -> int:
    """A port that is free now, for peers that cannot choose one themselves."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Hospital:
    """Certificates of a small hospital; made once, for a key takes a while."""
    from tests.security.certificates import hospital

    return hospital(tmp_path_factory.mktemp("certificates"))
