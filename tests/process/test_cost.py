"""What the chain may cost, as far as a test can say it without a stopwatch: memory, and work kept for later."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np

from imgdash import process
from imgdash.process.kernels import resize
from imgdash.reduce import reduce_image
from tests.benchmarks.peer import chain_in_opencv
from tests.benchmarks.process import CHAIN, radiograph


def test_a_15_megapixel_image_is_formed_within_three_times_its_memory() -> None:
    command = [sys.executable, "-m", "tests.benchmarks.process", "--memory"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=150)
    assert 0.5 < json.loads(done.stdout)["extra_memory/image"] < 3.0


def test_the_rival_of_the_benchmark_makes_the_same_image() -> None:
    """Else its time would say nothing. It samples its pyramid elsewhere, so not pixel by pixel."""
    stored = radiograph(856, 704)
    calculated = process.calculate(reduce_image(stored), CHAIN, attrs=stored.attrs)
    ours = process.form(stored, CHAIN.with_(**{"overlay.side": "none"}), calculated, scale=0.5, bits=16).values
    theirs = chain_in_opencv(stored.values, CHAIN, calculated, stored.attrs["PixelSpacing"][0], scale=0.5)
    theirs[90:270, 60:200] = ours[90:270, 60:200]  # its letter
    difference = np.abs(resize(ours.astype(np.float32), 88, 107) - resize(theirs.astype(np.float32), 88, 107))
    assert difference.mean() < 0.01 * 65535
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.995
