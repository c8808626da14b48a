"""Curves of quality control beside the image: its own, and those of the same detector before it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import numpy as np
import pytest

from imgdash.dashboard.pages.review import Review
from imgdash.model import ImageHeader
from imgdash.simulate import quality_control
from imgdash.simulate.image_header import Station as Machine
from imgdash.simulate.machine import Address
from imgdash.simulate.targets import Panel
from tests.dashboard.conftest import Station
from tests.dashboard.pages.desk import Desk
from tests.helpers import wait_until

SIZE = (512, 512)
DR = Machine("DR60", "DX", "Phantom Hospital")


@pytest.fixture(scope="module")
def series(station: Station) -> dict[str, ImageHeader]:
    """An edge of a detector, later another one when it has worn, and a flat field."""
    apparatus = station.apparatus
    new = quality_control.series(DR, Panel(size=SIZE), datetime(2026, 5, 1, 8), only=("edge", "flat"))
    worn = quality_control.series(DR, Panel(size=SIZE, blur_mm=0.2), datetime(2026, 6, 1, 8), seed=4, only=("edge",))
    sent = quality_control.send(DR, [*new, *worn], Address("IMGDASH", *apparatus.addresses["dicom"]))

    def measured() -> list[ImageHeader]:
        images = apparatus.images(where="list_contains(?, sop_instance_uid)", params=[sent])
        return images if len(images) == 3 and all("quality" in image.parameters for image in images) else []

    images = wait_until(measured)
    return {f"{image.parameters['quality']['kind']} {image.acquired_at:%Y-%m}": image for image in images}


def test_mtf_over_the_one_before_and_nothing_for_a_patient(
    station: Station, series: dict[str, ImageHeader], desk_of: Callable[..., Desk]
) -> None:
    desk = desk_of("user")
    page = desk.show(Review)
    patient = station.take(PatientID="P77")
    worn = series["edge 2026-06"]
    page.open(image=worn.image_id)
    desk.until(lambda: page.current == worn.image_id and page.measured.view.visible)
    drawn = page.measured.drawn
    desk.until(lambda: len(drawn.columns("x before")["lp"]) > 1)
    own, former = (drawn.columns(name) for name in ("x", "x before"))
    kept = worn.parameters["quality"]["curves"]["mtf_x"]
    assert np.array_equal(own["lp"][:-1], kept[0])
    assert np.array_equal(own["value"][:-1], kept[1])
    # It has worn: half of the contrast is lost at a lower frequency than it was.
    half, was = (np.interp(-0.5, -one["value"][:-1], one["lp"][:-1]) for one in (own, former))
    assert half < 0.9 * was

    flat = series["flat 2026-05"]
    page.open(image=flat.image_id)
    kept = flat.parameters["quality"]["curves"]["nnps_y"]
    desk.until(lambda: page.current == flat.image_id and len(drawn.columns("y")["lp"]) == len(kept[0]) + 1)
    assert np.allclose(10 ** drawn.columns("y")["value"][:-1], kept[1])

    page.open(image=patient)
    desk.until(lambda: page.current == patient and not page.measured.view.visible)
