"""A set of processing parameters as one immutable value, and their description for widgets."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import param

from imgdash.model import ImgdashError
from imgdash.process.parameters.declarations import (
    Automatic,
    Equalization,
    Frequency,
    Geometry,
    Gradation,
    Overlay,
    Quantity,
)

STEP_CLASSES: Final[dict[str, type[param.Parameterized]]] = {
    "frequency": Frequency,
    "equalization": Equalization,
    "gradation": Gradation,
    "geometry": Geometry,
    "overlay": Overlay,
    "automatic": Automatic,
}
# Once for the class: asked of each new object it takes a millisecond for a chain.
for _class in STEP_CLASSES.values():
    for _parameter in _class.param.objects("existing").values():
        _parameter.constant = True
# What makes each step the identity; the rest of its parameters does not matter then.
_IDENTITY: Final[dict[str, dict[str, Any]]] = {
    "frequency": {"amount": 0.0},
    "equalization": {"method": "compression", "light": 0.0, "dark": 0.0},
    "gradation": {"type": "linear", "contrast": 1.0, "shift": 0.0},
    "automatic": {"field": "whole", "signal": "full"},
}
# The chains asked for lately, by what they were asked for: to check and declare each value takes milliseconds, and the
# images of one condition key, which nobody has touched, all have the same. A chain does not change.
_KEPT: Final[dict[str, Chain]] = {}
_MOST: Final = 256


@dataclass(frozen=True)
class Description:
    """One declared parameter, as a widget or a table needs it.

    Attributes
    ----------
    name
        Dotted name, ``gradation.contrast``.
    kind
        ``number``, ``integer``, ``boolean``, ``choice``, ``text`` or ``list``.
    unit
        UCUM code; ``1`` for pure numbers, empty for what is not a number.
    """

    name: str
    step_name: str
    label: str
    kind: str
    default: Any
    unit: str
    bounds: tuple[float | None, float | None] | None
    step: float | None
    options: tuple[Any, ...]
    optional: bool
    doc: str


class Chain:
    """One of each: frequency, equalization, gradation, geometry, overlay, automatic. Changed only by copying."""

    frequency: Frequency
    equalization: Equalization
    gradation: Gradation
    geometry: Geometry
    overlay: Overlay
    automatic: Automatic
    _flat: Mapping[str, Any]

    def __init__(self, values: Mapping[str, Any], based_on: Chain | None = None) -> None:
        by_step: dict[str, dict[str, Any]] = {step: {} for step in STEP_CLASSES}
        for name, value in values.items():
            description = _described(name)
            by_step[description.step_name][name.partition(".")[2]] = _checked(description, value)
        flat = {} if based_on is None else based_on.flat()
        for step, class_ in STEP_CLASSES.items():
            if based_on is None:
                made = class_(name=step, **by_step[step])
            elif by_step[step]:
                made = class_(name=step, **{**based_on.step(step), **by_step[step]})
            else:  # what does not change is shared
                object.__setattr__(self, step, getattr(based_on, step))
                continue
            object.__setattr__(self, step, made)
            flat.update({d.name: getattr(made, d.name.partition(".")[2]) for d in _OF_STEP[step]})
        object.__setattr__(self, "_flat", flat)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"A chain does not change; chain.with_(**{{'{name}.…': …}}) makes another one.")

    @classmethod
    def of(
        cls, processing: Mapping[str, Mapping[str, Any]] | None = None, overrides: Mapping[str, Any] | None = None
    ) -> Chain:
        """Build a chain from a condition file's ``processing`` and what a person set by hand; the latter wins.

        Parameters
        ----------
        processing
            Step → parameter → value. What is not named has its declared default.
        overrides
            Dotted name → value.

        Raises
        ------
        ImgdashError
            A name that is not declared, a value of the wrong type or out of bounds.
        """
        values: dict[str, Any] = {}
        for step, given in (processing or {}).items():
            if not isinstance(given, Mapping):
                raise ImgdashError(f"Processing step {step!r} is not a table.", f"Write [processing.{step}].")
            values.update({f"{step}.{key}": value for key, value in given.items()})
        values.update(overrides or {})
        try:
            text = json.dumps(values, sort_keys=True)
        except TypeError:
            return cls(values)
        if (kept := _KEPT.get(text)) is None:
            kept = cls(values)
            if len(_KEPT) >= _MOST:
                _KEPT.clear()
            _KEPT[text] = kept
        return kept

    @classmethod
    def identity(cls) -> Chain:
        """The chain that gives the stored values back: every step without effect, no limits calculated."""
        return cls.of(_IDENTITY)

    def flat(self) -> dict[str, Any]:
        """Every parameter by its dotted name: plain numbers, texts, booleans, lists (JSON-able)."""
        return dict(self._flat)

    def step(self, step: str) -> dict[str, Any]:
        """The parameters of one step, by their own names."""
        return {key: self._flat[name] for name, key in _KEYS_OF[step]}

    def units(self) -> dict[str, str]:
        """UCUM unit of every number by its dotted name."""
        return {d.name: d.unit for d in describe() if d.unit}

    def with_(self, **changes: Any) -> Chain:
        """A copy with some parameters changed: ``chain.with_(**{"gradation.contrast": 1.3})``."""
        return Chain(changes, based_on=self)

    def changed(self) -> dict[str, Any]:
        """What differs from the declared defaults."""
        defaults = {d.name: d.default for d in describe()}
        return {name: value for name, value in self.flat().items() if value != defaults[name]}

    def __reduce__(self) -> tuple[type[Chain], tuple[dict[str, Any]]]:
        return Chain, (self.flat(),)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Chain) and self.flat() == other.flat()

    def __hash__(self) -> int:
        return hash(repr(sorted(self.flat().items())))

    def __repr__(self) -> str:
        return f"Chain({self.changed()!r})"


def describe() -> list[Description]:
    """Every declared parameter in the order of the steps."""
    return list(_DESCRIPTIONS.values())


def _read_declarations() -> Iterator[Description]:
    kinds = {Quantity: "number", param.Boolean: "boolean", param.Selector: "choice", param.String: "text"}
    for step, class_ in STEP_CLASSES.items():
        for key, parameter in class_.param.objects("existing").items():
            if key == "name":
                continue
            kind = kinds.get(type(parameter), "list")
            number = kind == "number"
            yield Description(
                name=f"{step}.{key}",
                step_name=step,
                label=key.replace("_", " ").capitalize(),
                kind=kind,
                default=parameter.default,
                unit=parameter.unit if number else "",
                bounds=parameter.bounds if number else None,
                step=parameter.step if number else None,
                options=tuple(parameter.objects) if kind == "choice" else (),
                optional=bool(parameter.allow_None) if number else False,
                doc=parameter.doc or "",
            )


_DESCRIPTIONS: Final[dict[str, Description]] = {d.name: d for d in _read_declarations()}
_OF_STEP: Final = {step: [d for d in _DESCRIPTIONS.values() if d.step_name == step] for step in STEP_CLASSES}
_KEYS_OF: Final = {step: [(d.name, d.name.partition(".")[2]) for d in found] for step, found in _OF_STEP.items()}


def _described(name: str) -> Description:
    if name in _DESCRIPTIONS:
        return _DESCRIPTIONS[name]
    step, _, key = name.partition(".")
    if step not in STEP_CLASSES:
        raise ImgdashError(f"{name!r}: there is no processing step {step!r}.", f"Steps are {', '.join(STEP_CLASSES)}.")
    known = [d.name.partition(".")[2] for d in _DESCRIPTIONS.values() if d.step_name == step]
    raise ImgdashError(f"{name!r}: step {step!r} has no parameter {key!r}.", f"It has {', '.join(known)}.")


def _checked(description: Description, value: Any) -> Any:
    """The value in its declared type; numbers may come as text (OBX, UPS TEXT items)."""
    name = description.name
    if value is None and description.optional:
        return None
    if description.kind == "choice":
        for option in description.options:
            if value == option or str(value) == str(option):
                return option
        raise ImgdashError(f"{name} = {value!r} is not possible.", f"Choose from {list(description.options)}.")
    if description.kind == "boolean":
        words = {
            "true": True,
            "false": False,
            "1": True,
            "0": False,
            "yes": True,
            "no": False,
            "1.0": True,
            "0.0": False,
        }
        if str(value).lower() not in words:
            raise ImgdashError(f"{name} = {value!r} is not a yes or no.", "Write true or false.")
        return words[str(value).lower()]
    if description.kind == "number":
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise ImgdashError(f"{name} = {value!r} is not a number.", _bounds_text(description)) from None
        low, high = description.bounds or (None, None)
        if not math.isfinite(number) or (low is not None and number < low) or (high is not None and number > high):
            raise ImgdashError(f"{name} = {value!r} is out of bounds.", _bounds_text(description))
        return number
    if description.kind == "list":
        return _points(name, value)
    return str(value)


def _bounds_text(description: Description) -> str:
    low, high = description.bounds or (None, None)
    unit = "" if description.unit == "1" else f" {description.unit}"
    return f"It lies between {low:g} and {high:g}{unit}."


def _points(name: str, value: Any) -> list[list[float]]:
    """Corners of a polygon: none, or at least three."""
    try:
        points = [[float(x), float(y)] for x, y in value]
    except (TypeError, ValueError):
        raise ImgdashError(f"{name} = {value!r} is not a list of corners.", "Write [[x, y], …] in mm.") from None
    if 0 < len(points) < 3 or not all(math.isfinite(c) for point in points for c in point):
        raise ImgdashError(f"{name} has {len(points)} corners.", "A polygon needs three or more; none removes it.")
    return points
