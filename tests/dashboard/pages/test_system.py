"""The System page: how the station is, who may use it, what happened, and nobody above his role."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from imgdash.apparatus.intake import Intake
from imgdash.dashboard.pages.system import System
from imgdash.model import Actor
from tests.conftest import peer
from tests.dashboard.conftest import PASSWORD, Station, log_in
from tests.dashboard.pages.desk import Desk
from tests.helpers import wait_until


@pytest.fixture
def desk(desk_of: Callable[..., Desk]) -> Desk:
    return desk_of("manager")


def shown(desk: Desk, **query: str) -> System:
    page = desk.show(System, **query)
    desk.until(lambda: page.station.state.ready)
    return page


def test_the_station_tells_how_it_is(desk: Desk, station: Station) -> None:
    # The first workers of a process take a while to start.
    wait_until(lambda: len(station.apparatus.workers.pids()) == 2)
    page = shown(desk)
    rows = {row["label"]: row["value"] for section in page.station.state.sections for row in section["rows"]}
    assert rows["DICOM"] == "{}:{}".format(*station.apparatus.addresses["dicom"])
    assert rows["Receivers"] == "1 of 1 run"
    assert rows["Site folder"] == str(station.apparatus.folder)
    labels = [bar["label"] for bar in page.station.state.bars]
    assert sum(label.startswith("receiver") for label in labels) == 1
    assert sum(label.startswith("worker") for label in labels) == 2
    assert all(0 <= bar["part"] <= 1 for bar in page.station.state.bars)


def test_machines_that_are_away_say_why_and_what_to_do(desk: Desk) -> None:
    page = shown(desk)
    desk.until(lambda: page.station.connections.at)
    states = {machine["name"]: machine for machine in page.station.connections.machines}
    assert set(states) == {"STORAGE", "FILM", "CR1", "RIS"}
    assert {machine["state"] for machine in states.values()} == {"away"}
    assert states["RIS"]["service"] == "HL7"
    assert all(machine["trouble"] and machine["remedy"] for machine in states.values())


def test_a_broken_condition_file_is_an_alert(desk: Desk, station: Station) -> None:
    conditions = station.apparatus.conditions
    broken = conditions.folder / "broken.toml"
    broken.write_text("= 1", encoding="utf-8")
    conditions.refresh()
    page = shown(desk)
    assert any("broken.toml" in alert["text"] for alert in page.station.state.alerts)
    assert page.badge() == (1, "bad")
    broken.unlink()
    conditions.refresh()
    assert page.badge() is None


def test_a_part_that_a_fault_has_ended_is_an_alert(
    desk: Desk, station: Station, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Intake, "alive", property(lambda intake: False))
    page = shown(desk)
    assert [alert["text"] for alert in page.station.state.alerts] == [
        "The intake of the apparatus has ended by a fault."
    ]
    assert page.badge() == (1, "bad")
    tab = log_in(browser, station, "mona")
    tab.page.click("[data-page=system]")
    tab.page.wait_for_selector("text=The intake of the apparatus has ended by a fault.")
    assert tab.errors == []
    tab.page.close()


def test_a_refused_association_appears_by_itself(desk: Desk, station: Station) -> None:
    page = shown(desk)
    port = str(station.apparatus.addresses["dicom"][1])
    command = [peer("echoscu"), "-aet", "STRANGER", "-aec", "SOMEBODYELSE", "127.0.0.1", port]
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0
    row = desk.until(lambda: page.station.refused.rows and page.station.refused.rows[0])
    assert row[1] == "STRANGER"
    assert row[2:] == ["127.0.0.1", "SOMEBODYELSE", "called AE title not recognized"]


def test_users_are_added_changed_and_removed(desk: Desk, station: Station) -> None:
    page = shown(desk, tab="users")
    desk.until(lambda: len(page.people.table.rows) == 3)
    page.people.form._handle_msg({"save": {"name": "nina", "role": "user", "password": "nina's secret"}})
    desk.until(lambda: len(page.people.table.rows) == 4)
    found = station.apparatus.users.check("nina", "nina's secret")
    assert found is not None
    assert found.role == "user"
    row = [name for name, *_ in page.people.table.rows].index("nina")
    page.people.table._handle_msg({"chosen": [row]})
    assert (page.people.form.user, page.people.form.role) == ("nina", "user")
    page.people.form._handle_msg({"save": {"name": "nina", "role": "manager", "password": "another one"}})
    desk.until(lambda: page.people.table.rows[row][1] == "manager")
    page.people.form._handle_msg({"remove": "nina"})
    desk.until(lambda: len(page.people.table.rows) == 3)
    lines = station.apparatus.journal("user", "nina")
    assert [line["event"] for line in lines] == ["remove", "change", "add"]
    assert not any("secret" in str(line) or "another one" in str(line) for line in lines)


@pytest.mark.parametrize(
    ("role", "message", "cause"),
    [
        ("user", {"save": {"name": "rita", "role": "manager", "password": PASSWORD}}, "may not change users"),
        ("user", {"remove": "mona"}, "may not change users"),
        ("manager", {"save": {"name": "mona", "role": "maker", "password": PASSWORD}}, "higher role"),
        ("manager", {"remove": "max"}, "higher role"),
        ("manager", {"remove": "mona"}, "remove yourself"),
        ("manager", {"save": {"name": "../x", "role": "user", "password": PASSWORD}}, "no user name"),
        ("manager", {"save": {"name": "nora", "role": "king", "password": PASSWORD}}, "no role"),
        ("manager", {"save": {"name": "nora", "role": "user", "password": "short"}}, "too short"),
    ],
)
def test_nobody_acts_above_his_role(
    desk_of: Callable[..., Desk], station: Station, role: str, message: dict[str, object], cause: str
) -> None:
    desk = desk_of(role)
    page = shown(desk, tab="users")
    before = station.apparatus.users.all()
    page.people.form._handle_msg(message)
    desk.until(lambda: cause in page.people.form.error)
    assert station.apparatus.users.all() == before


def test_the_journal_is_filtered_and_its_chain_verified(desk: Desk, station: Station) -> None:
    image_id = station.take(PatientID="P77")
    station.apparatus.protect(image_id, by="rita")
    page = shown(desk, tab="audit")
    bar, table = page.audit.bar, page.audit.table
    desk.until(lambda: bar.chain == "whole" and table.rows and bar.subjects)
    assert "chain whole" in bar.chain_said
    assert "image" in bar.subjects
    assert "rita" in bar.people
    newest = max(row[0] for row in table.rows)
    assert table.rows[0][0] == newest
    bar._handle_msg({"filter": {"subject": "image", "by": "rita", "text": ""}})
    desk.until(lambda: {row[4] for row in table.rows} == {"rita"})
    bar._handle_msg({"filter": {"subject": "", "by": "", "text": "p77"}})
    desk.until(lambda: {row[4] for row in table.rows} == {"imgdash"} and image_id in {row[6] for row in table.rows})
    table._handle_msg({"chosen": [0]})
    assert "P77" in page.audit.detail.text
    assert "hash " in page.audit.detail.text
    bar._handle_msg({"filter": {"subject": "", "by": "", "text": "%'; drop table journal"}})
    desk.until(lambda: not table.waiting and not table.rows)
    # It has grown while somebody reads: that is said, nothing moves.
    station.apparatus.protect(image_id, by="rita", on=False)
    desk.until(lambda: bar.grown)
    assert table.rows == []


def test_the_site_file_is_shown_as_it_is_written(desk: Desk, station: Station) -> None:
    page = shown(desk, tab="site")
    desk.until(lambda: page.site_file.text)
    assert page.site_file.text == (station.apparatus.folder / "site.toml").read_text(encoding="utf-8")


@pytest.mark.browser
def test_in_a_browser(browser: Browser, station: Station) -> None:
    tab = log_in(browser, station, "mona")
    page = tab.page
    page.click("[data-page=system]")
    page.wait_for_selector("[data-machine=STORAGE]:has-text('no answer')")
    page.click("role=tab[name=Users]")
    page.click("[role=gridcell]:has-text('rita'):visible")
    setting = page.locator("button:has-text('Set role')")
    expect(setting).to_be_disabled()
    page.fill("[aria-label=Password]", "another long password")
    expect(setting).to_have_text("Set role and password")
    expect(setting).to_be_disabled()
    page.fill("[aria-label=Password]", "")
    # Another role alone; he logs in as before.
    page.select_option("[aria-label=Role]", "manager")
    setting.click()
    page.wait_for_selector("text=rita is a manager now.")
    assert station.apparatus.users.check("rita", PASSWORD) == Actor("rita", "manager")
    page.click("[role=gridcell]:has-text('rita'):visible")
    expect(page.locator("[aria-label=Role]")).to_have_value("manager")
    page.select_option("[aria-label=Role]", "user")
    setting.click()
    page.wait_for_selector("text=rita is a user now.")
    page.click("[role=gridcell]:has-text('rita'):visible")
    # Who does not want to remove anybody after all goes back to a new user.
    page.click("button:has-text('Remove')")
    sure = page.locator("button:has-text('Really remove rita?')")
    assert sure.evaluate("node => node.scrollHeight <= node.clientHeight + 1")
    page.click("button:has-text('New user')")
    page.wait_for_selector("h2:has-text('New user')")
    page.wait_for_selector("button:has-text('Add user')")
    page.click("role=tab[name=Audit]")
    page.wait_for_selector("text=chain whole")
    page.click("role=tab[name='Site file']")
    page.wait_for_selector("text=[station]")
    assert tab.errors == []
    assert tab.elsewhere == []
    page.close()
