"""Keys: a person's own on every page, conflicts page by page, the sheet (H4)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from imgdash.dashboard import keys
from imgdash.dashboard.keyring import Keyring
from imgdash.dashboard.pages import all_pages
from imgdash.dashboard.pages.images import Images
from imgdash.dashboard.review.bar import ACTIONS
from imgdash.model import ImgdashError
from tests.dashboard.pages.desk import Desk

PAGES = {page.title: page for page in all_pages()}


@pytest.fixture
def desk(desk_of: Callable[..., Desk]) -> Desk:
    return desk_of("user")


def test_what_is_done_on_two_pages_has_one_name() -> None:
    review = {action["name"]: action.get("label") for action in ACTIONS}
    images = {action["name"]: action.get("label") for action in Images.actions if action["name"] in review}
    assert len(images) > 5
    assert images == {name: review[name] for name in images}


def test_no_page_has_a_conflict_as_shipped_and_every_key_says_what_it_does(desk: Desk) -> None:
    pages = {title: keys.of_page(page(desk.session)) for title, page in PAGES.items()}
    assert keys.check({}, pages) == {}
    for title, page in pages.items():
        for action, (_, words) in page.items():
            assert words != action, f"{title}: {action} has no words"


def test_what_pages_have_in_common_has_one_key(desk: Desk) -> None:
    known: dict[str, str] = {}
    for page in PAGES.values():
        for action, (key, _) in keys.of_page(page(desk.session)).items():
            assert known.setdefault(action, key) == key, f"{page.title}: {action}"
    assert known["confirm"] == " "


def test_a_key_may_be_used_on_two_pages_but_not_twice_on_one(desk: Desk) -> None:
    pages = {title: keys.of_page(PAGES[title](desk.session)) for title in ("Review", "Queues", "Image list")}
    # U is free in Review; on Queues it moves an entry up.
    assert keys.check({"compare": "u"}, pages) == {"compare": "u"}
    with pytest.raises(ImgdashError, match="Queues"):
        keys.check({"release": "u"}, pages)
    # What works everywhere counts everywhere.
    with pytest.raises(ImgdashError, match="Review"):
        keys.check({"jump": "x"}, pages)


def test_own_keys_are_kept_for_the_person_and_taken_back(desk: Desk) -> None:
    pages = {page.name: page(desk.session) for page in PAGES.values()}
    changed: list[int] = []
    ring = Keyring(desk.session, pages, lambda: changed.append(1))
    ring.show("queues")
    fields = ring.dialog.fields
    assert (fields[0]["label"], fields[1]["label"]) == ("Queues", "Every page")
    listed = [row["name"] for field in fields for row in field["rows"]]
    assert len(listed) == len(set(listed))
    told = {field["name"]: {row["name"]: row["key"] for row in field["rows"]} for field in fields}
    told["keys Queues"]["hold"] = "b"
    ring._answered({"submit": "keys", "values": told})
    assert not ring.dialog.open
    assert ring.keymap(pages["queues"])["b"] == "hold"
    desk.until(lambda: desk.apparatus.preference("rita", "keys") == {"hold": "b"})
    # Another tab of the same person has them.
    other = Keyring(desk.session, pages, lambda: changed.append(2))
    other.read()
    desk.until(lambda: 2 in changed)
    assert other.of(pages["queues"])["hold"] == "b"
    other._answered({"other": "keys"})
    assert other.of(pages["queues"])["hold"] == "h"
    desk.until(lambda: desk.apparatus.preference("rita", "keys") == {})
