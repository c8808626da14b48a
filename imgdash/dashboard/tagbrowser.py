"""The header of one image, to be searched, and corrected where the role allows; the original stays with it (R4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import param

from imgdash.confirm.changing import OPEN_TO_CHANGE
from imgdash.dashboard.component import Component, Told, script
from imgdash.dashboard.session import Session
from imgdash.model import ImgdashError


class Tags(Component):
    """Attributes in a dialog; sends ``{"edit": keyword, "value": text}`` and ``{"closed": True}``."""

    open = param.Boolean(default=False)
    title = param.String(default="")
    said = param.String(default="", doc="Why nothing can be corrected, or how.")
    elements = Told(default=[], doc="Dicts of `imgdash.apparatus.tags.Element`.")
    editable = param.Boolean(default=False)
    error = param.String(default="")
    width = param.Integer(default=0)

    _esm = script("tags.js")


class TagBrowser:
    """Shows the header of an image, whatever page asks for it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._image = ""
        self.dialog = Tags(on_message=self._said)

    def show(self, image_id: str) -> None:
        """Read the header of an image, and open it."""
        self._image = image_id
        self._read(then_open=True)

    def _read(self, then_open: bool = False) -> None:
        apparatus, image_id = self._session.apparatus, self._image

        def there(found: Any) -> None:
            image, elements = found
            if image_id != self._image:
                return
            may, open_ = self._session.actor.may("edit"), image.state in OPEN_TO_CHANGE
            how = "Click a value with a pencil to correct it; what the file says stays in it."
            why = "Corrections need a manager." if not may else f"The image is {image.state}: nothing is corrected now."
            self.dialog.set(
                title=f"Image {image.number} · {image.title}",
                said=how if may and open_ else why,
                elements=[asdict(element) for element in elements],
                editable=may and open_,
                error="",
            )
            if then_open:
                self.dialog.open = True

        self._session.run(lambda: (apparatus.image(image_id), apparatus.elements(image_id)), there)

    def _said(self, message: Mapping[str, Any]) -> None:
        if message.get("closed"):
            self.dialog.open = False
        elif "edit" in message:
            apparatus, actor, image_id = self._session.apparatus, self._session.actor, self._image
            change = {str(message["edit"]): str(message.get("value", ""))}

            # The same reason, said again, is news.
            self.dialog.error = ""

            def refused(error: ImgdashError) -> None:
                self.dialog.error = f"{error.cause} {error.remedy}".strip()

            self._session.run(lambda: apparatus.edit(image_id, actor, **change), lambda _: self._read(), refused)
