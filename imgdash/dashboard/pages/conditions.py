"""The page of condition keys (C1): tune one on its own images, replay it, release it, look at its versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import panel as pn
from panel.viewable import Viewable

from imgdash.apparatus.releasing import file_name
from imgdash.apparatus.tuning import KeyUse
from imgdash.dashboard.page import Page
from imgdash.dashboard.session import Session
from imgdash.dashboard.tables import Download, Head
from imgdash.dashboard.tuning.bench import Bench
from imgdash.dashboard.tuning.controls import KeyList
from imgdash.dashboard.tuning.history import History
from imgdash.dashboard.tuning.replaying import Replaying
from imgdash.model import Condition, Event, ImgdashError
from imgdash.process import Chain

_TABS = [
    {"name": "tune", "title": "Tune"},
    {"name": "replay", "title": "Replay", "text": "The parameters over the latest images of this key"},
    {"name": "versions", "title": "Versions"},
]
_DATE = 10
# Pixels that a curve needs for its numbers to be read.
_CURVE = 170


class Conditions(Page):
    """Every processing parameter of a key beside what it does."""

    name, title, icon = "conditions", "Conditions", "conditions"
    keymap: Mapping[str, str] = {"/": "search", "b": "flip", "n": "after", "p": "before"}
    local: Sequence[str] = ("search",)
    words: Mapping[str, str] = {
        "search": "Find a key", "flip": "Version in force / tried", "after": "Next image", "before": "Previous image"
    }  # fmt: skip

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._wanted: dict[str, str] = {}
        self._uses: list[KeyUse] = []
        self._views: dict[str, Any] = {}
        self._replay_again = False

    def view(self) -> Viewable:
        """List on the left, views in the middle, parameters on the right."""
        download = Download()
        self.bench = Bench(self.session, self._save, self._export, self._shown)
        self.replaying = Replaying(self.session, self.bench, self._tune_on)
        self.history = History(self.session, self._load, download)
        self.keys = KeyList(
            on_message=self._key_chosen, sizing_mode="stretch_height", width=216, styles={"max-width": "max(150px,17%)"}
        )
        self.head = Head(
            on_message=self._tab_chosen, title=self.title, tabs=_TABS, current="tune", sizing_mode="stretch_width"
        )
        bench, board, wide = self.bench, self.bench.board, {"sizing_mode": "stretch_width", "margin": 0}
        pictures = pn.Row(board.pictures.now.view, board.pictures.other.view, sizing_mode="stretch_both", margin=0)
        # Where there is no room for all of them, they are looked at one after another, not all too narrow to be read.
        strip = {"background": "var(--panel)", "overflow-x": "auto", "overflow-y": "hidden", "scrollbar-width": "thin"}
        curves = pn.Row(height=206, styles=strip, **wide)
        # One after another: while a figure is made, nobody else is answered.
        for curve in board.curves.views:
            curve.min_width = _CURVE
            self.session.soon(partial(curves.append, curve))
        self._views = {
            "tune": pn.Column(bench.picker, board.modes, pictures, curves, sizing_mode="stretch_both", margin=0),
            # Filled when it is first looked at: making its figures takes longer than all of the rest.
            "replay": pn.Column(sizing_mode="stretch_both", margin=0, visible=False),
            "versions": pn.Column(self.history.view, sizing_mode="stretch_both", margin=0, visible=False),
        }
        middle = pn.Column(self.head, *self._views.values(), sizing_mode="stretch_both", margin=0)
        right = pn.Column(
            board.readout,
            bench.tuner,
            width=322,
            sizing_mode="stretch_height",
            margin=0,
            styles={"border-left": "1px solid var(--line)", "max-width": "max(290px,26%)"},
        )
        return pn.Row(self.keys, middle, right, download, sizing_mode="stretch_both", margin=0)

    # -- what is there ------------------------------------------------------------------------------------

    def update(self, events: Sequence[Event]) -> None:
        """Keys that were released, images that came."""
        current = self.bench.condition
        arrived = [event for event in events if event.subject == "image" and event.event in ("examine", "adjust")]
        released = [event for event in events if event.subject == "condition"]
        if events and not arrived and not released:
            return
        self._read_keys()
        if current is not None and (arrived or any(event.id == current.key for event in released)):
            self.bench.refresh()
        if current is not None and any(event.id == current.key for event in released):
            self.history.refresh()

    def _read_keys(self) -> None:
        self.session.run(self.session.apparatus.tuning.keys, self._keys_read)

    def _keys_read(self, uses: list[KeyUse]) -> None:
        self._uses = uses
        conditions = self.session.apparatus.conditions
        passed_over = [text for _, text in sorted(conditions.problems.items())]
        doubted = [f"{key}: {text}" for key, text in sorted(conditions.doubts().items())]
        self.keys.set(keys=[_listed(use) for use in uses], problems=[*passed_over, *doubted], waiting=False)
        if not uses:
            self.bench.picker.waiting = False
        if self.bench.condition is None and uses:
            # The key of patients that is used most is what somebody most likely came for.
            first = max(uses, key=lambda use: (not use.condition.quality, use.images, str(use.last))).condition.key
            self._show(self._wanted.get("key", first), self._wanted.get("image", ""))
            if not self.keys.current:
                # The address names no key of this station, which was said.
                self._show(first)
        elif self.bench.condition is not None:
            self._entitle(self.bench.condition.key)

    def place(self) -> dict[str, str]:
        """The key, and the view where it is not that of tuning."""
        tab = self.head.current
        return {
            **({"key": self.keys.current} if self.keys.current else {}),
            **({"tab": tab} if tab != "tune" else {}),
        }

    def open(self, **query: Any) -> None:
        """``?page=conditions&key=chest-pa&image=…&tab=versions``."""
        self._wanted = {name: str(value) for name, value in query.items()}
        if "tab" in query:
            self._show_tab(str(query["tab"]))
        if self._uses and "key" in query:
            self._show(str(query["key"]), str(query.get("image", "")))

    def _show(self, key: str, image_id: str = "") -> None:
        if not any(use.condition.key == key for use in self._uses):
            self.session.tell(f"There is no condition key {key!r}.", "warning")
            return
        self.keys.current = key
        self._entitle(key)
        self.bench.show_key(key, image_id)
        self.history.show(key)
        self._replay_again = True
        self.session.address()

    def _entitle(self, key: str) -> None:
        use = next((use for use in self._uses if use.condition.key == key), None)
        if use is not None:
            condition = use.condition
            changed = f", {condition.changed_at.replace('T', ' ')[:16]}" if condition.changed_at else ""
            self.head.set(
                title=condition.title,
                subtitle=f"{key} · version {condition.version} by {condition.author or '–'}{changed}",
                said=condition.description if condition.released else "out of use: not chosen for images that arrive",
            )

    # -- what a person does -------------------------------------------------------------------------------

    def _key_chosen(self, message: Mapping[str, Any]) -> None:
        self._show(str(message.get("key")))

    def _tab_chosen(self, message: Mapping[str, Any]) -> None:
        self._show_tab(str(message.get("tab")))

    def _show_tab(self, tab: str) -> None:
        if tab not in self._views:
            return
        self.head.current = tab
        for name, view in self._views.items():
            view.visible = name == tab
        if tab == "replay":
            if not self._views[tab].objects:
                spread = pn.Row(height=206, sizing_mode="stretch_width", margin=0)
                self._views[tab].extend([self.replaying.view, spread])
                # The pictures come first, and it is seen that they do.
                for figure in self.replaying.spread.figures:
                    self.session.soon(partial(spread.append, figure.view))
            self.replaying.opened()
        self.session.address()

    def _save(self, note: str) -> None:
        condition, chain = self.bench.condition, self.bench.chain
        if condition is None:
            return
        tuner, tuning, actor = self.bench.tuner, self.session.apparatus.tuning, self.session.actor
        tuner.set(saving=True, error="")

        def done(saved: Condition) -> None:
            tuner.set(saving=False, saved=tuner.saved + 1)
            if self.bench.chain == chain:
                self.bench.kept()
            self.session.tell(f"{saved.title}: version {saved.version} is in force for images that arrive.", "success")

        def failed(error: ImgdashError) -> None:
            tuner.set(saving=False, error=f"{error.cause} {error.remedy}")

        self.session.run(lambda: tuning.save(condition.key, chain, actor, note, condition.version), done, failed)

    def _export(self) -> None:
        condition, chain = self.bench.condition, self.bench.chain
        if condition is not None:
            tuning, file = self.session.apparatus.tuning, file_name(condition.key)
            self.session.run(
                lambda: tuning.text(condition.key, tried=chain), lambda text: self.history.give(file, text)
            )

    def _shown(self) -> None:
        """A trial is painted: what the replay shows may be of other parameters, or of another key."""
        if self._replay_again:
            self._replay_again = False
            self.replaying.clear()
        if self.head.current == "replay":
            self.replaying.opened()

    def _load(self, chain: Chain, against: int) -> None:
        self._show_tab("tune")
        self.bench.load(chain)
        if against:
            self.bench.compare_with(against)

    def _tune_on(self, image_id: str) -> None:
        self._show_tab("tune")
        self.bench.show_image(image_id)

    def key(self, action: str) -> None:
        """B: before and after; N, P: the next image, the previous one."""
        if action == "flip":
            self.bench.board.flip()
        else:
            self.bench.step(1 if action == "after" else -1)

    def badge(self) -> tuple[int, str] | None:
        """Condition files that were passed over."""
        return len(self.session.apparatus.conditions.problems), "bad"


def _listed(use: KeyUse) -> dict[str, Any]:
    condition = use.condition
    return {
        "key": condition.key,
        "title": condition.title,
        "group": condition.group,
        "version": condition.version,
        "author": condition.author,
        "changed": condition.changed_at[:_DATE],
        "note": condition.description,
        "released": condition.released,
        "images": use.images,
    }
