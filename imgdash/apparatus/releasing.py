"""Versions of condition keys (C1): what differs, releasing, the way back, and their files to and from elsewhere."""

from __future__ import annotations

import dataclasses
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from imgdash.model import Actor, Condition, ImgdashError
from imgdash.process import Chain, describe
from imgdash.store.condition_text import difference, parse, render
from imgdash.store.conditions import Conditions

# ``chest-pa.toml``, and what `file_name` makes of a version: ``chest-pa.v3.toml``.
_FILE: Final = re.compile(r"([a-z0-9][a-z0-9-]{0,63})(\.(v\d+|tried))?\.toml")
_LONGEST_FILE: Final = 262_144


@dataclass(frozen=True)
class Changed:
    """A parameter that differs between two versions of a key."""

    name: str
    unit: str
    former: Any
    later: Any


@dataclass(frozen=True)
class Brought:
    """A condition file from elsewhere, before anybody releases it.

    Attributes
    ----------
    condition
        As the file has it, under the key it is meant for.
    based_on
        Version in force of that key; 0 if there is no such key yet.
    changes, difference
        Against the version in force.
    """

    condition: Condition
    based_on: int
    changes: list[Changed]
    difference: str


class Releasing:
    """Keeps versions; everything that changes one checks the role.

    Parameters
    ----------
    release
        `imgdash.Apparatus.save_condition`: checks the role, keeps the version, journals it.
    """

    def __init__(self, conditions: Conditions, release: Callable[[Condition, Actor, str], Condition]) -> None:
        self._conditions = conditions
        self._release = release
        self._releasing = threading.Lock()

    def chain(self, key: str, version: int | None = None) -> Chain:
        """The processing parameters of a version of a key."""
        return Chain.of(self._conditions.get(key, version).processing)

    def history(self, key: str) -> list[Condition]:
        """Every version of a key, latest first."""
        return self._conditions.history(key)

    def compare(self, key: str, former: int, later: int) -> list[Changed]:
        """Parameters that differ between two versions, in the order of the steps."""
        return compare(self.chain(key, former), self.chain(key, later))

    def difference(self, key: str, former: int, later: int) -> str:
        """Everything that differs between the files of two versions, as a unified diff."""
        return self._conditions.diff(key, former, later)

    def save(self, key: str, chain: Chain, by: Actor, note: str, based_on: int) -> Condition:
        """Release tried parameters as the next version.

        Parameters
        ----------
        based_on
            The version that was looked at; if another was released meanwhile, nothing is saved.

        Raises
        ------
        NotAllowed
            If `by` is no manager.
        ImgdashError
            Without a note, without a change, or if somebody else was faster.
        """
        by.require("condition")
        with self._releasing:
            current = self._conditions.get(key)
            self._unchanged(current, key, based_on)
            if not compare(Chain.of(current.processing), chain):
                raise ImgdashError("No parameter differs from the version in force.", "Change one, then save.")
            return self._next(dataclasses.replace(current, processing=processing(chain, current)), by, note)

    def back(self, key: str, version: int, by: Actor, note: str) -> Condition:
        """Release a former version again, as the next one: what happened in between stays known."""
        by.require("condition")
        with self._releasing:
            if self._conditions.get(key).version == version:
                raise ImgdashError(f"Version {version} is in force.", "Choose an earlier one.")
            return self._next(self._conditions.get(key, version), by, note)

    def put_in_use(self, key: str, on: bool, by: Actor, note: str) -> Condition:
        """Let a key be chosen for images that arrive, or not any more."""
        by.require("condition")
        with self._releasing:
            current = self._conditions.get(key)
            if current.released == on:
                raise ImgdashError(f"{key} is {'in use' if on else 'out of use'} already.")
            return self._next(dataclasses.replace(current, released=on), by, note)

    def _next(self, condition: Condition, by: Actor, note: str) -> Condition:
        if not note.strip():
            raise ImgdashError("A version needs a note.", "Say in a few words what changed and why.")
        return self._release(condition, by, note.strip())

    # -- files to and from elsewhere ----------------------------------------------------------------------

    def text(self, key: str, version: int | None = None, tried: Chain | None = None) -> str:
        """The TOML file of a version of a key, or of tried parameters upon it."""
        condition = self._conditions.get(key, version)
        if tried is not None:
            condition = dataclasses.replace(condition, processing=processing(tried, condition))
        return render(condition)

    def read(self, text: str, file: str, key: str) -> Brought:
        """Read a condition file from elsewhere; nothing is kept.

        Parameters
        ----------
        file
            Its name, which names the key it is meant for.
        key
            Meant where the name does not look like a key's.

        Raises
        ------
        ImgdashError
            Naming the line, table or parameter that does not fit.
        """
        if not text.strip() or len(text) > _LONGEST_FILE:
            raise ImgdashError(f"{file} is no condition file: empty, or far too long.", "Choose a key's TOML file.")
        named = _FILE.fullmatch(file)
        meant = named.group(1) if named else key
        condition = parse(meant, text, file)
        if not any(known.key == meant for known in self._conditions.all()):
            return Brought(condition, 0, compare(Chain.of(), Chain.of(condition.processing)), "")
        current = self._conditions.get(meant)
        chains = Chain.of(current.processing), Chain.of(condition.processing)
        return Brought(condition, current.version, compare(*chains), difference(current, condition, file))

    def bring_in(self, brought: Brought, by: Actor, note: str) -> Condition:
        """Release a file from elsewhere as the next version of its key, or as a new key."""
        by.require("condition")
        key = brought.condition.key
        with self._releasing:
            current = next((known for known in self._conditions.all() if known.key == key), None)
            self._unchanged(current, key, brought.based_on)
            return self._next(brought.condition, by, note)

    def _unchanged(self, current: Condition | None, key: str, based_on: int) -> None:
        version = current.version if current else 0
        if version != based_on:
            author = current.author if current else "Somebody"
            raise ImgdashError(
                f"{author} released version {version} of {key} meanwhile.",
                "Look at it under Versions, then save again.",
            )


def compare(former: Chain, later: Chain) -> list[Changed]:
    """Parameters that differ between two chains."""
    before, after, units = former.flat(), later.flat(), former.units()
    return [
        Changed(name, units.get(name, ""), before[name], after[name]) for name in before if before[name] != after[name]
    ]


def processing(chain: Chain, former: Condition) -> dict[str, dict[str, Any]]:
    """A condition file's tables: what differs from the declared default, and what the file named before."""
    values = chain.flat()
    tables: dict[str, dict[str, Any]] = {}
    for described in describe():
        key = described.name.partition(".")[2]
        named = key in former.processing.get(described.step_name, {})
        value = values[described.name]
        if value is not None and (named or value != described.default):
            tables.setdefault(described.step_name, {})[key] = value
    return tables


def file_name(key: str, version: int | None = None) -> str:
    """The name a version's file has outside the site; without `version` that of tried parameters."""
    return f"{key}.{'tried' if version is None else f'v{version}'}.toml"
