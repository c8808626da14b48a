"""Versions of a key: who released what, what differs, and back to a former one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from imgdash.apparatus.tuning import Changed
from imgdash.dashboard.session import Session
from imgdash.dashboard.tuning.controls import Versions
from imgdash.model import Condition, ImgdashError


class History:
    """Drives the view of versions.

    Parameters
    ----------
    on_load
        ``on_load(version)``: the sliders are to show that version.
    """

    def __init__(self, session: Session, on_load: Callable[[int], None]) -> None:
        self._session = session
        self._on_load = on_load
        self.key = ""
        self._wanted: tuple[int | None, int | None] = (None, None)
        self._asked = 0
        self.view = Versions(on_message=self._said, may=session.actor.may("condition"), sizing_mode="stretch_both")

    def show(self, key: str, version: int | None = None, against: int | None = None) -> None:
        """The versions of a key; one of them compared with another one, by itself with the one before."""
        self.key = key
        self._wanted = (version, against)
        self._asked += 1
        asked = self._asked
        tuning = self._session.apparatus.tuning

        def read() -> tuple[list[Condition], int, int, list[Changed], str]:
            found = tuning.history(key)
            numbers = [condition.version for condition in found]
            chosen = version if version in numbers else numbers[0]
            earlier = [number for number in numbers if number < chosen]
            other = (
                against
                if against in numbers and against != chosen
                else (earlier or [n for n in numbers if n > chosen] or [0])[0]
            )
            if not other:
                return found, chosen, 0, [], ""
            pair = sorted((other, chosen))
            return found, chosen, other, tuning.compare(key, *pair), tuning.difference(key, *pair)

        self._session.run(read, lambda found: self._read(asked, *found), self._failed)

    def refresh(self) -> None:
        """The key was released anew; a version that somebody looks at stays."""
        self.show(self.key, *self._wanted)

    def _read(
        self, asked: int, found: list[Condition], chosen: int, against: int, changes: list[Changed], difference: str
    ) -> None:
        if asked != self._asked:
            return
        self.view.param.update(
            versions=[
                {
                    "version": condition.version,
                    "author": condition.author,
                    "changed": condition.changed_at.replace("T", " ")[:16],
                    "note": condition.note,
                    "released": condition.released,
                }
                for condition in found
            ],
            current=chosen,
            against=against,
            changes=[
                {
                    "name": change.name.replace(".", " · ").replace("_", " "),
                    "former": _worded(change.former, change.unit),
                    "later": _worded(change.later, change.unit),
                }
                for change in changes
            ],
            difference=difference,
            in_use=found[0].released,
            error="",
        )

    def _said(self, message: Mapping[str, Any]) -> None:
        tuning, actor = self._session.apparatus.tuning, self._session.actor
        if "version" in message:
            against = message.get("against")
            self.show(self.key, int(message["version"]), int(against) if against else None)
        elif "load" in message:
            self._on_load(int(message["load"]))
        elif "back" in message:
            key, version, note = self.key, int(message["back"]), str(message.get("note", ""))
            self._release(lambda: tuning.back(key, version, actor, note))
        elif "use" in message:
            key, on, note = self.key, bool(message["use"]), str(message.get("note", ""))
            self._release(lambda: tuning.put_in_use(key, on, actor, note))

    def _release(self, work: Callable[[], Condition]) -> None:
        def done(condition: Condition) -> None:
            self.view.saved += 1
            self._session.tell(f"{condition.title}: version {condition.version} is in force.", "success")
            self.show(condition.key)

        self._session.run(work, done, self._failed)

    def _failed(self, error: ImgdashError) -> None:
        self.view.error = f"{error.cause} {error.remedy}"
        self._session.tell(error.cause, "error", error.remedy)


def _worded(value: Any, unit: str) -> str:
    if value is None or value == "":
        return "auto" if value is None else "empty"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return f"{len(value)} corners" if value else "none"
    return f"{value:g} {'' if unit == '1' else unit}".strip() if isinstance(value, float) else str(value)
