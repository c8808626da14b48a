"""Where a view stands: a tab of the dashboard, or a notebook; what it asks of either."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from imgdash.model import Actor, ImgdashError

if TYPE_CHECKING:
    from imgdash.apparatus import Apparatus

Then = Callable[[Any], None]
Failed = Callable[[ImgdashError], None]


class Place(Protocol):
    """Of `imgdash.dashboard.session.Session`, what reading and tuning need."""

    apparatus: Apparatus
    tell: Callable[..., None]

    @property
    def actor(self) -> Actor:
        """Who acts, with the role of now."""

    def run(self, work: Callable[[], Any], then: Then | None = None, failed: Failed | None = None) -> Any:
        """Do `work`, then `then` with its result, or `failed` with the error that has a remedy."""

    def after(self, milliseconds: int, function: Callable[[], None]) -> None:
        """Do it when so much time has passed."""


class Here:
    """A notebook: work is done at once, so that the next line of a cell sees its result.

    Attributes
    ----------
    said
        What would be a toast on a page: ``(kind, text, remedy)``.
    """

    def __init__(self, apparatus: Apparatus, actor: Actor) -> None:
        self.apparatus = apparatus
        self.actor = actor
        self.said: list[tuple[str, str, str]] = []
        self.tell: Callable[..., None] = self._tell

    def _tell(self, text: str, kind: str = "info", detail: str = "") -> None:
        self.said.append((kind, text, detail))

    def run(self, work: Callable[[], Any], then: Then | None = None, failed: Failed | None = None) -> None:
        """Do it now; without `failed`, an error is raised in the cell."""
        try:
            result = work()
        except ImgdashError as error:
            if failed is None:
                raise
            failed(error)
            return
        if then is not None:
            then(result)

    def after(self, milliseconds: int, function: Callable[[], None]) -> None:
        """Do it now: a cell does not wait."""
        function()
