"""The film page: size, true size, annotation beside the image, layouts, scripts of names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
import pytest

from imgdash import process
from imgdash.config import OutputApparatus
from imgdash.model import Condition, ImageHeader, ImgdashError, Patient
from imgdash.output import annotation, film_objects, film_split, form, lettering
from imgdash.output.film import Page, load
from imgdash.output.film_format import cell, film_mm, film_words, grid
from imgdash.output.job import profile
from imgdash.store.pixels import open_image
from tests.output.bench import Bench, radiograph
from tests.output.test_form import job_for

Make = Callable[..., Bench]


def printer(**more: Any) -> dict[str, Any]:
    return {"name": "FILM", "kind": "printer", "ae_title": "FILM", "port": 104, "dpi": 100, **more}


def pages(site: Bench, ds: Any, **columns: Any) -> list[Page]:
    return load(form.film_pages(job_for(site, ds, "FILM", **columns)))


def page(site: Bench, ds: Any, **columns: Any) -> Page:
    (one,) = pages(site, ds, **columns)
    return one


def test_film_sizes_and_layouts_are_those_of_the_standard() -> None:
    assert film_mm("14INX17IN") == pytest.approx((355.6, 431.8))
    assert film_mm("8_5INX11IN") == pytest.approx((215.9, 279.4))
    assert film_mm("24CMX30CM") == (240, 300)
    words = [film_words(name) for name in ("14INX17IN", "8_5INX11IN", "24CMX30CM", "A4")]
    assert words == ["14 × 17 in", "8.5 × 11 in", "24 × 30 cm", "A4"]
    assert film_mm("A4") == (210, 297)
    assert grid(r"STANDARD\2,3") == (2, 3)
    assert cell("14INX17IN", r"STANDARD\1,1", "LANDSCAPE", 100).columns == 1700
    with pytest.raises(ImgdashError, match="14INX17IN"):
        film_mm("HUGE")


def test_the_page_has_the_pixels_of_the_film_and_the_image_is_not_touched_by_text(bench: Make) -> None:
    site = bench(printer(film_size="8INX10IN"))
    found = page(site, radiograph())
    assert found.pixels.shape == (1000, 800)
    assert (found.bits, found.orientation, found.film_size) == (12, "PORTRAIT", "8INX10IN")
    job = job_for(site, radiograph(2), "FILM")
    # The band is 11 mm high; above it stands the image as it is formed for that place, and nothing else.
    band = round(11 / 25.4 * 100)
    formed = process.form(open_image(job.record), job.chain, job.header.parameters, size=(1000 - band, 800))
    (again,) = load(form.film_pages(job))
    left = (800 - formed.shape[1]) // 2
    np.testing.assert_array_equal(again.pixels[: formed.shape[0], left : left + formed.shape[1]], formed.values)
    assert again.pixels[:, :left].max(initial=0) <= again.pixels[-band:].max()
    assert again.pixels[:-band, :left].max(initial=0) == 0
    assert again.pixels[-band:].max() == 4095


def test_true_size_is_true(bench: Make) -> None:
    # 220 rows of 0.5 mm are 110 mm: 433 pixels at 100 per inch.
    found = page(bench(printer(true_size=True)), radiograph())
    assert (found.true, found.warning) == (True, "")
    assert found.magnification == pytest.approx(1.0, abs=0.005)
    used = np.flatnonzero(found.pixels[:-50].max(axis=1) > 0)
    assert used[-1] - used[0] + 1 == pytest.approx(110 / 25.4 * 100, abs=1.5)


def test_what_does_not_fit_in_true_size_is_reduced_and_says_so(bench: Make) -> None:
    site = bench(printer(true_size=True, film_size="8INX10IN"))
    big = radiograph(PixelSpacing=["2.0", "2.0"])
    found = page(site, big)
    assert found.magnification is not None
    assert found.magnification < 0.6
    assert "does not fit" in annotation.size_on_film(found.magnification, wanted_true=True)
    assert found.warning.startswith("not true to size: ")
    assert "does not fit" in found.warning
    assert not found.true


def test_a_size_set_by_hand_is_printed_as_large_as_it_says(bench: Make) -> None:
    site = bench(printer(true_size=True), printer(name="FIT", true_size=False))
    chosen = page(site, radiograph(), ranges={"FILM": {"scale": 0.5}})
    assert chosen.magnification == pytest.approx(0.5, abs=0.005)
    assert (chosen.true, chosen.warning) == (False, "not true to size: 50 %")
    job = job_for(site, radiograph(2), "FIT", ranges={"FIT": {"scale": 1.0}})
    (true,) = load(form.film_pages(job))
    box = film_objects.image_box(job.apparatus, true, 1)
    assert true.true
    assert float(box.RequestedImageSize) == pytest.approx(true.width_mm, abs=0.01)


def test_without_a_pixel_spacing_a_film_is_not_called_true_to_size(bench: Make) -> None:
    ds = radiograph()
    del ds.PixelSpacing
    found = page(bench(printer(true_size=True)), ds)
    assert (found.magnification, found.true) == (None, False)
    assert found.warning == "not true to size: size not known"


def test_a_split_image_is_on_several_films_pixel_for_pixel_in_true_size(bench: Make) -> None:
    # 220 rows of 2.5 mm: 550 mm high; 120 columns: 300 mm wide; a film is 254 mm high with a band, 203 mm wide.
    site = bench(printer(true_size=True, split=True, film_size="8INX10IN", dpi=50, split_overlap_mm=20))
    job = job_for(site, radiograph(columns=120, PixelSpacing=["2.5", "2.5"]), "FILM")
    found = load(form.film_pages(job))
    pitch, overlap = 25.4 / 50, round(20 / 25.4 * 50)
    whole = process.form(open_image(job.record), job.chain, job.header.parameters, scale=2.5 / pitch).values
    assert {one.orientation for one in found} == {"PORTRAIT"}
    assert all(one.true and one.warning == "" for one in found)
    assert len(found) == 6
    rows, columns = 500 - round(11 / pitch), 400
    for number, one in enumerate(found):
        top, left = number // 2 * (rows - overlap), number % 2 * (columns - overlap)
        part = whole[top : top + rows, left : left + columns]
        np.testing.assert_array_equal(one.pixels[: part.shape[0], : part.shape[1]], part)
        # Which of them it is stands on it.
        assert (one.pixels[rows:] != found[number - 1].pixels[rows:]).any()


@pytest.mark.parametrize("spacing", ["1.2", "0.1"])
def test_a_long_image_takes_as_few_films_as_the_orientation_allows(bench: Make, spacing: str) -> None:
    site = bench(printer(true_size=True, split=True, film_size="8INX10IN", dpi=50))
    # 0.1: fits on one; 1.2: 300 mm × 96 mm, two upright or two lying: upright, as the image is.
    found = pages(site, radiograph(rows_=250, columns=80, PixelSpacing=[spacing, spacing]))
    assert len(found) == (2 if spacing == "1.2" else 1)
    assert found[0].orientation == "PORTRAIT"


def test_what_would_take_too_many_films_is_made_smaller(bench: Make) -> None:
    site = bench(printer(true_size=True, split=True, film_size="8INX10IN", dpi=50))
    found = page(site, radiograph(PixelSpacing=["9.0", "9.0"]))
    assert found.warning.startswith("not true to size")


def test_a_condition_key_that_fits_films_splits_none_of_a_printer_that_may() -> None:
    apparatus = OutputApparatus.model_validate(printer(true_size=True, split=True))
    fitting = Condition("a", "A", "a", output={"printer": {"true_size": False}})
    assert (profile(apparatus, fitting).true_size, profile(apparatus, fitting).split) == (False, False)
    assert profile(apparatus, Condition("b", "B", "b", output={"printer": {"true_size": True}})).split
    wrong = Condition("c", "C", "c", output={"printer": {"true_size": False, "split": True}})
    with pytest.raises(ImgdashError, match=r"\[output\]: split is for"):
        profile(apparatus, wrong)


def test_in_a_layout_nothing_is_split(bench: Make) -> None:
    site = bench(printer(true_size=True, split=True, film_size="8INX10IN", dpi=50, layout=r"STANDARD\2,1"))
    assert page(site, radiograph(PixelSpacing=["2.0", "2.0"])).warning.startswith("not true to size")


def test_neighbouring_films_share_what_was_asked_for_and_nothing_is_lost() -> None:
    (first, second, third) = film_split.sheets((1000, 300), (400, 320), 50)
    assert [(one.rows.start, one.rows.stop) for one in (first, second, third)] == [(0, 400), (350, 750), (700, 1000)]
    assert (first.top, first.left, first.columns) == (0, 10, slice(0, 300))
    (alone,) = film_split.sheets((100, 100), (400, 320), 50)
    assert (alone.top, alone.left) == (150, 110)


def test_films_that_would_share_more_than_half_are_refused_in_words() -> None:
    two = film_split.sheets((500, 300), (400, 320), 200)
    assert [(one.rows.start, one.rows.stop) for one in two] == [(0, 400), (200, 500)]
    for overlap in (201, 400, 900):
        with pytest.raises(ImgdashError, match="more than half") as raised:
            film_split.sheets((500, 300), (400, 320), overlap)
        assert "split_overlap_mm" in raised.value.remedy
        # On one film nothing is shared.
        assert len(film_split.sheets((400, 320), (400, 320), overlap)) == 1


def test_an_overlap_that_is_too_large_is_no_matter_to_what_one_film_shows(bench: Make) -> None:
    site = bench(printer(true_size=True, split=True, film_size="8INX10IN", dpi=50, split_overlap_mm=100))
    # 230 mm × 150 mm, and films of 10 in × 8 in: it stands upright, whatever would be if it lay.
    found = page(site, radiograph(rows_=230, columns=150, PixelSpacing=["1.0", "1.0"]))
    assert (found.orientation, found.true) == ("PORTRAIT", True)


def test_where_nothing_is_split_no_overlap_is_in_the_way(bench: Make) -> None:
    site = bench(printer(true_size=True, film_size="8INX10IN", dpi=50, split_overlap_mm=100))
    assert not page(site, radiograph(rows_=380, columns=150, PixelSpacing=["1.0", "1.0"])).true


def test_the_film_is_turned_for_the_size_set_by_hand(bench: Make) -> None:
    site = bench(printer(true_size=True, split=True, film_size="8INX10IN", dpi=50, split_overlap_mm=10))
    ds = radiograph(rows_=200, columns=380, PixelSpacing=["1.0", "1.0"])
    # 200 mm × 380 mm: two films upright, four lying.
    true = pages(site, ds)
    assert (len(true), true[0].orientation) == (2, "PORTRAIT")
    # 132 mm × 251 mm: one film lying, two upright.
    small = pages(site, ds, ranges={"FILM": {"scale": 0.66}})
    assert (len(small), small[0].orientation) == (1, "LANDSCAPE")


def test_a_wide_image_gets_the_film_lengthwise(bench: Make) -> None:
    assert page(bench(printer()), radiograph(rows_=100, columns=200)).orientation == "LANDSCAPE"


def test_a_cell_of_a_layout_is_its_part_of_the_film(bench: Make) -> None:
    found = page(bench(printer(layout=r"STANDARD\2,2")), radiograph(rows_=100, columns=200))
    assert found.pixels.shape == (850, 700)
    assert found.orientation == "PORTRAIT"


def header(**columns: Any) -> ImageHeader:
    known: dict[str, Any] = {
        "image_id": "0" * 32,
        "number": 1,
        "state": "confirmed",
        "file": "",
        "sop_class_uid": "",
        "sop_instance_uid": "",
        "study_uid": "",
        "series_uid": "",
        "transfer_syntax": "",
        "sender": "",
        "sender_host": "",
        "received_at": datetime(2026, 3, 1),
        "patient": Patient("P1", "Yamada^Tarou=山田^太郎=やまだ^たろう", "M", "19790511"),
        "body_part": "HAND",
        "view": "PA",
        "laterality": "R",
        "acquired_at": datetime(2026, 3, 1, 10, 16),
    }
    return ImageHeader(**{**known, **columns})


def test_the_annotation_says_who_when_what_and_how_large() -> None:
    lines = annotation.lines(header(), "St. Elsewhere", annotation.size_on_film(1.0, wanted_true=True))
    assert lines.left[0].split("   ") == ["Yamada, Tarou (山田 太郎)", "P1", "M", "1979-05-11"]
    assert lines.left[1].split("   ") == ["2026-03-01 10:16", "HAND PA R"]
    assert lines.right == ("St. Elsewhere", "true size")
    corrected = annotation.lines(header(edits={"PatientName": "Doe^Jane"}), "", "")
    assert corrected.left[0].startswith("Doe, Jane")
    assert annotation.size_on_film(0.5, wanted_true=False) == "50 %"
    assert annotation.size_on_film(None, wanted_true=False) == "size not known"


@pytest.mark.parametrize("name", ["Yamada, Tarou (山田 太郎)", "Müller, Änne", "Иванов", "김, 희중"])
def test_every_script_is_written_with_letters_of_its_own(name: str) -> None:
    text, question = (np.zeros((40, 400), np.uint8) for _ in range(2))
    lettering.put(text, name, (2, 30), 20, 390)
    lettering.put(question, "".join("?" if ord(letter) > 127 else letter for letter in name), (2, 30), 20, 390)
    assert text.max() > 200
    assert (text != question).any()


@pytest.mark.parametrize("room", [60, 150, 300])
def test_text_never_leaves_its_room(room: int) -> None:
    mask = np.zeros((40, 400), np.uint8)
    lettering.put(mask, "A very long name, with a title and another one", (5, 30), 20, room)
    assert mask[:, 5 + room :].max() == 0
    assert mask.max() > 0


def test_the_ruler_is_as_long_as_it_says() -> None:
    text = annotation.Lines(("", ""), ("", ""))
    # 0.1 mm of film for a pixel, the image enlarged twice: 20 mm of the detector are 400 pixels.
    mask = annotation.band(text, 110, 2000, 0.1, 2.0)
    row = np.flatnonzero(mask[55] > 128)
    ends = np.split(row, np.flatnonzero(np.diff(row) > 1) + 1)
    assert max(len(run) for run in ends) == pytest.approx(400, abs=6)
