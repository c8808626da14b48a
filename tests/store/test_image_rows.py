"""An image header after an event: as the database would give it, or left to the database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imgdash.model import Event, ImgdashError
from imgdash.store.image_rows import changed
from imgdash.store.store import Store
from tests.store.domain import add, header

ID = f"{1:032x}"
_TEXTS = st.one_of(st.text(max_size=8), st.integers(), st.none(), st.booleans(), st.floats())
_NUMBERS = st.one_of(st.integers(), st.none(), st.booleans(), st.floats(), st.sampled_from(["7", "x", "1.5"]))
_TIMES = st.one_of(
    st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)),
    st.none(),
    st.sampled_from(["2025-03-01", "2025-03-01T10:00:00+02:00", "soon", "20250301"]),
)
_PLAIN = st.one_of(st.text(max_size=5), st.integers(-(2**60), 2**60), st.floats(), st.booleans(), st.none())
_OBJECTS = st.one_of(st.none(), st.dictionaries(st.text(max_size=5), _PLAIN | st.lists(_PLAIN, max_size=3), max_size=3))
_FINDINGS = st.lists(
    st.fixed_dictionaries(
        {"rule": st.text(max_size=3), "reason": st.text(max_size=3), "text": st.text(max_size=3)},
        optional={"correctable": st.booleans()},
    ),
    max_size=2,
)
_SET = st.fixed_dictionaries(
    {},
    optional={
        "comment": _TEXTS,
        "patient_name": _TEXTS,
        "patient_id": _TEXTS,
        "sender": _TEXTS,
        "state": st.sampled_from(["awaiting", "confirmed"]),
        "file": _TEXTS,
        "number": _NUMBERS,
        "rows": _NUMBERS,
        "round": _NUMBERS,
        "priority": st.booleans() | st.none() | st.sampled_from([0, 1, "true", "no"]),
        "received_at": _TIMES,
        "confirmed_at": _TIMES,
        "pixel_spacing": st.none() | st.lists(st.integers(1, 9) | st.floats(0.1, 9), max_size=2),
        "parameters": _OBJECTS,
        "edits": _OBJECTS,
        "outputs": st.none() | st.lists(st.text(max_size=4), max_size=2),
        "overlays": st.none() | st.lists(_OBJECTS, max_size=2),
        "judgement": st.none() | st.fixed_dictionaries({}, optional={"storage": _FINDINGS, "film": _FINDINGS}),
        "arrival": st.text(max_size=3),
    },
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = Store(tmp_path_factory.mktemp("site"))
    add(store, 1)
    yield store
    store.close()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_SET)
def test_what_is_known_in_memory_is_what_the_database_gives(store: Store, data: dict[str, Any]) -> None:
    before = store.image(ID)
    try:
        event = store.set("image", ID, **data)
    except (ImgdashError, IndexError, ValueError):
        # The database, or the header, does not take it: what is known is what was there.
        assert store.image(ID) == store.images()[0] == before
        return
    try:
        given_back = store.images()[0]
    except IndexError:
        # A spacing of one number cannot be read by anybody.
        store.set("image", ID, pixel_spacing=None)
        return
    known = changed(before, event, store.database.columns["image"])
    assert known in (None, given_back)
    assert store.image(ID) == given_back


@pytest.mark.parametrize(
    "data",
    [
        {"state": "confirmed", "confirmed_by": "anna", "confirmed_at": datetime(2025, 3, 1, 12, 0, 0, 5)},
        {"patient_name": "Meier^Jörg", "edits": {"PatientName": "Meier^Jörg"}, "pixel_spacing": [1, 2.5]},
        {"priority": True, "round": 2, "outputs": [], "overlays": [{"text": "L"}], "comment": None},
    ],
)
def test_what_people_and_the_station_set_is_known_without_reading(store: Store, data: dict[str, Any]) -> None:
    event = store.set("image", ID, **data)
    assert changed(header(1), event, store.database.columns["image"]) is not None


def test_an_image_of_which_only_a_part_is_told_is_not_known(store: Store) -> None:
    columns = store.database.columns["image"]
    assert changed(None, Event("image", "7", "register", {"state": "received", "number": 1}), columns) is None


@pytest.mark.parametrize("data", [{"received_at": "2025-03-01T10:00:00+02:00"}, {"rows": 2**31}, {"number": None}])
def test_what_the_database_would_convert_or_refuse_is_left_to_it(store: Store, data: dict[str, Any]) -> None:
    assert changed(header(1), Event("image", ID, "set", data), store.database.columns["image"]) is None
