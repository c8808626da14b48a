"""The Review page: one image after another, by keyboard."""

from __future__ import annotations

import panel as pn
from panel.viewable import Viewable

from imgdash.dashboard.pages import Page


class Review(Page):
    """Work through the images that await their reviewer."""

    name, title, icon = "review", "Review", "review"

    def view(self) -> Viewable:
        """What is shown; called once."""
        return pn.pane.Str("review")
