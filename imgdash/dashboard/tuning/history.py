"""Versions of a key: who released what, what differs, and back to a former one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from imgdash.apparatus.releasing import Brought, Changed, file_name
from imgdash.dashboard.place import Place
from imgdash.dashboard.tables import Download
from imgdash.dashboard.tuning.controls import Versions
from imgdash.model import Condition, ImgdashError
from imgdash.process import Chain


class History:
    """Drives the view of versions.

    Parameters
    ----------
    on_load
        ``on_load(chain, against)``: the sliders are to show these parameters, compared with that version if not 0.
    download
        Gives files to the browser.
    """

    def __init__(self, session: Place, on_load: Callable[[Chain, int], None], download: Download) -> None:
        self._session = session
        self._on_load = on_load
        self._download = download
        self._brought: Brought | None = None
        self.key = ""
        self._wanted: tuple[int | None, int | None] = (None, None)
        self._asked = 0
        self.view = Versions(on_message=self._said, may=session.actor.may("condition"), sizing_mode="stretch_both")

    def show(self, key: str, version: int | None = None, against: int | None = None) -> None:
        """The versions of a key; one of them compared with another one, by itself with the one before."""
        if key != self.key:
            self._leave()
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
        self.view.set(
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
            changes=_listed(changes),
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
            key, against = self.key, int(message.get("against") or 0)
            version = int(message["load"])
            self._session.run(
                lambda: tuning.chain(key, version), lambda chain: self._on_load(chain, against), self._failed
            )
        elif "export" in message:
            key, version = self.key, int(message["export"])
            self._session.run(
                lambda: tuning.text(key, version), lambda text: self.give(file_name(key, version), text), self._failed
            )
        elif "back" in message:
            key, version, note = self.key, int(message["back"]), str(message.get("note", ""))
            self._release(lambda: tuning.back(key, version, actor, note))
        elif "use" in message:
            key, on, note = self.key, bool(message["use"]), str(message.get("note", ""))
            self._release(lambda: tuning.put_in_use(key, on, actor, note))
        else:
            self._file_said(message)

    # -- files to and from elsewhere ----------------------------------------------------------------------

    def give(self, file: str, text: str) -> None:
        """Let the browser save a condition file."""
        self._download.give(file, "application/toml", text.encode("utf-8"))

    def _file_said(self, message: Mapping[str, Any]) -> None:
        tuning, actor, brought = self._session.apparatus.tuning, self._session.actor, self._brought
        if "file" in message:
            text, file, key = str(message.get("text", "")), str(message["file"]), self.key
            self._session.run(
                lambda: tuning.read(text, file, key), lambda found: self._arrived(file, found), self._failed
            )
        elif "leaveFile" in message:
            self._leave()
        elif brought is not None and "tryFile" in message:
            self._on_load(Chain.of(brought.condition.processing), 0)
        elif brought is not None and "bring" in message:
            note = str(message["bring"])
            self._release(lambda: tuning.bring_in(brought, actor, note))

    def _arrived(self, file: str, brought: Brought) -> None:
        self._brought = brought
        self.view.set(
            error="",
            brought={
                "file": file,
                "key": brought.condition.key,
                "version": brought.based_on,
                "changes": _listed(brought.changes),
                "difference": brought.difference,
            },
        )

    def _leave(self) -> None:
        self._brought = None
        self.view.brought = {}

    def _release(self, work: Callable[[], Condition]) -> None:
        def done(condition: Condition) -> None:
            self.view.saved += 1
            self._leave()
            self._session.tell(f"{condition.title}: version {condition.version} is in force.", "success")
            if condition.key == self.key:
                self.show(condition.key)

        self._session.run(work, done, self._failed)

    def _failed(self, error: ImgdashError) -> None:
        self.view.error = f"{error.cause} {error.remedy}"
        self._session.tell(error.cause, "error", error.remedy)


def _listed(changes: Sequence[Changed]) -> list[dict[str, str]]:
    return [
        {
            "name": change.name.replace(".", " · ").replace("_", " "),
            "former": _worded(change.former, change.unit),
            "later": _worded(change.later, change.unit),
        }
        for change in changes
    ]


def _worded(value: Any, unit: str) -> str:
    if value is None or value == "":
        return "auto" if value is None else "empty"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return f"{len(value)} corners" if value else "none"
    return f"{value:g} {'' if unit == '1' else unit}".strip() if isinstance(value, float) else str(value)
