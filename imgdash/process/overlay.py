"""Step (8), overlay: side marker, projection, comment, calibration scale; burnt into the P-values.

Where each one comes to lie is reported with how much of it covers the irradiated field, so that a person can be
warned before something diagnostic is hidden (D3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from imgdash.model import ImgdashError
from imgdash.process.geometry import Placement
from imgdash.process.parameters import Overlay

KINDS: Final = ("side", "projection", "comment", "scale")
_FONT: Final = cv2.FONT_HERSHEY_DUPLEX
_LONGEST: Final = 64


@dataclass(frozen=True)
class Item:
    """One thing to draw; x and y are fractions of the output image, its upper left corner.

    Attributes
    ----------
    kind
        ``side``, ``projection``, ``comment`` or ``scale``.
    height
        Of the letters, as a fraction of the image height.
    length_mm
        Of a scale.
    """

    kind: str
    x: float
    y: float
    text: str = ""
    height: float = 0.035
    length_mm: float = 100.0


def items_of(settings: Overlay, attrs: Mapping[str, Any], extra: Iterable[Mapping[str, Any]] = ()) -> list[Item]:
    """What the condition asks for, with what a person placed; a placed one goes before the condition's of its kind.

    Raises
    ------
    ImgdashError
        An unknown kind or key, or a place that is not a number.
    """
    items: dict[str, Item] = {}
    side = settings.side
    if side == "auto":  # of the image before that of its series
        side = str(attrs.get("ImageLaterality") or attrs.get("Laterality") or "")
    if side in ("L", "R"):
        items["side"] = Item("side", settings.side_x, settings.side_y, side, settings.height * 1.4)
    view = str(attrs.get("ViewPosition") or "") if settings.projection == "auto" else settings.projection
    if view not in ("", "none"):
        items["projection"] = Item("projection", settings.projection_x, settings.projection_y, view, settings.height)
    if settings.comment:
        items["comment"] = Item("comment", settings.comment_x, settings.comment_y, settings.comment, settings.height)
    if settings.scale:
        items["scale"] = Item(
            "scale", settings.scale_x, settings.scale_y, "", settings.height * 0.6, settings.scale_length
        )
    placed = [_read(given, settings) for given in extra]
    for item in placed:
        items.pop(item.kind, None)
    return [*items.values(), *placed]


def draw(
    image: npt.NDArray[np.uint16],
    items: Sequence[Item],
    placement: Placement,
    field: Sequence[Any],
    bits: int,
    spacing_known: bool,
) -> tuple[npt.NDArray[np.uint16], list[dict[str, Any]], list[str]]:
    """Draw into a copy of the image: that, and what `draw_into` says."""
    out = image.copy()
    return out, *draw_into(out, items, placement, field, bits, spacing_known)


def draw_into(
    image: npt.NDArray[np.uint16],
    items: Sequence[Item],
    placement: Placement,
    field: Sequence[Any],
    bits: int,
    spacing_known: bool,
) -> tuple[list[dict[str, Any]], list[str]]:
    """Draw into the image itself.

    Returns
    -------
    For each item drawn ``{"kind", "text", "x0", "y0", "x1", "y1", "covers_field", "part"}`` (fractions of the
    image; of the rectangle inside the field; of the height wanted of the letters); notes on what was not drawn so.
    """
    places, notes = [], []
    white = (1 << bits) - 1
    for item in items:
        if item.kind == "scale" and not spacing_known:
            notes.append("No calibration scale drawn: the pixel spacing is not known.")
            continue
        text = _drawable(item.text)
        if text != item.text:
            notes.append(f"Overlay {item.kind}: drawn as {text!r}.")
        drawing = (
            _scale_bar(item, placement, image.shape) if item.kind == "scale" else _letters(text, item, image.shape)
        )
        part = 1.0 if item.kind == "scale" else _part(text, item, image.shape)
        if part < 1:
            notes.append(f"Overlay {item.kind}: written at {part:.0%} of its height, so that all of it is there.")
        y0, x0 = _inside(item, drawing.shape, image.shape)
        mask = drawing[: image.shape[0] - y0, : image.shape[1] - x0]
        y1, x1 = y0 + mask.shape[0], x0 + mask.shape[1]
        _blend(image[y0:y1, x0:x1], mask, white)
        places.append(
            {
                "kind": item.kind,
                "text": text,
                "x0": x0 / image.shape[1],
                "y0": y0 / image.shape[0],
                "x1": x1 / image.shape[1],
                "y1": y1 / image.shape[0],
                "covers_field": _covered((x0, y0, x1, y1), field, placement),
                "part": part,
            }
        )
    return places, notes


def _drawable(text: str) -> str:
    """What can be drawn in one line; OpenCV has letters of all scripts from version 5."""
    line = "".join(letter if letter.isprintable() else " " for letter in text[:_LONGEST])
    return line if hasattr(cv2, "FontFace") else line.encode("ascii", "replace").decode()


def _read(given: Mapping[str, Any], settings: Overlay) -> Item:
    kind = given.get("kind")
    if kind not in KINDS:
        raise ImgdashError(f"There is no overlay of kind {kind!r}.", f"Kinds are {', '.join(KINDS)}.")
    try:
        place = {key: float(given[key]) for key in ("x", "y", "height", "length_mm") if key in given}
        place.setdefault("height", settings.height)
        item = Item(kind=str(kind), text=str(given.get("text", "")), **place)
    except (TypeError, ValueError):
        raise ImgdashError(f"Overlay {dict(given)!r} has no place.", "x and y are fractions of the image.") from None
    if not (0 <= item.x <= 1 and 0 <= item.y <= 1 and 0 < item.height <= 0.5 and 1 <= item.length_mm <= 1000):
        raise ImgdashError(f"Overlay {dict(given)!r} lies outside the image.", "x and y are between 0 and 1.")
    return item


def _letters(text: str, item: Item, shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """Text as a mask 0…255 with a margin for its dark rim."""
    size, thickness = _size(_wanted(item, shape) * _part(text, item, shape))
    (width, height), base = cv2.getTextSize(text or " ", _FONT, size, thickness)
    pad = _margin(thickness)
    mask = np.zeros((height + base + 2 * pad, width + 2 * pad), np.uint8)
    cv2.putText(mask, text, (pad, pad + height), _FONT, size, 255, thickness, cv2.LINE_AA)
    return mask


def _wanted(item: Item, shape: tuple[int, ...]) -> float:
    """Height of the letters in rows, where there is room for them."""
    return max(6.0, item.height * shape[0])


def _size(height: float) -> tuple[float, int]:
    """Scale and thickness of the strokes for letters of this height."""
    return height / cv2.getTextSize("H", _FONT, 1.0, 1)[0][1], max(1, round(height / 12))


def _margin(thickness: int) -> int:
    """Pixels around letters for their dark rim."""
    return thickness + 2


def _part(text: str, item: Item, shape: tuple[int, ...]) -> float:
    """Of the height wanted: a comment that is cut off can say the opposite, so the letters are smaller instead."""
    wanted, part = _wanted(item, shape), 1.0
    # Each letter is as wide as whole pixels: what is half as high is not half as long.
    while part * wanted > 1:
        size, thickness = _size(part * wanted)
        width = cv2.getTextSize(text or " ", _FONT, size, thickness)[0][0] + 2 * _margin(thickness)
        if width <= shape[1]:
            break
        part *= min(0.99, shape[1] / width)
    return part


def _scale_bar(item: Item, placement: Placement, shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """Upright ruler: a tick each 10 mm, a longer one each 50 mm, its length written below."""
    pitch = placement.pitch()[0]
    whole = max(10.0, 10.0 * int(min(item.length_mm, shape[0] * 0.95 * pitch) // 10))
    length = whole / pitch
    thickness = max(1, round(shape[0] / 900))
    tick = max(4, round(shape[0] / 90))
    label = _letters(f"{whole:g} mm", item, shape)
    mask = np.zeros((round(length) + 2 * thickness + label.shape[0], max(label.shape[1], 3 * tick)), np.uint8)
    right = mask.shape[1] - thickness - 1
    cv2.line(mask, (right, thickness), (right, thickness + round(length)), 255, thickness)
    for k in range(round(whole / 10) + 1):
        y = thickness + round(k * 10 / pitch)
        cv2.line(mask, (right - (2 * tick if k % 5 == 0 else tick), y), (right, y), 255, thickness)
    mask[-label.shape[0] :, -label.shape[1] :] = np.maximum(mask[-label.shape[0] :, -label.shape[1] :], label)
    return mask


def _inside(item: Item, drawing: tuple[int, ...], image: tuple[int, ...]) -> tuple[int, int]:
    """Upper left pixel, moved so that the drawing lies inside the image as far as it fits."""
    y = min(round(item.y * image[0]), image[0] - drawing[0])
    x = min(round(item.x * image[1]), image[1] - drawing[1])
    return max(y, 0), max(x, 0)


def _blend(part: npt.NDArray[np.uint16], mask: npt.NDArray[np.uint8], white: int) -> None:
    """White letters with a dark rim: readable on light and on dark."""
    rim = cv2.GaussianBlur(cv2.dilate(mask, np.ones((3, 3), np.uint8)), (0, 0), 1.2).reshape(mask.shape)
    ink, shade = mask.astype(np.float32) / 255, rim.astype(np.float32) / 255
    mixed = part * (1 - 0.6 * shade * (1 - ink)) * (1 - ink) + white * ink
    part[...] = np.rint(np.clip(mixed, 0, white)).astype(np.uint16)


def _covered(box: tuple[int, int, int, int], field: Sequence[Any], placement: Placement) -> float:
    """How much of the rectangle lies inside the field, 0…1; the whole image where no field is known."""
    x0, y0, x1, y1 = box
    if not len(field):
        return 1.0
    mask = np.zeros((max(y1 - y0, 1), max(x1 - x0, 1)), np.uint8)
    for polygon in field:
        points = placement.apply(polygon) - [x0, y0]
        cv2.fillPoly(mask, [np.rint(np.clip(points, -30000, 30000)).astype(np.int32)], 1)
    return float(mask.mean())
