"""The text of a condition file (C1): read with every mistake named, written so that two differ in values alone."""

from __future__ import annotations

import dataclasses
import difflib
import tomllib
from collections.abc import Mapping
from typing import Any

import tomli_w

from imgdash.model import Condition, ImgdashError, Selection
from imgdash.model.quality import QUALITY_KINDS
from imgdash.process.parameters import STEP_CLASSES, Chain, describe


def parse(key: str, text: str, origin: str) -> Condition:
    """A condition from the text of its file.

    Raises
    ------
    ImgdashError
        Naming the file and the line, table or parameter that does not fit.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ImgdashError(f"The condition file {origin} is not valid TOML: {error}.", "Mend that line.") from None
    names = {field.name for field in dataclasses.fields(Condition)} - {"key"}
    _fits(raw, origin)
    if strange := sorted(set(raw) - names):
        raise ImgdashError(
            f"The condition file {origin} has unknown settings: {', '.join(strange)}.", f"Known: {sorted(names)}."
        )
    selection = raw.pop("selection", {})
    known = {field.name for field in dataclasses.fields(Selection)}
    if strange := sorted(set(selection) - known):
        raise ImgdashError(
            f"[selection] of {origin} has unknown settings: {', '.join(strange)}.", f"Known: {sorted(known)}."
        )
    chosen = {name: tuple(value) if isinstance(value, list) else (value,) for name, value in selection.items()}
    for name in ("outputs", "required"):
        if name in raw:
            raw[name] = tuple(raw[name])
    raw.setdefault("title", key)
    raw.setdefault("group", "other")
    if raw.get("version", 1) == 1:
        # The note of a first version without a description says what the key is for.
        raw.setdefault("description", raw.get("note", ""))
    if (quality := raw.get("quality", "")) not in ("", "other", *QUALITY_KINDS):
        raise ImgdashError(
            f"The condition file {origin} is for the unknown quality control {quality!r}.",
            f"Known: {', '.join((*QUALITY_KINDS, 'other'))}.",
        )
    try:
        condition = Condition(key=key, selection=Selection(**chosen), **raw)
        Chain.of(condition.processing)
    except (TypeError, ValueError) as error:
        raise ImgdashError(f"The condition file {origin} does not fit: {error}.", "Mend that value.") from None
    except ImgdashError as error:
        raise ImgdashError(f"In the condition file {origin}: {error.cause}", error.remedy) from None
    return condition


_KINDS: Mapping[str, tuple[type, str]] = {
    **dict.fromkeys(("title", "group", "description", "author", "changed_at", "note", "quality"), (str, "text")),
    **dict.fromkeys(("selection", "processing", "output", "exposure"), (dict, "a table")),
    **dict.fromkeys(("outputs", "required"), (list, "a list")),
    "version": (int, "a whole number from 1 on"),
    "released": (bool, "true or false"),
}


def _fits(raw: Mapping[str, Any], origin: str) -> None:
    """Refuse what is of another kind than its setting: it would be kept, and mean nothing."""
    for name, value in raw.items():
        kind, words = _KINDS.get(name, (object, ""))
        # To Python, true is the number 1.
        wrong = not isinstance(value, kind) or (kind is int and isinstance(value, bool))
        if wrong or (name == "version" and value < 1):
            said = tomli_w.dumps({name: value}).partition("\n")[0]
            raise ImgdashError(f"In the condition file {origin}: {said!r} does not fit.", f"Make it {words}.")


def render(condition: Condition) -> str:
    """The text of a condition file; parameters in the order of the steps, so that two files differ in values alone."""
    content = _toml(dataclasses.asdict(condition))
    content.pop("key")
    tables = content.get("processing", {})
    for name in [described.name for described in describe()]:
        step, _, key = name.partition(".")
        if key in tables.get(step, {}):
            tables[step][key] = tables[step].pop(key)
    if tables:
        content["processing"] = {step: tables[step] for step in STEP_CLASSES if step in tables}
    return tomli_w.dumps(content)


def _toml(value: Any) -> Any:
    """TOML knows no null: what is unknown or empty is left out."""
    if isinstance(value, Mapping):
        return {key: _toml(item) for key, item in value.items() if item not in (None, (), [], {}, "")}
    if isinstance(value, list | tuple):
        return [_toml(item) for item in value]
    return value


def difference(former: Condition, later: Condition, name: str = "") -> str:
    """What differs between two condition files but for who released them when: TOML lines with dotted names.

    Parameters
    ----------
    name
        Of the later one, where it is no version.
    """
    nobody: dict[str, Any] = {"version": 1, "author": "", "changed_at": "", "note": ""}
    before, after = (
        _lines(tomllib.loads(render(dataclasses.replace(condition, **nobody)))) for condition in (former, later)
    )
    one, other = (f"{condition.key} version {condition.version}" for condition in (former, later))
    found = difflib.unified_diff(before, after, one, name or other, lineterm="", n=0)
    return "\n".join(line for line in found if not line.startswith("@@"))


def _lines(table: Mapping[str, Any], above: str = "") -> list[str]:
    found = []
    for name, value in table.items():
        if isinstance(value, Mapping):
            found += _lines(value, f"{above}{name}.")
        else:
            found.append(above + tomli_w.dumps({name: value}, multiline_strings=False).strip())
    return found
