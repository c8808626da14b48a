"""The facade: records, settings of users, versions of condition keys (C1, H3, H4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imgdash.apparatus.parts import By, Parts
from imgdash.model import Event
from imgdash.records import reports, sql
from imgdash.store.change import Change


class Recording(Parts):
    """What is kept beside the images."""

    def report(self, name: str, **parameters: Any) -> Any:
        """One of the reports of `imgdash.records.reports.names()`, as a `pyarrow.Table`."""
        return reports.run(self.store, name, **parameters)

    def sql(self, text: str) -> Any:
        """A read-only DuckDB relation: ``.df()``, ``.arrow()``, ``.fetchall()``."""
        return sql.relation(self.store, text)

    def publish(self) -> None:
        """Publish the records now, for `imgdash query` and notebooks."""
        self._publisher.publish()

    def preference(self, user: str, key: str, default: Any = None) -> Any:
        """What a user set for himself (H4)."""
        return self.store.preference(f"user/{user}/{key}", default)

    def prefer(self, user: str, key: str, value: Any) -> None:
        """Keep a user's setting."""
        self.store.set("preference", f"user/{user}/{key}", user, value=value)

    def prefer_part(self, user: str, key: str, part: str, value: Any) -> None:
        """Keep one part of a user's setting, or forget it (None); what another tab has kept of the others stays."""
        self.prefer_parts(user, key, {part: value})

    def prefer_parts(self, user: str, key: str, parts: Mapping[str, Any]) -> dict[str, Any]:
        """As `prefer_part`, several of them at once; the whole setting, with what other tabs have kept."""
        name = f"user/{user}/{key}"

        def change_(change: Change) -> dict[str, Any]:
            both = {**(change.preference(name, {}) or {}), **parts}
            kept = {part: value for part, value in both.items() if value is not None}
            change.set("preference", name, user, value=kept)
            return kept

        return self.store.write(change_)

    def save_condition(self, condition: Any, by: By, note: str = "") -> Any:
        """Release a changed condition key as its next version (C1); needs the manager."""
        actor = self.actor(by)
        actor.require("condition")
        saved = self.conditions.save(condition, actor.name, note)
        self.store.write(
            lambda change: change.emit(
                Event("condition", saved.key, "release", {"version": saved.version}, actor.name, note)
            )
        )
        return saved
