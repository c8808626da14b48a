"""The view of users (H1): who there is, and for a manager also adding, changing and removing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import panel as pn

from imgdash.dashboard.administration.controls import UserForm
from imgdash.dashboard.session import Session
from imgdash.dashboard.tables import DataTable
from imgdash.model import ROLES, Actor, ImgdashError

_WORDS: Final = {
    "user": "reviews, confirms, requests, signs",
    "manager": "also changes information, condition keys and users",
    "maker": "also changes the system",
}


class People:
    """Drives the view of users."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._users: list[Actor] = []
        self.table = DataTable(
            on_message=self._chosen,
            label="Users",
            picks="one",
            columns=[
                {"name": "name", "title": "name", "kind": "text"},
                {"name": "role", "title": "role", "kind": "text"},
                {"name": "may", "title": "may", "kind": "text", "most": 70},
            ],
            sizing_mode="stretch_both",
        )
        self.form = UserForm(
            on_message=self._said,
            roles=[{"name": role, "text": _WORDS[role]} for role in ROLES],
            may=session.actor.may("users"),
            width=352,
            sizing_mode="stretch_height",
            styles={"border-left": "1px solid var(--line)", "background": "var(--panel)"},
        )
        self.form.visible = session.actor.may("users")
        self.view = pn.Row(self.table, self.form, sizing_mode="stretch_both", margin=0, visible=False)

    def refresh(self) -> None:
        """Read the users again."""
        self._session.run(self._session.apparatus.station.users, self._read)

    def _read(self, users: Sequence[Actor]) -> None:
        self._users = list(users)
        may = self._session.actor.may("users")
        self.form.set(may=may, visible=may)
        self.table.set(
            rows=[[user.name, user.role, _WORDS[user.role]] for user in users],
            total=len(users),
            chosen=[],
            said=f"you are {self._session.actor.name}, {self._session.actor.role}; "
            + ("choose a user to change it" if may else "users are changed by a manager"),
        )

    def _chosen(self, message: Mapping[str, Any]) -> None:
        chosen = [int(row) for row in message.get("chosen", ()) if 0 <= int(row) < len(self._users)]
        if chosen:
            user = self._users[chosen[0]]
            self.form.set(user=user.name, role=user.role, error="", serial=self.form.serial + 1)

    def _said(self, message: Mapping[str, Any]) -> None:
        station, actor = self._session.apparatus.station, self._session.actor
        if "save" in message:
            told = {name: str(message["save"].get(name, "")) for name in ("name", "role", "password")}
            self._act(
                lambda: station.set_user(told["name"], told["role"], told["password"], actor),
                f"{told['name']} is a {told['role']} now.",
            )
        elif "leave" in message:
            self.table.chosen = []
            self._begin_anew()
        elif "remove" in message:
            name = str(message["remove"])
            self._act(lambda: station.remove_user(name, actor), f"{name} was removed.")

    def _begin_anew(self) -> None:
        """A form for a new user."""
        self.form.set(user="", role="user", busy=False, error="", serial=self.form.serial + 1)

    def _act(self, work: Callable[[], Any], said: str) -> None:
        self.form.set(busy=True, error="")

        def done(_: Any) -> None:
            self._session.tell(said, "success")
            # Emptied here and not when the users are read: that may be later than what a person began since.
            self._begin_anew()
            self.refresh()

        def failed(error: ImgdashError) -> None:
            self.form.set(busy=False, error=f"{error.cause} {error.remedy}".strip())

        self._session.run(work, done, failed)
