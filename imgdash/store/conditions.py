"""Condition files (C1): TOML, versioned, one file for each condition key and one for each of its former versions."""

from __future__ import annotations

import dataclasses
import difflib
import logging
import os
import re
import shutil
import tomllib
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import tomli_w

from imgdash.model import Condition, ImgdashError, NotFound, Selection
from imgdash.model.quality import QUALITY_KINDS
from imgdash.model.shipped import folder as shipped_folder
from imgdash.process.doubts import doubts
from imgdash.process.parameters import STEP_CLASSES, Chain, describe
from imgdash.store.files import sync_folder

_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_LOG = logging.getLogger(__name__)


def shipped() -> Path:
    """The condition files that come with imgdash."""
    return shipped_folder("conditions")


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


class Conditions:
    """The condition files of a site.

    Parameters
    ----------
    folder
        The site's ``conditions`` folder; filled with what imgdash ships if it has no file.

    Attributes
    ----------
    problems
        File name → what is wrong with it. A broken file is passed over; its last good version stays in force.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.old = folder / "history"
        self.old.mkdir(parents=True, exist_ok=True)
        self.problems: dict[str, str] = {}
        self._read: dict[str, Condition] = {}
        self._stamps: dict[str, tuple[int, int]] = {}
        if not any(folder.glob("*.toml")):
            for path in shipped().glob("*.toml"):
                shutil.copy(path, folder / path.name)
        self.refresh()

    def refresh(self) -> None:
        """Read files that were changed by hand since."""
        there = set()
        for path in sorted(self.folder.glob("*.toml")):
            key = path.stem
            there.add(key)
            try:
                stat = path.stat()
            except OSError as error:
                # An editor replaces it in this moment, say; what was read last stays in force until the next look.
                _LOG.warning("condition file %s not looked at: %s", path.name, error.strerror)
                continue
            stamp = (stat.st_mtime_ns, stat.st_size)
            if self._stamps.get(key) == stamp:
                continue
            self._stamps[key] = stamp
            try:
                if not _KEY.fullmatch(key):
                    raise ImgdashError(f"{path.name} is not a condition key.", "Use a-z, 0-9 and '-'.")
                condition = parse(key, path.read_text(encoding="utf-8"), path.name)
            except (ImgdashError, OSError, UnicodeDecodeError) as error:
                self.problems[path.name] = str(error)
                _LOG.warning("condition file passed over: %s", error)
                continue
            self.problems.pop(path.name, None)
            self._read[key] = condition
            for doubt in doubts(Chain.of(condition.processing)):
                _LOG.warning("condition file %s: %s", path.name, doubt)
            self._archive(condition)
        for gone in set(self._stamps) - there:
            self._stamps.pop(gone)
            self._read.pop(gone, None)
            self.problems.pop(f"{gone}.toml", None)

    def _archive(self, condition: Condition) -> None:
        kept = self.old / condition.key / f"{condition.version}.toml"
        if not kept.exists():
            _write(kept, render(condition))

    def all(self) -> list[Condition]:
        """Every condition in force, by group and title."""
        return sorted(self._read.values(), key=lambda condition: (condition.group, condition.title))

    def doubts(self) -> dict[str, str]:
        """Key in force → what it says that is allowed, and most likely not meant."""
        found = {condition.key: doubts(Chain.of(condition.processing)) for condition in self.all()}
        return {key: " ".join(said) for key, said in found.items() if said}

    def get(self, key: str, version: int | None = None) -> Condition:
        """One condition, in force or in the version asked for.

        Raises
        ------
        NotFound
        """
        current = self._read.get(key)
        if current is not None and version in (None, current.version):
            return current
        if _KEY.fullmatch(key) and version is not None:
            path = self.old / key / f"{int(version)}.toml"
            if path.exists():
                return parse(key, path.read_text(encoding="utf-8"), f"{key} version {version}")
        if current is not None:
            known = ", ".join(str(old.version) for old in self.history(key))
            raise NotFound(f"The condition key {key!r} has no version {version}.", f"It has: {known}.")
        raise NotFound(f"No condition key {key!r}.", f"There are: {', '.join(sorted(self._read))}.")

    def save(self, condition: Condition, by: str, note: str = "") -> Condition:
        """Store a changed condition as the next version.

        Raises
        ------
        ImgdashError
            If a value does not fit; nothing is changed then.
        """
        if not _KEY.fullmatch(condition.key):
            raise ImgdashError(f"{condition.key!r} is not a condition key.", "Use a-z, 0-9 and '-'.")
        versions = self.history(condition.key)
        version = max((old.version for old in versions), default=0) + 1
        changed = dataclasses.replace(
            condition, version=version, author=by, note=note, changed_at=datetime.now().isoformat(timespec="seconds")
        )
        checked = parse(condition.key, render(changed), condition.key)
        self._archive(checked)
        _write(self.folder / f"{condition.key}.toml", render(checked))
        self.refresh()
        return checked

    def never_had(self) -> list[str]:
        """Keys that imgdash ships and this site never had: those of a later release than the one it was made with."""
        shipped_keys = (path.stem for path in shipped().glob("*.toml"))
        return sorted(key for key in shipped_keys if key not in self._stamps and not (self.old / key).exists())

    def add_shipped(self, keys: Iterable[str]) -> list[str]:
        """Take such keys over as they are shipped; from then on they are chosen for images that arrive.

        Raises
        ------
        NotFound
            If one is not of `never_had`: what a site changed or removed stays as it is. Nothing is added then.
        """
        wanted, known = list(dict.fromkeys(keys)), self.never_had()
        if strange := [key for key in wanted if key not in known]:
            raise NotFound(
                f"Not a shipped condition key that this site never had: {', '.join(strange)}.",
                f"There are: {', '.join(known) or 'none'}.",
            )
        for key in wanted:
            _write(self.folder / f"{key}.toml", (shipped() / f"{key}.toml").read_text(encoding="utf-8"))
        self.refresh()
        return wanted

    def history(self, key: str) -> list[Condition]:
        """Every version of a key, latest first."""
        found = [
            parse(key, path.read_text(encoding="utf-8"), f"{key} version {path.stem}")
            for path in (self.old / key).glob("*.toml")
            if _KEY.fullmatch(key)
        ]
        return sorted(found, key=lambda condition: -condition.version)

    def diff(self, key: str, former: int, later: int) -> str:
        """What changed between two versions, as `difference` gives it."""
        return difference(self.get(key, former), self.get(key, later))


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


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    with open(temporary, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    sync_folder(path.parent)
