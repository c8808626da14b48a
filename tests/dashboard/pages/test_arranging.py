"""A list as a person arranges it: columns, their order, the details; kept for that person alone (H4)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from imgdash.dashboard.pages.images import Images
from tests.dashboard.conftest import Station
from tests.dashboard.pages.desk import Desk


@pytest.fixture(scope="module")
def image(station: Station) -> str:
    return station.take(PatientID="P5", PatientName="Doe^Jane")


def titles(page: Images) -> list[str]:
    return [column["name"] for column in page.table.columns]


def test_columns_are_chosen_and_kept_for_the_person(desk_of: Callable[..., Desk], station: Station, image: str) -> None:
    desk = desk_of("manager")
    page = desk.show(Images)
    desk.until(lambda: page.table.rows)
    page._find({"tool": "columns"})
    (field,) = page.arranging.dialog.fields
    assert field["value"] == titles(page)
    page.arranging._answered({"submit": "columns", "values": {"columns": []}})
    assert "at least one" in page.arranging.dialog.error
    page.arranging._answered({"submit": "columns", "values": {"columns": ["patient", "number", "no such"]}})
    assert titles(page) == ["patient", "number"]
    assert page.table.rows[0] == ["Doe, Jane", 1]
    # What a person chose is not left out for want of width, and actions still know every column.
    assert {column.get("rank") for column in page.table.columns} == {0}
    page._choose({"chosen": [0]})
    assert page.chosen[0].cells[0] == 1
    desk.until(lambda: station.apparatus.preference("mona", "list/images") == {"columns": ["patient", "number"]})
    other_desk = desk_of("user")
    other = other_desk.show(Images)
    other_desk.until(lambda: other.table.rows)
    assert len(titles(other)) > 10
    page.arranging._answered({"other": "columns"})
    assert len(titles(page)) > 10


def test_details_are_hidden_and_widened(desk_of: Callable[..., Desk], station: Station, image: str) -> None:
    desk = desk_of("user")
    page = desk.show(Images)
    desk.until(lambda: page.table.rows)
    page._find({"tool": "details"})
    assert not page.arranging.details.visible
    page._find({"tool": "details"})
    assert page.arranging.details.visible
    page.arranging.splitter._handle_msg({"rests": 5000})
    assert page.arranging.details.width == 900
    desk.until(lambda: station.apparatus.preference("rita", "list/images", {}).get("width") == 5000)


def test_a_reread_list_brings_back_its_place(desk_of: Callable[..., Desk], image: str) -> None:
    desk = desk_of("user")
    page = desk.show(Images, view="work", modality="CR", image=image)
    desk.until(lambda: [row.key for row in page.chosen] == [image])
    assert page.place() == {"view": "work", "modality": "CR", "image": image}
    # The image alone is a deep link: it is looked for, wherever it is.
    desk.until(lambda: not page.reading.busy)
    page.open(image=image)
    desk.until(lambda: page.finder.values == {"text": image} and [row.key for row in page.chosen] == [image])
