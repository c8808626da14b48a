"""Output ranges set by hand: bounds, and that the page's figures are those of the pixels that are sent (D2, D3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from imgdash.dashboard.review.ranges import ranges
from imgdash.model import ImgdashError
from imgdash.output import form
from imgdash.output.film_split import MOST
from imgdash.output.framing import Framing
from tests.output.bench import Bench, radiograph

Make = Callable[..., Bench]
FILM = {"name": "FILM", "kind": "printer", "ae_title": "FILM", "port": 1, "dpi": 50, "film_size": "8INX10IN"}
STORAGE = {"name": "STORAGE", "kind": "storage", "ae_title": "S", "port": 1}
FOLDER = {"name": "FOLDER", "kind": "folder", "path": "share"}
WEB = {"name": "WEB", "kind": "web", "url": "http://127.0.0.1:1"}


def shown(site: Bench, name: str, **columns: Any) -> tuple[np.ndarray, dict[str, Any]]:
    """The pixels that would be sent, and what the page says of them."""
    image = site.add(radiograph(), **columns)
    pixels, _ = site.outputs.shown(image.image_id, name).result()
    return pixels, next(entry for entry in ranges(image, site.condition, site.site) if entry["name"] == name)


@pytest.mark.parametrize(
    ("setting", "given", "overrides"),
    [
        ({}, {}, {}),
        ({}, {"scale": 1.2, "x": 1.0, "y": 0.0}, {}),
        ({"true_size": True}, {"left": 0.25, "bottom": 0.5, "x": 0.2}, {}),
        ({}, {"top": 0.1, "right": 0.6, "scale": 4.0}, {"geometry.rotation": 90, "geometry.mirror": True}),
        ({"layout": "STANDARD\\2,2"}, {"scale": 0.5, "x": 0.0, "y": 1.0}, {}),
    ],
)
def test_the_image_stands_on_the_film_where_the_page_draws_it(
    bench: Make, setting: dict[str, Any], given: dict[str, Any], overrides: dict[str, Any]
) -> None:
    # Nothing is black in this image, so that its borders can be seen on the film.
    overrides = {**overrides, "gradation.shift": -0.5, "automatic.s_low": -0.5, "automatic.s_high": 2.0}
    site = bench({**FILM, **setting})
    pixels, entry = shown(site, "FILM", ranges={"FILM": given}, overrides=overrides)
    box = np.array([*entry["frame"]]) * [entry["free"][2], entry["free"][3] + entry["band"][3]]
    per_mm = np.array([pixels.shape[1], pixels.shape[0]]) / box
    free = round(entry["free"][3] * entry["frame"][1] * per_mm[1])
    lit = np.argwhere(pixels[:free] > 0)
    top, left = lit.min(axis=0)
    bottom, right = lit.max(axis=0) + 1
    x, y, w, h = (part * side for part, side in zip(entry["place"], entry["frame"] * 2, strict=True))
    wanted = [x * per_mm[0], y * per_mm[1], (x + w) * per_mm[0], (y + h) * per_mm[1]]
    np.testing.assert_allclose([left, top, right, bottom], wanted, atol=1.5)


@pytest.mark.parametrize(("rows", "columns", "pitch"), [(250, 80, "1.2"), (220, 160, "1.8")])
def test_over_several_films_the_page_draws_each_of_them(bench: Make, rows: int, columns: int, pitch: str) -> None:
    # Nothing is black in this image, so that its borders can be seen on the films.
    overrides = {"gradation.shift": -0.5, "automatic.s_low": -0.5, "automatic.s_high": 2.0}
    site = bench({**FILM, "true_size": True, "split": True})
    image = site.add(radiograph(rows_=rows, columns=columns, PixelSpacing=[pitch, pitch]), overrides=overrides)
    pixels, _ = site.outputs.shown(image.image_id, "FILM").result()
    (entry,) = (one for one in ranges(image, site.condition, site.site) if one["name"] == "FILM")
    films = len(entry["parts"])
    assert films > 1
    assert entry["warnings"] == [f"larger than the film: goes over {films} of them"]
    # In true proportion, one film beside the other.
    height, width = pixels.shape
    assert entry["frame"][0] / entry["frame"][1] == pytest.approx(width / height)
    free = round(entry["band"][1] * height)
    for number, part in enumerate(entry["parts"]):
        assert entry["cells"][number][0] * width == pytest.approx(number * width / films)
        film = pixels[:free, number * width // films : (number + 1) * width // films]
        lit = np.argwhere(film > 0)
        (top, left), (bottom, right) = lit.min(axis=0), lit.max(axis=0) + 1
        x, y, w, h = (share * side for share, side in zip(part["place"], (width, height) * 2, strict=True))
        x -= number * width / films
        np.testing.assert_allclose([left, top, right, bottom], [x, y, x + w, y + h], atol=1.5)
    # Together they show all of the image.
    sides = np.array([part["sides"] for part in entry["parts"]])
    np.testing.assert_allclose([*sides[:, :2].min(axis=0), *sides[:, 2:].max(axis=0)], [0, 0, 1, 1])


@pytest.mark.parametrize(("given", "shape"), [({}, (220, 160)), ({"left": 0.5, "scale": 0.5}, (110, 40))])
@pytest.mark.parametrize("where", [STORAGE, FOLDER, WEB])
def test_a_stored_image_has_the_pixels_that_the_page_says(
    bench: Make, where: dict[str, Any], given: dict[str, Any], shape: Any
) -> None:
    pixels, entry = shown(bench(where), where["name"], ranges={where["name"]: given})
    assert pixels.shape == shape
    assert entry["text"].startswith(f"{shape[1]} × {shape[0]} px")


@pytest.mark.parametrize(
    ("setting", "modality", "formed"),
    [({}, "CR", True), ({}, "CT", False), ({"steps": []}, "CR", False), ({"sop_class": "sc"}, "CT", True)],
)
def test_what_goes_as_it_was_received_is_said_not_to_be_formed(
    bench: Make, setting: dict[str, Any], modality: str, formed: bool
) -> None:
    site = bench({**STORAGE, **setting}, FILM)
    image = site.add(radiograph(), modality=modality)
    storage, film = ranges(image, site.condition, site.site)
    assert (storage["formed"], film["formed"]) == (formed, True)


def test_the_largest_size_over_several_films_still_goes_over_them(bench: Make) -> None:
    site = bench({**FILM, "true_size": True, "split": True})
    image = site.add(radiograph(rows_=250, columns=80, PixelSpacing=["1.2", "1.2"]))
    (entry,) = ranges(image, site.condition, site.site)
    assert entry["most"] < 1.0 < entry["largest"]
    films = []
    for scale in (entry["most"], entry["largest"], entry["largest"] + 0.01):
        (now,) = ranges(replace(image, ranges={"FILM": {"scale": round(scale, 4)}}), site.condition, site.site)
        films.append(len(now["parts"]))
    # Beyond it, it is fitted to one film.
    assert (films[0], films[2]) == (0, 0)
    assert 1 < films[1] <= MOST


def test_a_printer_that_does_not_split_has_no_larger_size_than_one_film(bench: Make) -> None:
    _, entry = shown(bench(FILM), "FILM")
    assert entry["largest"] == entry["most"]


def test_ranges_of_one_apparatus_leave_the_other_alone_and_are_sent(bench: Make) -> None:
    site = bench(STORAGE, FILM)
    image = site.add(radiograph(), ranges={"FILM": {"right": 0.5}})
    whole, _ = site.outputs.shown(image.image_id, "STORAGE").result()
    assert whole.shape == (220, 160)
    entry = site.entry(site.register(image, "FILM"))
    page = form.film_pages(site.outputs.former.job(entry, site.site.output("FILM")))
    film, bits = site.outputs.shown(image.image_id, "FILM").result()
    (sent,) = form.film.load(page)
    np.testing.assert_array_equal(film, sent.pixels)
    assert bits == sent.bits


def test_an_overlay_on_the_field_is_warned_of_and_one_beside_it_not(bench: Make) -> None:
    site = bench(STORAGE)
    field = {"automatic.field_polygon": [[20, 20], [75, 20], [75, 105], [20, 105]]}
    for number, (x, warned) in enumerate(((0.5, True), (0.02, False))):
        overlays = ({"kind": "side", "text": "L", "x": x, "y": 0.5, "height": 0.05},)
        image = site.add(radiograph(number + 1), overrides=field, overlays=overlays)
        (entry,) = ranges(image, site.condition, site.site)
        (mark,) = entry["marks"]
        assert (mark["text"], mark["index"], mark["x0"]) == ("L", 0, pytest.approx(x, abs=0.01))
        assert bool(entry["trouble"]) is warned
        assert not warned or entry["trouble"] == ["L covers the irradiated field"]


@pytest.mark.parametrize(
    "wrong", [{"left": 1.2}, {"left": 0.6, "right": 0.6}, {"scale": 0}, {"colour": 1}, {"x": "left"}, {"y": True}]
)
def test_an_impossible_range_is_refused_in_words(wrong: dict[str, Any]) -> None:
    with pytest.raises(ImgdashError, match="range"):
        Framing.of(wrong)
