"""Requests: chains of rounds, what can be done about the latest one, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from imgdash.dashboard.pages.requests import Requests
from imgdash.dashboard.review import questions
from imgdash.model import Event, Request
from imgdash.store import rows
from tests.dashboard.conftest import Station, log_in
from tests.dashboard.pages.desk import Desk
from tests.helpers import wait_until

_AT = datetime(2026, 3, 2, 9, 0)


@pytest.fixture(scope="module")
def images(station: Station) -> list[str]:
    """A history of two rounds, whose latest request was refused; one that is proposed; one that is over."""
    images = [
        station.take(AccessionNumber=f"A9{n}", PatientID=f"P9{n}", PatientName=name, PresentationIntentType=intent)
        for n, (name, intent) in enumerate(
            (
                ("<b>Bold</b>^Name", "FOR PRESENTATION"),
                ("Bold^Name", "FOR PROCESSING"),
                ("Doe^Jane", "FOR PROCESSING"),
                ("Roe^Rick", "FOR PROCESSING"),
            )
        )
    ]
    made = [
        Request("1.2.3.91", images[0], "1.2.3.91", 1, "superseded", "modality", "CR1", "processed", "111219",
                {"gradation.contrast": 1.75}, comment="softer, please", by="rita", answer=images[1],
                sent_at=_AT, answered_at=_AT + timedelta(minutes=3), created_at=_AT),
        Request("1.2.3.92", images[1], "1.2.3.91", 2, "refused", "modality", "CR1", "unprocessed", "111219", by="rita",
                trouble="It does not keep <i>raw</i> data.", created_at=_AT + timedelta(minutes=5)),
        Request("1.2.3.93", images[2], "1.2.3.93", 1, "proposed", "ris", "RIS", "reradiograph", "111209", by="imgdash",
                created_at=_AT + timedelta(minutes=6)),
        Request("1.2.3.94", images[3], "1.2.3.94", 1, "withdrawn", "ris", "RIS", "reradiograph", "111210", by="rita",
                created_at=_AT + timedelta(minutes=7)),
    ]  # fmt: skip

    def fill(change: Any) -> None:
        for one in made:
            change.emit(Event("request", one.request_id, "register", rows.request_columns(one)))
        change.set("image", images[0], replaced_by=images[1])
        change.set("image", images[1], replaces=images[0], round=1)

    station.apparatus.store.write(fill)
    return images


@pytest.fixture
def page(desk_of: Callable[..., Desk], images: list[str]) -> tuple[Desk, Requests]:
    desk = desk_of("user")
    return desk, desk.show(Requests)


def keys(page: Requests) -> list[str]:
    return [item["key"] for item in page.table.items]


def choose(desk: Desk, page: Requests, key: str) -> None:
    desk.until(lambda: key in keys(page))
    page.facts.sections = []
    page.table._handle_msg({"chosen": [keys(page).index(key)]})
    desk.until(lambda: page.facts.sections)


def test_a_history_shows_each_round_with_its_pictures(page: tuple[Desk, Requests], images: list[str]) -> None:
    desk, requests = page
    desk.until(lambda: keys(requests) == ["1.2.3.93", "1.2.3.92"])
    assert {tab["name"]: tab["count"] for tab in requests.head.tabs} == {"open": 2, "person": 2, "ended": 1, "all": 3}
    assert requests.badge() == (2, "warn")
    first, ask, second, again, blank = requests.table.items[1]["steps"]
    assert (first["id"], second["id"], blank["version"]) == (images[0], images[1], "")
    assert (ask["round"], ask["reason"], ask["comment"]) == (1, "Inappropriate image processing", "softer, please")
    assert "was not good enough" in ask["progress"]
    assert (again["round"], again["level"], again["trouble"]) == (2, "bad", "It does not keep <i>raw</i> data.")
    choose(desk, requests, "1.2.3.92")
    assert [item["id"] for item in requests.shown.items] == images[:2]
    assert "round 1: CR1" in requests.text.text
    assert "round 2: CR1" in requests.text.text
    assert {"open", "again", "ris", "withdraw"} == set(requests.bar.enabled)


def test_histories_are_narrowed(page: tuple[Desk, Requests], images: list[str]) -> None:
    desk, requests = page
    desk.until(lambda: requests.table.items)
    # Words of the first image find the whole history, and so does the id of its first request.
    for text in ("p90", images[1], "1.2.3.91"):
        requests.finder._handle_msg({"find": {"text": text}})
        desk.until(lambda: not requests.table.waiting and keys(requests) == ["1.2.3.92"])
    requests.finder._handle_msg({"find": {"peer": "RIS"}})
    desk.until(lambda: keys(requests) == ["1.2.3.93"])
    requests.finder._handle_msg({"find": {}})
    requests.head._handle_msg({"tab": "ended"})
    desk.until(lambda: keys(requests) == ["1.2.3.94"])
    requests.open(image=images[0])
    desk.until(lambda: keys(requests) == ["1.2.3.92"])
    assert requests.head.current == "all"


def test_what_was_refused_is_asked_elsewhere(page: tuple[Desk, Requests], station: Station, images: list[str]) -> None:
    desk, requests = page
    choose(desk, requests, "1.2.3.92")
    requests.key("ris")
    desk.until(lambda: station.apparatus.store.request("1.2.3.92").to == "ris")
    desk.until(lambda: requests.table.items[-1]["steps"][3]["peer"] == "RIS")


def test_a_proposal_is_sent_and_withdrawn_after_a_question(
    page: tuple[Desk, Requests], station: Station, images: list[str]
) -> None:
    desk, requests = page
    choose(desk, requests, "1.2.3.93")
    requests.key("accept")
    desk.until(lambda: station.apparatus.store.request("1.2.3.93").state != "proposed")
    assert station.state(images[2]) == "requested"
    choose(desk, requests, "1.2.3.93")
    requests.bar._handle_msg({"action": "withdraw"})
    desk.until(lambda: requests.dialog.open)
    assert station.state(images[2]) == "requested"
    requests.dialog._handle_msg({"submit": "withdraw", "values": {}})
    desk.until(lambda: station.state(images[2]) == "awaiting")
    desk.until(lambda: keys(requests) == ["1.2.3.92"])


def test_parameters_that_were_sent_are_told(page: tuple[Desk, Requests], station: Station) -> None:
    image = station.take(AccessionNumber="A95", PatientID="P95")
    present = station.apparatus.chain(image).flat()
    wanted = {**present, "gradation.contrast": present["gradation.contrast"] + 0.25}
    request = station.apparatus.request(image, "mona", reason="111219", to="ris", parameters=wanted)
    desk, requests = page
    choose(desk, requests, request.request_id)
    (section,) = [section for section in requests.facts.sections if section["title"] == "Processing wanted"]
    # All that was sent, what is otherwise here before the rest.
    assert {row["label"] for row in section["rows"]} == {*request.parameters}
    assert section["rows"][0]["label"] == "gradation.contrast"
    contrast = present["gradation.contrast"]
    assert section["rows"][0]["value"] == f"{contrast + 0.25:g} (here {contrast:g})"


@pytest.mark.browser
def test_in_a_browser(browser: Browser, station: Station, images: list[str]) -> None:
    tab = log_in(browser, station, "mona", f"?page=requests&image={images[0]}")
    page = tab.page
    cards = page.locator(".card:visible")
    expect(cards).to_have_count(1)
    expect(cards.locator("img")).to_have_count(2)
    page.get_by_text("<b>Bold</b>, Name").first.wait_for()
    page.get_by_text("of CR1 by rita").first.wait_for()
    # Which of the two pictures its modality had processed is said, beside the request and in the details.
    expect(cards.locator(".shot .sent")).to_have_text(["sent processed", "sent unprocessed"])
    cards.click(position={"x": 20, "y": 10})
    expect(page.get_by_text("sent unprocessed").locator("visible=true")).to_have_count(2)
    cards.locator(".shot").nth(1).click()
    page.wait_for_url(lambda url: f"page=review&image={images[1]}" in url)
    # The dialog that asks once more shows the former round and this one.
    page.locator("[data-action=request]:enabled").click()
    shots = page.locator("dialog[open] .rounds figure")
    expect(shots).to_have_count(2)
    expect(shots.nth(0)).to_contain_text("Round 1")
    expect(shots.nth(0)).to_contain_text("Inappropriate image processing")
    for number in range(2):
        picture = shots.nth(number).locator("img")
        assert images[number] in str(picture.get_attribute("src"))
        wait_until(lambda picture=picture: picture.evaluate("img => img.complete && img.naturalWidth > 0"))
    page.keyboard.press("Escape")
    assert tab.errors == []
    assert tab.elsewhere == []
    page.close()


def test_the_dialog_shows_the_rounds_until_now(station: Station, images: list[str]) -> None:
    apparatus = station.apparatus
    first, second = (apparatus.image(image_id) for image_id in images[:2])
    assert questions.rounds(apparatus, first) == ()
    rounds = questions.rounds(apparatus, second)
    assert [one["title"] for one in rounds] == [f"Round 1 · image {first.number}", f"Round 2 · image {second.number}"]
    assert rounds[0]["lines"][0].startswith("Inappropriate image processing: processed image")
    (latest,) = [one for one in apparatus.requests() if one.image_id == second.image_id]
    assert rounds[1]["lines"][1] == latest.peer
