"""The reduced images as files and as one stack for xarray (C3)."""

from __future__ import annotations

import threading
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from imgdash.model import NotFound
from imgdash.reduce import Reduced, reduce_image
from imgdash.store.reduced import ReducedImages
from tests.store.domain import header

SIZE = 64


def reduced(level: int) -> Reduced:
    picture = np.full((100, 80), level, np.uint16)
    picture[20:60, 20:60] = 3000
    coordinates = {"y": np.arange(100) * 1.0, "x": np.arange(80) * 1.0}
    attributes = {"PhotometricInterpretation": "MONOCHROME2", "BitsStored": 12, "PixelSpacing": [1.0, 1.0]}
    return reduce_image(xr.DataArray(picture, coordinates, ("y", "x"), attrs=attributes), display_size=SIZE)


@pytest.fixture
def images(tmp_path: Path) -> ReducedImages:
    return ReducedImages(tmp_path, SIZE)


def test_every_field_comes_back(images: ReducedImages) -> None:
    made = reduced(500)
    id = header(1).image_id
    images.put(id, 1, made)
    found = images.get(id)
    for field in fields(Reduced):
        np.testing.assert_array_equal(getattr(found, field.name), getattr(made, field.name), err_msg=field.name)
    np.testing.assert_array_equal(images.thumbnail(id), made.thumbnail)


def test_the_stack_is_lazy_and_holds_each_image_at_its_number(images: ReducedImages) -> None:
    for number in (3, 1, 300):
        images.put(header(number).image_id, number, reduced(number))
    stack = images.stack()
    assert stack.dims == ("image", "y", "x")
    rows, columns = reduced(3).display.shape
    np.testing.assert_array_equal(stack.sel(image=3).values[:rows, :columns], reduced(3).display)
    np.testing.assert_array_equal(stack.sel(image=300).values[:rows, :columns], reduced(300).display)
    assert not stack.sel(image=2).values.any()
    again = ReducedImages(images.folder, SIZE).stack()
    np.testing.assert_array_equal(again.sel(image=1), stack.sel(image=1))


def test_images_put_at_once_do_not_disturb_each_other(images: ReducedImages) -> None:
    numbers = range(1, 9)
    made = {number: reduced(100 * number) for number in numbers}
    threads = [threading.Thread(target=images.put, args=(header(n).image_id, n, made[n])) for n in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in numbers:
        np.testing.assert_array_equal(images.get(header(number).image_id).display, made[number].display)
    rows, columns = made[8].display.shape
    np.testing.assert_array_equal(images.stack().sel(image=8).values[:rows, :columns], made[8].display)


@pytest.mark.parametrize("id", ["nothing", "../../secret", "", "a.b"])
def test_what_is_not_there_is_named(images: ReducedImages, id: str) -> None:
    with pytest.raises(NotFound, match="doctor --rebuild"):
        images.get(id)
    with pytest.raises(NotFound):
        images.thumbnail(id)
    images.delete(id)


def test_deleted_images_are_forgotten(images: ReducedImages) -> None:
    id = header(1).image_id
    images.put(id, 1, reduced(1))
    images.delete(id)
    with pytest.raises(NotFound):
        images.get(id)
