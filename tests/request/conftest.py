from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from imgdash.config import Site
from imgdash.model import Actor
from imgdash.request import Patience, Requests
from imgdash.store.conditions import Conditions
from imgdash.store.files import Files
from imgdash.store.store import Store
from tests.confirm import making
from tests.request.worklists import listing

__all__ = ["listing"]

SLOW = Patience(attempts=3, rejected=2, first=600, cap=600, look=0.05)
QUICK = Patience(attempts=3, rejected=2, first=0.02, cap=0.1, look=0.05)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path)
    yield store
    store.close()


@pytest.fixture
def user() -> Actor:
    return Actor("ann", "user")


@pytest.fixture
def site_with(tmp_path: Path) -> Callable[..., Site]:
    """A site whose modality and RIS listen at the given ports."""

    def make(
        *, ups: int = 1, hl7: int = 1, requests: dict[str, Any] | None = None, seconds: float = 2, **ris: Any
    ) -> Site:
        modality = {"name": "cr", "kind": "modality", "ae_title": "CR51", "unprocessed": True}
        modality["timeout_seconds"] = seconds
        peers = [
            {**modality, "port": ups, "ups": True},
            {**modality, "name": "old", "ae_title": "OLD", "unprocessed": False},
            {"name": "ris", "kind": "ris", "hl7_port": hl7, "timeout_seconds": 1, **ris},
        ]
        return making.site(tmp_path, peer=peers, requests=requests or {})

    return make


@pytest.fixture
def requests_of(store: Store, tmp_path: Path) -> Iterator[Callable[..., Requests]]:
    """Requests on a site; stopped at the end."""
    made: list[Requests] = []
    conditions = Conditions(making.condition_folder(tmp_path / "conditions"))

    def make(site: Site, *, start: bool = True, patient: bool = False) -> Requests:
        patience = SLOW if patient else QUICK
        requests = Requests(store, site, files=Files(tmp_path), conditions=conditions, patience=patience)
        if start:
            requests.start()
        made.append(requests)
        return requests

    yield make
    for requests in made:
        requests.stop()
