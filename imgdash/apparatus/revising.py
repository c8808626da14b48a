"""The facade: changing one thing of an image, in the transaction that reads it (D2, D3, E3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imgdash.apparatus.imaging import Imaging
from imgdash.apparatus.parts import By
from imgdash.model import ImageHeader
from imgdash.output.framing import Framing


class Revising(Imaging):
    """Unlike `adjust`, which sets all of its kind, each leaves what it does not name as it is by then."""

    def tune(self, image_id: str, by: By, values: Mapping[str, Any]) -> ImageHeader:
        """Set processing parameters by hand, dotted name → value; None gives one back to the condition key."""
        return self.actions.tune(image_id, self.actor(by), values)

    def route(self, image_id: str, by: By, name: str, on: bool) -> ImageHeader:
        """Send it to an output apparatus, or leave that one out (H2)."""
        return self.actions.route(image_id, self.actor(by), name, on)

    def place(self, image_id: str, by: By, name: str, values: Mapping[str, float] | None) -> ImageHeader:
        """Move or scale what goes to an output apparatus, see `imgdash.output.framing`; None takes it all back."""
        return self.actions.place(image_id, self.actor(by), name, values, Framing.of)

    def mark(self, image_id: str, by: By, overlay: Mapping[str, Any], index: int | None = None) -> ImageHeader:
        """Place an overlay, or move the one at `index` of those that people placed (D3)."""
        return self.actions.mark(image_id, self.actor(by), overlay, index)

    def unmark(self, image_id: str, by: By, kind: str, text: str = "", index: int | None = None) -> ImageHeader:
        """Take an overlay away; without `index` the condition key's is switched off for this image."""
        return self.actions.unmark(image_id, self.actor(by), kind, text, index)
