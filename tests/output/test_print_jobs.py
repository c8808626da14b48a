"""Print jobs: what becomes of a film after the printer has taken it, as far as the printer says it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.helpers import wait_until
from tests.output.bench import Bench, radiograph
from tests.output.printer import Printer, film

Make = Callable[..., Bench]


@pytest.mark.parametrize("how", ["asked", "reported"])
def test_a_print_job_that_failed_afterwards_is_for_a_person(bench: Make, how: str) -> None:
    with Printer(jobs=how) as printer:
        site = bench(film(printer.port))
        entry = site.register(site.add(radiograph()), "FILM")
        with site.running():
            wait_until(lambda: site.entry(entry).state == "uncertain")
        assert "did not come out: FILM JAM" in site.entry(entry).trouble


def test_reports_of_the_printer_between_its_answers_break_nothing(bench: Make) -> None:
    with Printer(jobs="fine") as printer:
        site = bench(film(printer.port))
        for number in (1, 2, 3):
            site.register(site.add(radiograph(number)), "FILM")
        with site.running():
            wait_until(lambda: site.states() == ["done"] * 3)
        assert [site.events(entry.entry_id).count("take") for entry in site.store.queue()] == [1, 1, 1]
        assert len(printer.films) == 3
        assert printer.reports == 3


def test_a_print_job_is_followed_until_it_is_done(bench: Make) -> None:
    with Printer(jobs="slow") as printer:
        printer.course = [("PENDING", "NORMAL"), ("PRINTING", "NORMAL"), ("DONE", "NORMAL")]
        site = bench(film(printer.port))
        image = site.add(radiograph())
        entry = site.register(image, "FILM")
        with site.running():
            wait_until(lambda: site.entry(entry).state == "done")
        assert site.events(entry) == ["register", "take", "sent", "finish"]
        assert site.store.image(image.image_id).state == "delivered"
        assert len(printer.films) == 1


def test_a_job_that_fails_in_the_end_is_for_a_person_and_the_next_film_is_printed_meanwhile(bench: Make) -> None:
    with Printer(jobs="slow") as printer:
        printer.course = [("PRINTING", "NORMAL")]
        site = bench(film(printer.port))
        first, second = (site.register(site.add(radiograph(number)), "FILM") for number in (1, 2))
        with site.running():
            wait_until(lambda: [site.entry(entry).state for entry in (first, second)] == ["committing"] * 2)
            printer.course = [("FAILURE", "FILM JAM"), ("DONE", "NORMAL")]
            wait_until(lambda: sorted(site.states()) == ["done", "uncertain"])
        assert len(printer.films) == 2
        assert any("did not come out: FILM JAM" in site.entry(entry).trouble for entry in (first, second))


@pytest.mark.parametrize(
    ("status", "info", "state"),
    [
        ("PRINTING", "NORMAL", "done"),
        ("PRINTING", "SUPPLY EMPTY", "uncertain"),
        ("PENDING", "NORMAL", "uncertain"),
        ("PENDING", "", "uncertain"),
    ],
)
def test_a_job_without_end_is_followed_for_so_long_only(bench: Make, status: str, info: str, state: str) -> None:
    with Printer(jobs="slow") as printer:
        printer.course = [(status, info)]
        site = bench(film(printer.port, print_job_seconds=0.1))
        entry = site.register(site.add(radiograph()), "FILM")
        with site.running():
            wait_until(lambda: site.entry(entry).state == state)
        said = site.store.query("select why from journal where id = ? order by seq desc limit 1", [entry])[0]["why"]
        assert {"NORMAL": "", "": ""}.get(info, info) in said
        assert ("is not waited for any longer" if state == "done" else "Look at the printer") in said


def test_of_a_job_that_the_printer_never_answers_for_a_person_is_asked(bench: Make) -> None:
    with Printer(jobs="slow") as printer:
        printer.course = [("PENDING", "NORMAL")]
        site = bench(film(printer.port, print_job_seconds=0.5))
        entry = site.register(site.add(radiograph()), "FILM")
        with site.running():
            wait_until(lambda: site.entry(entry).state == "committing")
            printer.deaf = True
            wait_until(lambda: site.entry(entry).state == "uncertain")
        assert "no answer" in site.entry(entry).trouble
        assert len(printer.films) == 1


def test_a_job_is_followed_again_after_a_restart(bench: Make) -> None:
    with Printer(jobs="slow") as printer:
        printer.course = [("PRINTING", "NORMAL")]
        site = bench(film(printer.port))
        entry = site.register(site.add(radiograph()), "FILM")
        with site.running():
            wait_until(lambda: site.entry(entry).state == "committing")
        printer.course = [("DONE", "NORMAL")]
        site.restart()
        with site.running():
            wait_until(lambda: site.entry(entry).state == "done")
        assert len(printer.films) == 1


def test_of_a_film_of_several_images_the_others_are_followed_when_one_is_cancelled(bench: Make) -> None:
    with Printer(jobs="slow") as printer:
        printer.course = [("PRINTING", "NORMAL")]
        site = bench(film(printer.port, layout=r"STANDARD\2,1"))
        first, second = (site.register(site.add(radiograph(number)), "FILM") for number in (1, 2))
        with site.running():
            wait_until(lambda: site.states() == ["committing"] * 2)
            site.store.transition("queue", first, "cancel", "anna")
            printer.course = [("FAILURE", "FILM JAM")]
            wait_until(lambda: site.entry(second).state == "uncertain")
        assert site.entry(first).state == "cancelled"
        assert len(printer.films) == 1


def test_of_a_job_that_the_printer_has_forgotten_is_not_said_that_it_is_printed(bench: Make) -> None:
    with Printer(jobs="slow") as printer:
        printer.course = [("PRINTING", "NORMAL"), ("", "")]
        site = bench(film(printer.port))
        entry = site.register(site.add(radiograph()), "FILM")
        with site.running():
            wait_until(lambda: site.entry(entry).state == "done")
        said = site.store.query("select why from journal where id = ? and event = 'finish'", [entry])[0]["why"]
        assert said == "FILM says nothing of the print job any more"
