"""Thumbnails are made once, and anew when the image looks different."""

from __future__ import annotations

import pytest

from imgdash.dashboard.thumbnails import Thumbnails
from imgdash.model import NotFound
from tests.dashboard.conftest import Station


def test_a_thumbnail_is_made_once_for_each_look(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    image, apparatus = station.take(), station.apparatus
    thumbnails = Thumbnails(apparatus)
    made: list[str] = []
    preview = apparatus.preview

    def counted(image_id: str) -> object:
        made.append(image_id)
        return preview(image_id)

    monkeypatch.setattr(apparatus, "preview", counted)
    first = thumbnails.get(image)
    assert first[:2] == b"\xff\xd8"
    apparatus.hold(image, "rita")
    assert thumbnails.get(image) == first
    assert made == [image]
    apparatus.adjust(image, apparatus.users.role("mona"), overrides={"gradation.contrast": 2.5})
    assert thumbnails.get(image) != first
    assert made == [image, image]
    with pytest.raises(NotFound):
        thumbnails.get("0" * 32)
