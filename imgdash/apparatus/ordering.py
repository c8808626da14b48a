"""Ordered procedures and their condition keys (D4), as a manager changes them."""

from __future__ import annotations

from dataclasses import replace

from imgdash.model import Actor, Event, Order
from imgdash.store.change import Change
from imgdash.store.conditions import Conditions
from imgdash.store.procedures import Procedure, Procedures
from imgdash.store.store import Store


class Ordering:
    """The table of procedures, with who may change it and what follows from that."""

    def __init__(self, store: Store, conditions: Conditions, procedures: Procedures) -> None:
        self._store, self._conditions, self._procedures = store, conditions, procedures

    def procedures(self) -> list[Procedure]:
        """Every row of the table, by code."""
        return self._procedures.all()

    def key_of(self, code: str) -> str:
        """The condition key that the table has for a procedure, or ''."""
        found = self._procedures.find(code)
        return found.condition_key if found else ""

    def set_key(self, code: str, key: str, by: Actor) -> list[Order]:
        """Radiograph a procedure with a condition key from now on; '' leaves it to the condition files.

        Orders of it that wait for their image get the key at once.

        Returns
        -------
        These orders, as they are now.

        Raises
        ------
        NotAllowed
            If `by` is no manager.
        NotFound
            If there is no such key.
        """
        by.require("condition")
        if key:
            self._conditions.get(key)
        known = self._procedures.find(code) or Procedure(code)
        self._procedures.set(replace(known, condition_key=key))

        def change_(change: Change) -> list[Order]:
            said = {"procedure_code": known.procedure_code, "condition_key": key}
            change.emit(Event("procedure", known.procedure_code, "set", said, by.name))
            waiting = change.orders("state = 'new' and upper(trim(procedure_code)) = upper(trim(?))", [code])
            for order in waiting if key else ():
                change.set("order", order.order_id, by.name, "its procedure has this key now", condition=key)
            return change.orders("list_contains(?, order_id)", [[order.order_id for order in waiting]])

        return self._store.write(change_)


__all__ = ["Ordering"]
