"""The simulated physicist of the demonstration files former quality control, and leaves what somebody should see."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from imgdash import Apparatus
from imgdash.filing import Filing
from imgdash.simulate import quality_control
from imgdash.simulate.image_header import Station
from imgdash.simulate.machine import Address
from imgdash.simulate.targets import Panel
from tests.apparatus.sites import site
from tests.dashboard.conftest import AWAY
from tests.helpers import wait_until

DR = Station("DR60", "DX", "Phantom Hospital")
GOOD, WORN = Panel(size=(480, 480)), Panel(size=(480, 480), blur_mm=0.2)


@pytest.fixture
def apparatus(tmp_path: Path) -> Iterator[Apparatus]:
    limits = [{"quantity": "mtf50", "low": 1.5}]
    with Apparatus(site(tmp_path, quality=limits, apparatus=AWAY["apparatus"])) as running:
        yield running


def test_it_files_what_was_good_in_former_months_and_leaves_the_rest(apparatus: Apparatus) -> None:
    now = datetime.now()
    made = {
        "former": quality_control.series(DR, GOOD, now - timedelta(days=60), only=("edge", "wedge")),
        "former, worn": quality_control.series(DR, WORN, now - timedelta(days=30), only=("edge",)),
        "of now": quality_control.series(DR, GOOD, now, only=("edge",)),
    }
    filing = Filing(apparatus)
    thread = threading.Thread(target=filing.run)
    thread.start()
    try:
        everything = [ds for series in made.values() for ds in series]
        quality_control.send(DR, everything, Address("IMGDASH", *apparatus.addresses["dicom"]))

        def measured() -> bool:
            images = apparatus.images()
            return len(images) == 4 and all("quality" in image.parameters for image in images)

        wait_until(measured)
        wait_until(lambda: len(apparatus.images("confirmed")) == 2)
        left = apparatus.images("awaiting")
    finally:
        filing.stop()
        thread.join(10)
    assert not thread.is_alive()
    assert {image.outputs for image in apparatus.images("confirmed")} == {("STORAGE",)}
    of = {str(ds.SOPInstanceUID): name for name, series in made.items() for ds in series}
    assert not any(filing.due(image) for image in left)
    assert sorted(of[image.sop_instance_uid] for image in left) == ["former, worn", "of now"]
