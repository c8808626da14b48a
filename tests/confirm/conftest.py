from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from imgdash.config import Site
from imgdash.confirm import Actions
from imgdash.model import Actor
from imgdash.store.conditions import Conditions
from imgdash.store.store import Store
from tests.confirm import making


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path)
    yield store
    store.close()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return making.site(tmp_path)


@pytest.fixture
def actions(store: Store, site: Site, tmp_path: Path) -> Actions:
    return Actions(store, site, Conditions(making.condition_folder(tmp_path / "conditions")))


@pytest.fixture
def user() -> Actor:
    return Actor("ann", "user")


@pytest.fixture
def manager() -> Actor:
    return Actor("max", "manager")
