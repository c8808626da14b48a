"""What a report's SQL file says of itself in its comment: parameters, columns, units, how to draw it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from imgdash.model import ImgdashError

_PARAMETER = re.compile(r"(\w+) (timestamp|varchar|boolean|integer)(?: = (\w+))?; (.*)", re.DOTALL)
_TRUTH = {"true": True, "1": True, "false": False, "0": False}
_CHOICES = re.compile(r"one of (.*)")


@dataclass(frozen=True)
class Parameter:
    """A named value of a report.

    Attributes
    ----------
    type
        ``timestamp``, ``varchar``, ``boolean`` or ``integer``.
    default
        None leaves it open.
    choices
        The only values possible, or empty.
    """

    name: str
    type: str
    default: Any
    text: str
    choices: tuple[str, ...] = ()

    def accept(self, value: Any) -> Any:
        """The value as DuckDB takes it.

        Raises
        ------
        ImgdashError
            Naming the parameter and what it takes.
        """
        if value is None or value == "":
            return self.default
        try:
            return self._convert(value)
        except (TypeError, ValueError, KeyError):
            raise ImgdashError(f"{self.name} = {value!r} is no {self.type}.", f"It is: {self.text}.") from None

    def _convert(self, value: Any) -> Any:
        if self.type == "timestamp":
            if isinstance(value, str):
                value = datetime.fromisoformat(value)
            if isinstance(value, datetime):
                return value.astimezone().replace(tzinfo=None) if value.tzinfo else value
            if isinstance(value, date):
                return datetime(value.year, value.month, value.day)
            raise TypeError(value)
        if self.type == "boolean":
            return _TRUTH[str(value).lower()]
        if self.type == "integer":
            return int(value)
        text = str(value)
        if self.choices and text not in self.choices:
            raise ValueError(text)
        return text


@dataclass(frozen=True)
class Column:
    """A column of the result, its unit, and what needs explaining."""

    name: str
    unit: str = ""
    text: str = ""


@dataclass(frozen=True)
class Draw:
    """How the result is best drawn.

    Attributes
    ----------
    kind
        ``bars`` and ``lines`` draw `y` over `x`, a colour for each value of `by`; ``control`` does so too, with the
        columns centre, low_1sd, high_1sd, low_2sd and high_2sd as lines; ``trend`` one value of `by` with the columns
        low and high as limits; ``table`` is not drawn.
    """

    kind: Literal["bars", "lines", "control", "trend", "table"]
    x: str = ""
    y: str = ""
    by: str = ""


@dataclass(frozen=True)
class Report:
    """A report: what it says, what it takes, what it gives.

    Attributes
    ----------
    number
        Its number in the list of reports; ``7b`` belongs to ``7``.
    what, source
        What it shows, and which law, standard or function asks for it.
    first
        Names of the columns that count most, from the first on: for where there is not room for all.
    sql
        The whole file.
    """

    name: str
    number: str
    title: str
    what: str
    source: str
    parameters: tuple[Parameter, ...]
    columns: tuple[Column, ...]
    first: tuple[str, ...]
    draw: Draw
    sql: str

    @property
    def order(self) -> tuple[int, str]:
        """What reports are sorted by."""
        digits = self.number.rstrip("abc")
        return int(digits), self.number

    def bind(self, values: dict[str, Any]) -> dict[str, Any]:
        """Values for all parameters.

        Raises
        ------
        ImgdashError
            If a name is unknown or a value does not fit.
        """
        if strange := sorted(set(values) - {parameter.name for parameter in self.parameters}):
            known = ", ".join(parameter.name for parameter in self.parameters)
            raise ImgdashError(f"The report {self.name!r} has no parameter {', '.join(strange)}.", f"It has: {known}.")
        return {parameter.name: parameter.accept(values.get(parameter.name)) for parameter in self.parameters}


def parse(name: str, sql: str) -> Report:
    """A report from its SQL file."""
    said: dict[str, list[str]] = {}
    key = ""
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        if line.startswith("--   "):
            said[key][-1] += " " + line[2:].strip()
        else:
            key, _, value = line[2:].strip().partition(": ")
            said.setdefault(key, []).append(value.strip())
    return Report(
        name=name,
        number=said["Number"][0],
        title=said["Title"][0],
        what=said["What"][0],
        source=said["Source"][0],
        parameters=tuple(_parameter(text) for text in said.get("Parameter", ())),
        columns=tuple(_column(text) for text in said["Column"]),
        first=tuple(name for text in said.get("First", ()) for name in text.split(", ")),
        draw=_draw(said["Draw"][0]),
        sql=sql,
    )


def _parameter(text: str) -> Parameter:
    found = _PARAMETER.fullmatch(text)
    if found is None:
        raise ValueError(text)
    name, type, default, explained = found.groups()
    choices = _CHOICES.match(explained)
    value: Any = default
    if type == "boolean":
        value = default == "true"
    return Parameter(name, type, value, explained, tuple(choices[1].split(", ")) if choices else ())


def _column(text: str) -> Column:
    name, unit, explained = ([part.strip() for part in text.split(";")] + ["", ""])[:3]
    return Column(name, unit, explained)


def _draw(text: str) -> Draw:
    kind, *settings = (part.strip() for part in text.split(";"))
    chosen = dict(setting.split(" = ") for setting in settings)
    return Draw(kind, **chosen)  # type: ignore[arg-type]
