"""An image over several films: its size is changed by hand, and it stays over several where it needs them (B1, D2)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from imgdash import Apparatus
from imgdash.dashboard import Dashboard
from tests.apparatus.sites import site
from tests.dashboard.conftest import PASSWORD, Station, log_in
from tests.helpers import wait_until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """A station with a printer that splits; nothing is printed here."""
    folder = tmp_path_factory.mktemp("station")
    film = {"name": "FILM", "kind": "printer", "ae_title": "FILM", "port": 1, "dpi": 50, "film_size": "8INX10IN"}
    with Apparatus(site(folder, apparatus=[{**film, "true_size": True, "split": True}])) as apparatus:
        apparatus.users.add("mona", "manager", PASSWORD)
        with Dashboard(apparatus, 0, one_click={"mona": "manager"}) as dashboard:
            yield Station(apparatus, dashboard, folder)


def test_keys_change_its_size_and_leave_it_over_several_films(browser: Browser, station: Station) -> None:
    # In true size a little wider than a film.
    image = station.take(PixelSpacing=[0.8, 0.8])
    tab = log_in(browser, station, "mona")
    page = tab.page
    page.get_by_role("button", name="Output range of FILM").click()
    films = page.locator(".film .part")

    def scale() -> float:
        return float(station.apparatus.image(image).ranges.get("FILM", {}).get("scale", 1.0))

    def press(key: str, count: int) -> float:
        """The size after so many keys, each once the one before was kept."""
        for _ in range(count):
            before = scale()
            page.keyboard.press(key)
            wait_until(lambda before=before: scale() != before)
        return scale()

    wait_until(lambda: films.count() == 2)
    page.locator(".film .place").focus()
    assert press("-", 1) == pytest.approx(1 / 1.02, abs=0.001)
    wait_until(lambda: page.locator(".range .said").inner_text().startswith("8 × 10 in · 98%"))
    assert films.count() == 2
    # Smaller and smaller until one film is enough, and back; the keys stay with it all the while.
    press("-", 2)
    wait_until(lambda: films.count() == 0)
    assert press("+", 3) == pytest.approx(1, abs=0.002)
    wait_until(lambda: films.count() == 2)
    assert tab.errors == []
    page.close()
