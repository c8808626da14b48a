"""Condition files (C1): TOML, versioned, one file for each condition key and one for each of its former versions."""

from __future__ import annotations

import dataclasses
import logging
import os
import re
import shutil
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from imgdash.model import Condition, ImgdashError, NotFound
from imgdash.model.shipped import folder as shipped_folder
from imgdash.process.doubts import doubts
from imgdash.process.parameters import Chain
from imgdash.store.condition_text import difference, parse, render
from imgdash.store.files import sync_folder

_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_LOG = logging.getLogger(__name__)


def shipped() -> Path:
    """The condition files that come with imgdash."""
    return shipped_folder("conditions")


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


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    with open(temporary, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    sync_folder(path.parent)
