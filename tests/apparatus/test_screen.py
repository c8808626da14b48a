"""What is put on the screen is formed once for all who look at it, and anew when it is to look different."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from imgdash import Apparatus
from imgdash.apparatus import screen
from imgdash.model import Actor, ImgdashError
from tests.apparatus.sites import radiograph, send, site
from tests.helpers import wait_until

MONA = Actor("mona", "manager")


@pytest.fixture(scope="module")
def apparatus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apparatus]:
    folder = tmp_path_factory.mktemp("screen")
    with Apparatus(site(folder)) as started:
        send(started, radiograph(folder / "image.dcm"))
        wait_until(lambda: [one for one in started.images() if one.state == "awaiting"])
        yield started


@pytest.fixture
def image(apparatus: Apparatus) -> str:
    # As if nobody had looked at it yet.
    (found,) = apparatus.images()
    apparatus.screen.forget(found.image_id)
    return found.image_id


@pytest.fixture
def formed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """Call `before` whenever a preview is formed; the list of what was formed."""
    real = screen.preview

    def begin(before: Callable[[], None] = lambda: None) -> list[Any]:
        made: list[Any] = []

        def counted(*args: Any, **options: Any) -> Any:
            made.append(args)
            before()
            return real(*args, **options)

        monkeypatch.setattr(screen, "preview", counted)
        return made

    return begin


def test_one_preview_serves_all_who_ask_at_once(
    apparatus: Apparatus, image: str, formed: Callable[..., list[Any]]
) -> None:
    go_on = threading.Event()
    made = formed(lambda: go_on.wait(20))
    with ThreadPoolExecutor(4) as asking:
        asked = [asking.submit(apparatus.preview, image) for _ in range(4)]
        wait_until(lambda: made)
        go_on.set()
        pictures = [one.result(20) for one in asked]
    assert len(made) == 1
    assert all(picture is pictures[0] for picture in pictures)
    with pytest.raises(ValueError, match="read-only"):
        pictures[0][0, 0] = 0


def test_another_look_is_another_preview(apparatus: Apparatus, image: str, formed: Callable[..., list[Any]]) -> None:
    made = formed()
    first = apparatus.preview(image)
    tried = apparatus.preview(image, apparatus.chain(image, overrides={"gradation.contrast": 2.5}))
    assert apparatus.preview(image) is first
    assert len(made) == 2
    apparatus.tune(image, MONA, {"gradation.contrast": 2.5})
    kept = apparatus.preview(image)
    assert len(made) == 3
    assert np.array_equal(kept, tried)
    assert not np.array_equal(kept, first)


def test_a_preview_that_failed_is_formed_again(
    apparatus: Apparatus, image: str, formed: Callable[..., list[Any]]
) -> None:
    def fail() -> None:
        raise ImgdashError("No memory.", "Try again.")

    formed(fail)
    with pytest.raises(ImgdashError, match="No memory"):
        apparatus.preview(image)
    formed()
    assert apparatus.preview(image).ndim == 2


def test_what_was_longest_not_looked_at_is_let_go(
    apparatus: Apparatus, image: str, formed: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, former = formed(), dict(apparatus.image(image).overrides)
    one = apparatus.preview(image)
    # Room for one alone.
    monkeypatch.setattr(screen, "_PREVIEW_BYTES", one.nbytes)
    for contrast in (1.5, former.get("gradation.contrast")):
        apparatus.tune(image, MONA, {"gradation.contrast": contrast})
        apparatus.preview(image)
    assert len(made) == 3
    assert apparatus.preview(image) is apparatus.preview(image)
    assert len(made) == 3
