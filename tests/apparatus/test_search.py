"""Looking for images and orders: words, filters, order and pages; nothing foreign reaches the text of a query."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest

from imgdash.apparatus.search import Search
from imgdash.model import Event, Finding, ImageHeader, ImgdashError, Judgement, Order, Patient, QueueEntry
from imgdash.store import rows
from imgdash.store.image_rows import image_columns
from imgdash.store.store import Store

_START = datetime(2026, 3, 1, 8, 0)
_NAMES = ("Müller^Anna", "Doe^Jane", "O'Neil^%_--", "模型^花子")


def _image(number: int) -> ImageHeader:
    bad = Judgement(storage=(Finding("exposure", "111211", "too much"),)) if number % 3 == 0 else Judgement()
    return ImageHeader(
        image_id=f"{number:032x}",
        number=number,
        state=("awaiting", "delivered", "deleted")[number % 3 if number > 17 else number % 2],
        file="f",
        sop_class_uid="",
        sop_instance_uid=f"1.2.3.4.{number}",
        study_uid="1.2.3.4.5",
        series_uid="",
        transfer_syntax="",
        sender=("CR1", "DR2")[number % 2],
        sender_host="",
        received_at=_START + timedelta(hours=12 * number),
        patient=Patient(f"P{number % 4}", _NAMES[number % 4]),
        accession=f"A{number}",
        modality=("CR", "DX")[number % 2],
        judgement=bad,
        order_id="o1" if number in (1, 2) else "",
    )


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Search]:
    """Twenty images, three orders."""
    store = Store(tmp_path_factory.mktemp("search"))
    images = [_image(number) for number in range(1, 21)]
    orders = [
        Order("o1", "A1", Patient("P1", _NAMES[0]), placer_number="PL1", filler_number="FI1", received_at=_START),
        Order("o2", "A99", Patient("P1", _NAMES[0]), parent="PL1^FI1", received_at=_START + timedelta(days=1)),
        Order("o3", "A98", Patient("P2", _NAMES[1]), state="cancelled", received_at=_START),
    ]

    def fill(change: object) -> None:
        emit = change.emit  # type: ignore[attr-defined]
        for image in images:
            emit(Event("image", image.image_id, "register", image_columns(image)))
        for order in orders:
            emit(Event("order", order.order_id, "new", rows.order_columns(order)))
        for number, state in ((1, "failed"), (2, "done")):
            entry = QueueEntry(f"e{number}", images[0].image_id, "STORE", state, number,
                               registered_at=_START + timedelta(minutes=number))  # fmt: skip
            emit(Event("queue", entry.entry_id, "register", rows.entry_columns(entry)))

    store.write(fill)
    yield Search(store)
    store.close()


def numbers(search: Search, **wanted: object) -> list[int]:
    return [image.number for image in search.images(**wanted).images]  # type: ignore[arg-type]


def test_all_but_deleted_ones_latest_first(search: Search) -> None:
    found = search.images()
    assert [image.number for image in found.images] == [19, 18, *range(17, 0, -1)]
    assert found.total == 19
    assert numbers(search, states=("deleted",)) == [20]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("muller", {4, 8, 12, 16}),
        ("ANNA Müller", {4, 8, 12, 16}),
        ("花子", {3, 7, 11, 15, 19}),
        ("o'neil %_--", {2, 6, 10, 14, 18}),
        ("doe a17", {17}),
        ("1.2.3.4.17", {17}),
        (f"{9:032x}", {9}),
        ("'; drop table image; --", set()),
    ],
)
def test_every_word_is_to_be_found_in_any_case_with_or_without_accents(
    search: Search, text: str, wanted: set[int]
) -> None:
    found = search.images(text=text)
    assert {image.number for image in found.images} == wanted
    assert found.total == len(wanted)


def test_filters_go_together(search: Search) -> None:
    assert set(numbers(search, modality="DX", sender="DR2", unfit=True)) == {3, 9, 15}
    assert set(numbers(search, unfit=False)) == {n for n in range(1, 20) if n % 3}
    # Days count whole: the images of March 2nd are those of 8 and of 20 o'clock.
    assert set(numbers(search, begin=date(2026, 3, 2), end=date(2026, 3, 2))) == {2, 3}
    assert not {1, 2} & set(numbers(search, stray=True))


def test_pages_follow_each_other_without_gaps(search: Search) -> None:
    pages = [numbers(search, sort="patient", down=False, offset=offset, limit=5) for offset in (0, 5, 10, 15)]
    together = [number for page in pages for number in page]
    assert sorted(together) == list(range(1, 20))
    names = [_NAMES[number % 4].lower() for number in together]
    assert names == sorted(names)
    beyond = search.images(offset=400)
    assert (beyond.images, beyond.total) == ([], 19)


def test_only_what_is_known_can_be_sorted_by(search: Search) -> None:
    with pytest.raises(ImgdashError, match="cannot be sorted"):
        search.images(sort="number; drop table image")


def test_the_newest_entry_of_each_queue_counts(search: Search) -> None:
    assert search.images(text="a1 muller").queued == {}
    first = f"{1:032x}"
    assert search.queued([first]) == {first: {"STORE": "done"}}
    assert [entry.state for entry in search.entries(first)] == ["failed", "done"]


def test_orders_know_their_images_and_what_they_replace(search: Search) -> None:
    found = search.orders()
    assert found.orders[0].order_id == "o2"
    assert found.images["o1"] == [f"{1:032x}", f"{2:032x}"]
    assert [order.order_id for order in search.orders(view="open").orders] == ["o2"]
    assert search.order_counts() == {"all": 3, "open": 1, "again": 1, "stray": 17}
    again = search.order("o2")
    assert again is not None
    parent = search.parent(again)
    assert parent is not None
    assert parent.order_id == "o1"
    assert search.parent(parent) is None
    assert [image.number for image in search.of_order("o1")] == [1, 2]
    assert search.orders(text="muller pl1").total == 2
