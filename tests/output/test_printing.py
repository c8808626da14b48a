"""Printing with DCMTK's dcmprscp, and with a printer that fails in every way a printer may."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import AE, evt
from pynetdicom.sop_class import (
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    BasicGrayscalePrintManagementMeta,
    PresentationLUT,
)

from imgdash.output import form
from imgdash.output.film import Page
from imgdash.output.film_queue import FilmQueue
from tests.helpers import wait_until
from tests.output.bench import Bench, radiograph

Make = Callable[..., Bench]

CONFIGURATION = r"""
[[GENERAL]]
[PRINT]
Directory = spool
[DATABASE]
Directory = database
[[COMMUNICATION]]
[FILM]
Aetitle = FILM
Description = Film
Hostname = localhost
Port = {port}
Type = LOCALPRINTER
BorderDensity = BLACK\WHITE
DisplayFormat=1,1\2,1
EmptyImageDensity = BLACK\WHITE
FilmDestination = MAGAZINE\PROCESSOR
FilmSizeID = 8INX10IN\14INX17IN
ImplicitOnly = false
MagnificationType = REPLICATE\BILINEAR\CUBIC\NONE
MaxDensity = 320
MaxPDU = 32768
MediumType = PAPER\CLEAR FILM\BLUE FILM
MinDensity = 20
PresentationLUTMatchRequired = false
PresentationLUTinFilmSession = false
ResolutionID = STANDARD
SmoothingType = NONE
Supports12Bit = true
SupportsDecimateCrop = true
SupportsImageSize = true
SupportsPresentationLUT = true
SupportsTrim = true
"""


def film(port: int, **more: Any) -> dict[str, Any]:
    return {
        "name": "FILM",
        "kind": "printer",
        "ae_title": "FILM",
        "port": port,
        "dpi": 50,
        "film_size": "8INX10IN",
        **more,
    }


def test_dcmprscp_has_the_film_as_formed(
    bench: Make, program: Callable[..., Any], tmp_path: Path, free_port: int
) -> None:
    folder = tmp_path / "printer"
    for name in ("spool", "database"):
        (folder / name).mkdir(parents=True)
    (folder / "printers.cfg").write_text(CONFIGURATION.format(port=free_port), encoding="ascii")
    program("dcmprscp", "-c", "printers.cfg", "-p", "FILM", port=free_port, cwd=folder)
    site = bench(film(free_port, true_size=True))
    image = site.add(radiograph())
    entry = site.register(image, "FILM")
    wanted = Page.load(form.film_page(site.outputs.former.job(site.entry(entry), site.site.output("FILM"))))
    with site.running():
        wait_until(lambda: site.entry(entry).state == "done")
    wait_until(lambda: list((folder / "database").glob("SP_*.dcm")))
    (hardcopy,) = (pydicom.dcmread(path) for path in (folder / "database").glob("HG_*.dcm"))
    np.testing.assert_array_equal(hardcopy.pixel_array, wanted.pixels)
    (told,) = (pydicom.dcmread(path) for path in (folder / "database").glob("SP_*.dcm"))
    box = told.FilmBoxContentSequence[0]
    assert (box.MinDensity, box.MaxDensity, box.FilmSizeID, box.FilmOrientation) == (20, 300, "8INX10IN", "PORTRAIT")
    assert (box.Illumination, box.ReflectedAmbientLight) == (2000, 10)
    assert told.PresentationLUTContentSequence[0].PresentationLUTShape == "IDENTITY"
    assert float(told.ImageBoxContentSequence[0].RequestedImageSize) == pytest.approx(203.2, abs=0.6)
    assert site.store.image(image.image_id).state == "delivered"


class Printer:
    """A printer whose state and answers the test decides.

    ``answers`` maps a step (``session``, ``lut``, ``film``, ``image``, ``print``) to its status.
    """

    def __init__(self, *, lut: bool = True, **answers: int) -> None:
        self.state = ("NORMAL", "")
        self.answers = answers
        self.silent = False
        self.release = threading.Event()
        self.films: list[list[Dataset]] = []
        self._boxes: list[Dataset] = []
        self.film: Dataset | None = None
        ae = AE("FILM")
        ae.add_supported_context(BasicGrayscalePrintManagementMeta)
        if lut:
            ae.add_supported_context(PresentationLUT)
        handlers: Any = [
            (evt.EVT_N_GET, self._get),
            (evt.EVT_N_CREATE, self._create),
            (evt.EVT_N_SET, self._set),
            (evt.EVT_N_ACTION, self._print),
            (evt.EVT_N_DELETE, lambda event: 0x0000),
        ]
        self.server: Any = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
        self.port = int(self.server.socket.getsockname()[1])

    def _get(self, event: Any) -> tuple[int, Dataset]:
        ds = Dataset()
        ds.PrinterStatus, ds.PrinterStatusInfo = self.state
        return 0x0000, ds

    def _create(self, event: Any) -> tuple[int, Dataset]:
        sop_class = event.request.AffectedSOPClassUID
        ds = Dataset()
        if sop_class == BasicFilmBox:
            self.film, self._boxes = event.attribute_list, []
            across, down = (int(number) for number in self.film.ImageDisplayFormat.split("\\")[1].split(","))
            ds.ReferencedImageBoxSequence = []
            for _ in range(across * down):
                item = Dataset()
                item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = BasicGrayscaleImageBox, generate_uid()
                ds.ReferencedImageBoxSequence.append(item)
        step = {BasicFilmSession: "session", PresentationLUT: "lut", BasicFilmBox: "film"}[sop_class]
        return self.answers.get(step, 0x0000), ds

    def _set(self, event: Any) -> tuple[int, Dataset]:
        self._boxes.append(event.modification_list)
        return self.answers.get("image", 0x0000), Dataset()

    def _print(self, event: Any) -> tuple[int, Dataset | None]:
        if self.silent:
            self.release.wait(20)
        status = self.answers.get("print", 0x0000)
        if status < 0xC000:
            self.films.append(self._boxes)
        return status, None

    def __enter__(self) -> Printer:
        return self

    def __exit__(self, *_: object) -> None:
        self.release.set()
        self.server.shutdown()


def test_a_printer_in_failure_is_waited_for(bench: Make) -> None:
    with Printer() as printer:
        printer.state = ("FAILURE", "FILM JAM")
        site = bench(film(printer.port, attempts=1))
        site.register(site.add(radiograph()), "FILM")
        with site.running() as outputs:
            wait_until(lambda: "FILM JAM" in outputs.status()["FILM"].trouble)
            assert site.states() == ["waiting"]
            printer.state = ("WARNING", "SUPPLY LOW")
            wait_until(lambda: site.states() == ["done"])
        assert len(printer.films) == 1


@pytest.mark.parametrize("status", [0xB604, 0xB605])
def test_a_warning_is_no_failure(bench: Make, status: int) -> None:
    with Printer(print=status, film=0x0116) as printer:
        site = bench(film(printer.port))
        entry = site.register(site.add(radiograph()), "FILM")
        with site.running():
            wait_until(lambda: site.states() == ["done"])
        said = site.store.query("select why from journal where id = ? and event = 'finish'", [entry])
        assert "with a warning" in said[0]["why"]
        assert len(printer.films) == 1


def test_a_full_printer_is_waited_for_and_nothing_counts(bench: Make) -> None:
    with Printer(print=0xC601) as printer:
        site = bench(film(printer.port, attempts=1))
        entry = site.register(site.add(radiograph()), "FILM")
        with site.running():
            wait_until(lambda: "queue is full" in site.entry(entry).trouble)
            printer.answers.clear()
            wait_until(lambda: site.states() == ["done"])
        assert len(printer.films) == 1


@pytest.mark.parametrize("step", ["session", "film", "image", "print"])
def test_a_refused_film_is_set_aside_with_the_printers_reason(bench: Make, step: str) -> None:
    refusing: dict[str, Any] = {step: 0xC603}
    with Printer(**refusing) as printer:
        site = bench(film(printer.port, attempts=2))
        entry = site.register(site.add(radiograph()), "FILM")
        with site.running():
            wait_until(lambda: site.entry(entry).state == "failed")
        assert "C603" in site.entry(entry).trouble
        assert printer.films == []


def test_no_answer_to_the_order_to_print_asks_a_person(bench: Make) -> None:
    with Printer() as printer:
        printer.silent = True
        site = bench(film(printer.port, timeout_seconds=0.4))
        first, second = (site.register(site.add(radiograph(number)), "FILM") for number in (1, 2))
        with site.running():
            wait_until(lambda: site.entry(first).state == "uncertain")
            assert "Look whether the film is there" in site.entry(first).trouble
            printer.silent = False
            printer.release.set()
            wait_until(lambda: site.entry(second).state == "done")
            assert site.entry(first).state == "uncertain", "never sent again by itself"
            # The person saw it.
            site.store.transition("queue", first, "finish", "anna")
            image = site.entry(first).image_id
            wait_until(lambda: site.store.image(image).state == "delivered")


def test_what_was_being_printed_when_imgdash_was_killed_is_uncertain(bench: Make) -> None:
    with Printer() as printer:
        site = bench(film(printer.port))
        entry = site.register(site.add(radiograph()), "FILM")
        site.store.transition("queue", entry, "take")
        site.restart()
        with site.running():
            wait_until(lambda: site.entry(entry).state == "uncertain")
            assert printer.films == []
            site.store.transition("queue", entry, "retry", "anna")
            wait_until(lambda: site.entry(entry).state == "done")
        assert len(printer.films) == 1


def test_a_printer_without_presentation_lut_prints_and_it_is_said(bench: Make) -> None:
    with Printer(lut=False) as printer:
        site = bench(film(printer.port))
        entry = site.register(site.add(radiograph()), "FILM")
        with site.running():
            wait_until(lambda: site.states() == ["done"])
        assert printer.film is not None
        assert "ReferencedPresentationLUTSequence" not in printer.film
        said = site.store.query("select why from journal where id = ? and event = 'finish'", [entry])
        assert "presentation LUT" in said[0]["why"]


def test_the_images_of_one_study_share_a_film_of_several(bench: Make) -> None:
    with Printer() as printer:
        site = bench(film(printer.port, layout=r"STANDARD\2,1"))
        site.register(site.add(radiograph(1)), "FILM")
        site.register(site.add(radiograph(2)), "FILM")
        other = radiograph(3, StudyInstanceUID="1.2.4")
        site.register(site.add(other), "FILM")
        late = site.register(site.add(radiograph(4)), "FILM")
        with site.running() as outputs:
            wait_until(lambda: site.states() == ["done", "done", "done", "waiting"])
            # The last one waits for company; when none comes, it is printed alone.
            queue = outputs.queues["FILM"]
            assert isinstance(queue, FilmQueue)
            queue.fill_seconds = 0.1
            site.store.transition("queue", late, "hold", "anna")
            site.store.transition("queue", late, "release", "anna")
            queue.wake()
    assert [[int(box.ImageBoxPosition) for box in boxes] for boxes in printer.films][:2] == [[1, 2], [1]]
