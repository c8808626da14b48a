"""Several people at once: who looks at an image is shown, and passes on; nobody confirms what another confirmed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from imgdash.dashboard.app import SHELLS
from imgdash.dashboard.pages.review import Review
from imgdash.model import Actor
from tests.dashboard.conftest import Station, log_in
from tests.dashboard.pages.desk import Desk
from tests.helpers import wait_until


@pytest.fixture
def desks(station: Station) -> Iterator[tuple[Desk, Desk]]:
    found = Desk(station.apparatus, Actor("mona", "manager")), Desk(station.apparatus, Actor("rita", "user"))
    yield found
    for desk in found:
        desk.close()


def take(station: Station, *patients: str) -> list[str]:
    """Images that alone await somebody, at a station where nobody is."""
    shells = [shell.session for shell in SHELLS if shell.session.apparatus is station.apparatus]
    wait_until(lambda: all(session.closed for session in shells))
    for image in station.apparatus.images(state="awaiting"):
        station.apparatus.reject(image.image_id, "mona", "111209")
    return [station.take(PatientID=patient) for patient in patients]


def item(page: Review, image_id: str) -> dict[str, object]:
    return next(one for one in page.strip.items if one["id"] == image_id)


def test_who_looks_is_shown_and_the_next_one_is_offered(station: Station, desks: tuple[Desk, Desk]) -> None:
    images = take(station, "H0", "H1")
    mona, rita = desks
    first = mona.show(Review)
    mona.until(lambda: first.current == images[0])
    mona.until(lambda: station.apparatus.image(images[0]).held_by == "mona")
    second = rita.show(Review)
    # The one that is held is greyed with the name, and another one is opened.
    rita.until(lambda: second.current == images[1])
    assert item(second, images[0])["held"] == "mona"
    second.show(images[0])
    rita.until(lambda: "mona is looking at this image." in second.about.judged.notes)
    rita.until(lambda: not station.apparatus.image(images[1]).held_by)
    # Mona confirms; Rita sees it at once, and her own confirmation is refused in words.
    first._on_view({"shown": images[0]})
    first.key("confirm")
    mona.until(lambda: station.state(images[0]) == "confirmed")
    assert station.apparatus.image(images[0]).confirmed_by == "mona"
    rita.until(lambda: item(second, images[0])["state"] == "confirmed")
    # What the key does there is to go on; nothing awaits her but what Mona has opened.
    assert second.bar.actions[0]["label"] == "Next" or "confirm" not in second.bar.enabled
    with pytest.raises(Exception, match="Already confirmed by mona"):
        station.apparatus.confirm(images[0], "rita")
    # Who leaves an image leaves it to the one who looks at it, too.
    mona.until(lambda: first.current == images[1])
    mona.until(lambda: station.apparatus.image(images[1]).held_by == "mona")
    second.show(images[1])
    rita.until(lambda: "mona is looking at this image." in second.about.judged.notes)
    mona.session.close()
    rita.until(lambda: station.apparatus.image(images[1]).held_by == "rita")


def test_each_goes_on_with_another_image(station: Station, desks: tuple[Desk, Desk]) -> None:
    take(station, "A0", "A1", "A2", "A3")
    mona, rita = desks
    first, second = mona.show(Review), rita.show(Review)

    def ahead() -> list[str]:
        mona.until(lambda: True)
        rita.until(lambda: True)
        pages = (first, second)
        held = [page.current and station.apparatus.image(page.current).held_by for page in pages]
        if held != ["mona", "rita"]:
            return []
        return [one[0]["image"] for page in pages if (one := page.viewport.following)]

    # What each fetches ahead is neither what the other does, nor what either of them looks at.
    wait_until(lambda: len({*ahead(), first.current, second.current}) == 4, within=20)


def test_nobody_is_shown_what_somebody_else_opened_just_now(station: Station, desks: tuple[Desk, Desk]) -> None:
    images = take(station, "N0", "N1", "N2")
    mona, rita = desks
    first = mona.show(Review)
    mona.until(lambda: station.apparatus.image(images[0]).held_by == "mona")
    second = rita.show(Review)
    rita.until(lambda: second.current == images[2])
    mona.until(lambda: first.work[images[2]].held_by == "rita")
    seen: list[str] = []
    first.viewport.param.watch(lambda event: seen.append(event.new), "image")
    # Rita goes to the one that Mona expects; her page has not heard of it when Mona goes on.
    second.show(images[1])
    rita.until(lambda: station.apparatus.image(images[1]).held_by == "rita")
    assert first.work[images[1]].held_by == ""
    first._on_view({"shown": images[0]})
    first.key("confirm")
    # She gets what Rita has left, and nothing that is taken away from her again.
    mona.until(lambda: first.current == images[2])
    mona.until(lambda: station.apparatus.image(images[2]).held_by == "mona")
    assert seen == [images[2]]


def test_what_was_confirmed_is_offered_to_be_taken_back(station: Station, desks: tuple[Desk, Desk]) -> None:
    image = station.take(PatientID="U1")
    mona, _ = desks
    page = mona.show(Review, image=image)
    mona.until(lambda: page.current == image)
    page._on_view({"shown": image})
    page.key("confirm")
    mona.until(lambda: mona.does)
    assert set(mona.does) == {"Undo", "Back to it"}
    assert "sent in 5 s" in mona.toasts[-1][2]
    mona.does["Undo"]()
    mona.until(lambda: station.state(image) == "awaiting")
    # An emergency does not wait for anybody.
    station.apparatus.prioritise(image, "mona")
    mona.until(lambda: page.work[image].priority)
    mona.toasts.clear()
    page.show(image)
    page.key("confirm")
    mona.until(lambda: mona.toasts)
    assert set(mona.does) == {"Back to it"}


@pytest.mark.browser
def test_two_browsers_on_one_image(browser: Browser, station: Station) -> None:
    image, other = (station.take(PatientID=f"B{number}") for number in range(2))
    mona, rita = (log_in(browser, station, name, f"?page=review&image={other}") for name in ("mona", "rita"))
    thumbnail = rita.page.locator(f".item[data-image='{image}']")
    thumbnail.wait_for()
    expect(thumbnail.locator(".who")).to_have_count(0)
    # Mona opens it: Rita sees the name on it at once, without touching anything.
    mona.page.click(f".item[data-image='{image}']")
    expect(thumbnail.locator(".who")).to_have_text("mona", timeout=10_000)
    thumbnail.click()
    rita.page.get_by_text("mona is looking at this image.").wait_for(timeout=10_000)
    wait_until(lambda: "frame" in mona.painted(image) and "frame" in rita.painted(image))
    # Both press the key: one of them confirms, and both screens say who.
    for tab in (mona, rita):
        tab.page.locator("[data-action=confirm]:enabled").wait_for()
    mona.page.keyboard.press(" ")
    rita.page.keyboard.press(" ")
    wait_until(lambda: station.state(image) == "confirmed")
    assert station.apparatus.image(image).confirmed_by in ("mona", "rita")
    (event,) = [line for line in station.apparatus.journal("image", image) if line["event"] == "confirm"]
    assert event["by"] == station.apparatus.image(image).confirmed_by
    for tab in (mona, rita):
        assert (tab.elsewhere, tab.errors) == ([], [])
        tab.page.close()


@pytest.mark.browser
def test_who_is_on_another_page_does_not_keep_the_image_from_others(browser: Browser, station: Station) -> None:
    image = station.take(PatientID="Q0")
    mona = log_in(browser, station, "mona", f"?page=review&image={image}")
    wait_until(lambda: station.apparatus.image(image).held_by == "mona")
    mona.page.click("[data-page=system]")
    wait_until(lambda: not station.apparatus.image(image).held_by)
    # Nobody else came: it is hers again.
    mona.page.click("[data-page=review]")
    wait_until(lambda: station.apparatus.image(image).held_by == "mona")
    mona.page.click("[data-page=system]")
    wait_until(lambda: not station.apparatus.image(image).held_by)
    rita = log_in(browser, station, "rita", f"?page=review&image={image}")
    wait_until(lambda: station.apparatus.image(image).held_by == "rita")
    mona.page.click("[data-page=review]")
    mona.page.get_by_text("rita is looking at this image.").wait_for()
    assert station.apparatus.image(image).held_by == "rita"
    # Rita goes to another page, too: it is left to who looks at it.
    rita.page.click("[data-page=system]")
    wait_until(lambda: station.apparatus.image(image).held_by == "mona")
    for tab in (mona, rita):
        assert (tab.elsewhere, tab.errors) == ([], [])
        tab.page.close()
