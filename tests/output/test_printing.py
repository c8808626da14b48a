"""Printing with DCMTK's dcmprscp, and with a printer that fails in every way a printer may."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from imgdash.output import form
from imgdash.output.film import load
from imgdash.output.film_queue import FilmQueue
from tests.helpers import wait_until
from tests.output.bench import Bench, radiograph
from tests.output.printer import Printer, film

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
    (wanted,) = load(form.film_pages(site.outputs.former.job(site.entry(entry), site.site.output("FILM"))))
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


def test_a_split_image_is_printed_on_several_films_of_one_session(bench: Make) -> None:
    with Printer() as printer:
        site = bench(film(printer.port, true_size=True, split=True))
        entry = site.register(site.add(radiograph(PixelSpacing=["2.0", "1.0"])), "FILM")
        with site.running():
            wait_until(lambda: site.entry(entry).state == "done")
        said = site.store.query("select why from journal where id = ? and event = 'finish'", [entry])[0]["why"]
    assert said.startswith("printed by FILM on 2 films")
    assert [[int(box.ImageBoxPosition) for box in boxes] for boxes in printer.films] == [[1], [1]]
    assert printer.sessions == 1
    assert printer.films[0][0].RequestedDecimateCropBehavior == "FAIL"


def test_when_a_further_film_fails_a_person_is_asked(bench: Make) -> None:
    with Printer() as printer:
        printer.after_first = 0xC602
        site = bench(film(printer.port, true_size=True, split=True))
        entry = site.register(site.add(radiograph(PixelSpacing=["2.0", "1.0"])), "FILM")
        with site.running():
            wait_until(lambda: site.entry(entry).state == "uncertain")
        assert "of 2 films only 1 came out" in site.entry(entry).trouble
    assert len(printer.films) == 1


@pytest.mark.parametrize("step", ["image", "print"])
def test_a_film_that_says_true_size_is_not_made_smaller_unnoticed(bench: Make, step: str) -> None:
    resized: dict[str, Any] = {step: 0xB604}
    with Printer(**resized) as printer:
        site = bench(film(printer.port, true_size=True))
        entry = site.register(site.add(radiograph()), "FILM")
        with site.running():
            # Before it is printed, it is refused; afterwards somebody has to look.
            wait_until(lambda: site.entry(entry).state == ("failed" if step == "image" else "uncertain"))
        assert "reduced to fit" in site.entry(entry).trouble
        assert len(printer.films) == (0 if step == "image" else 1)


def test_what_does_not_fit_is_said_when_it_is_printed(bench: Make) -> None:
    with Printer() as printer:
        site = bench(film(printer.port, true_size=True))
        entry = site.register(site.add(radiograph(PixelSpacing=["3.0", "3.0"])), "FILM")
        with site.running():
            wait_until(lambda: site.entry(entry).state == "done")
        said = site.store.query("select why from journal where id = ? and event = 'finish'", [entry])[0]["why"]
    assert "with a warning: not true to size" in said


def test_an_image_that_was_taken_out_of_the_queue_is_not_waited_for_any_more(bench: Make) -> None:
    site = bench(film(1, layout=r"STANDARD\2,1"))
    entry = site.register(site.add(radiograph()), "FILM")
    queue = site.outputs.queues["FILM"]
    assert not queue.work()
    assert queue.next_due() is not None
    site.store.transition("queue", entry, "hold", "anna")
    assert not queue.work()
    # A time that is over would keep the queue's thread turning.
    assert queue.next_due() is None
