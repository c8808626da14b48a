"""Orthanc as the image storage: what arrives, and its commitment, which it reports on an association of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import uid

from imgdash import process
from imgdash.output import provenance
from imgdash.receive import Receivers, messages
from imgdash.store.pixels import open_image
from tests.helpers import wait_until
from tests.output.bench import Bench, radiograph
from tests.output.orthanc import start


def test_the_processed_image_arrives_as_formed_and_is_committed(
    bench: Callable[..., Bench], program: Callable[..., Any], tmp_path: Path, free_port: int
) -> None:
    site = bench(
        {"name": "PACS", "kind": "storage", "ae_title": "ORTHANC", "port": free_port, "scale": 0.5, "annotate": "gsps"},
        dicom_port=0,
    )
    image = site.add(radiograph(kind="dx"), overrides={"geometry.rotation": 90, "overlay.side": "R"})
    entry = site.register(image, "PACS")
    reported: list[bool] = []

    def arrived(name: str) -> None:
        reported.append(site.outputs.commitment_result(messages.read(site.files.incoming / name)))

    receivers = Receivers(site.site, on_file=arrived)
    receivers.start()
    try:
        orthanc = start(program, tmp_path / "orthanc", free_port, receivers.address[1])
        with site.running():
            wait_until(lambda: site.entry(entry).state == "done", within=30)
    finally:
        receivers.stop()
    assert reported == [True]
    assert site.events(entry) == ["register", "take", "sent", "finish"]
    assert site.store.image(image.image_id).state == "delivered"

    state, ds = sorted(orthanc.datasets(), key=lambda found: "PixelData" in found)
    assert state.SOPClassUID == uid.GrayscaleSoftcopyPresentationStateStorage
    assert state.ReferencedSeriesSequence[0].SeriesInstanceUID == ds.SeriesInstanceUID
    source = open_image(site.files.path(image.image_id))
    chain = process.Chain.of(site.condition.processing, image.overrides)
    wanted = process.form(source, chain, image.parameters, scale=0.5, steps=process.ALL[:-1])
    np.testing.assert_array_equal(ds.pixel_array, wanted.values)
    assert ds.SOPInstanceUID == site.entry(entry).output_uid
    told = provenance.read(ds)
    assert told is not None
    assert told.exact
    np.testing.assert_array_equal(told.reproduce(source).values, ds.pixel_array)


def test_a_storage_that_says_no_gets_the_image_again(bench: Callable[..., Bench], free_port: int) -> None:
    # The report of a storage comes from anywhere: what it is about is what counts.
    site = bench({"name": "PACS", "kind": "storage", "ae_title": "ORTHANC", "port": free_port})
    entry = site.register(site.add(radiograph()), "PACS")
    site.store.transition("queue", entry, "take")
    site.store.transition("queue", entry, "sent", transaction_uid="1.2.9")
    ours = site.entry(entry).output_uid

    def report(transaction: str, ae_title: str, sequence: str) -> bool:
        item: dict[str, Any] = {"00081150": {"vr": "UI", "Value": ["1.2"]}, "00081155": {"vr": "UI", "Value": [ours]}}
        if sequence == "00081198":
            item["00081197"] = {"vr": "US", "Value": [0x0112]}
        content = {"00081195": {"vr": "UI", "Value": [transaction]}, sequence: {"vr": "SQ", "Value": [item]}}
        return site.outputs.commitment_result({"calling_ae": ae_title, "dataset": content})

    assert not report("1.2.8", "ORTHANC", "00081198"), "a late failure of another transaction"
    assert not report("1.2.8", "STRANGER", "00081199"), "success told by somebody else"
    assert site.entry(entry).state == "committing"
    assert report("1.2.9", "ORTHANC", "00081198")
    assert site.entry(entry).state == "waiting"
    assert "no such object instance" in site.entry(entry).trouble
    site.store.transition("queue", entry, "take")
    site.store.transition("queue", entry, "sent", transaction_uid="1.2.10")
    assert report("1.2.9", "ORTHANC", "00081199"), "a late success: the storage does keep it"
    assert site.entry(entry).state == "done"
    assert not report("1.2.10", "ORTHANC", "00081199"), "the same once more"
