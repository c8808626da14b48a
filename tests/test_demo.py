"""The README's first command."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import psutil
import pytest

from tests.helpers import wait_until
from tests.test_cli import imgdash

PROGRAM = str(Path(sys.executable).with_name("imgdash"))


def test_autopilot_brings_every_image_to_a_good_end(tmp_path: Path) -> None:
    flown = imgdash("demo", "--no-browser", "--autopilot", 8, "--port", 0, "--folder", tmp_path / "demo")
    assert flown.returncode == 0, flown.stdout + flown.stderr
    assert "replaced" in flown.stdout
    films = list((tmp_path / "demo" / "machines" / "FILM55").glob("*.png"))
    assert films
    # In the same folder: what is there stays, what is sent is of somebody else.
    flown = imgdash("demo", "--no-browser", "--autopilot", 1, "--port", 0, "--folder", tmp_path / "demo")
    assert flown.returncode == 0, flown.stdout + flown.stderr
    asked = "select state, patient_id from image order by number"
    told = imgdash("query", asked, "--site", tmp_path / "demo" / "site.toml", "--format", "csv")
    images = [tuple(row) for row in csv.reader(told.stdout.splitlines()[1:])]
    assert len(images) > 8, told.stderr
    assert {state for state, _ in images} == {"delivered", "replaced"}
    *earlier, (_, latest) = images
    assert latest not in {patient for _, patient in earlier}


def start(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [PROGRAM, "demo", "--no-browser", "--port", "0", "--folder", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
    )


def test_the_demo_is_ready_soon_ends_cleanly_and_goes_on_where_it_was_left(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    process = start(folder)
    try:
        assert process.stdout is not None
        url = next(word for line in process.stdout if "http" in line for word in line.split() if "http" in word)

        def health() -> dict[str, object]:
            with urllib.request.urlopen(url.rstrip("/") + "/healthz", timeout=10) as answer:
                found: dict[str, object] = json.load(answer)
            return found

        assert health()["state"] == "running"
        wait_until(lambda: health()["images"]["delivered"] >= 1, within=60, every=0.3)  # type: ignore[index]
        children = psutil.Process(process.pid).children(recursive=True)
        assert children
    finally:
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0, rest
    assert "Traceback" not in rest
    _, alive = psutil.wait_procs(children, timeout=20)
    assert not alive
    process = start(folder)
    try:
        assert process.stdout is not None
        said = next(line for line in process.stdout if "End with" in line)
        assert "as it was left; --again sends further images" in said
        (network,) = (
            line for line in (c.cmdline() for c in psutil.Process(process.pid).children()) if "network" in line
        )
        assert network[network.index("--count") + 1] == network[network.index("--quality-months") + 1] == "0"
    finally:
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0, rest


@pytest.mark.parametrize("arguments", [("demo", "--autopilot", "0"), ("demo", "--port", "no")])
def test_nonsense_is_refused_with_a_word(arguments: tuple[str, ...]) -> None:
    said = imgdash(*arguments)
    assert said.returncode == 2
    assert "Traceback" not in said.stderr
