"""Roles (H1): what a general user, a manager and a maker may do. Checked in the apparatus, not by hiding buttons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from imgdash.model.errors import NotAllowed

# "nobody": whose account was removed while he was logged in; nobody is given that role.
Role = Literal["nobody", "user", "manager", "maker"]
ROLES: Final[tuple[Role, ...]] = ("user", "manager", "maker")

# The lowest role that may take each action. Changing information relating to images needs the manager (H1).
NEEDS: Final[dict[str, Role]] = {
    "view": "user",
    "confirm": "user",
    "undo": "user",
    "postpone": "user",
    "resume": "user",
    "protect": "user",
    "prioritise": "user",
    "process": "user",
    "route": "user",
    "request": "user",
    "reject": "user",
    "queue": "user",
    "export": "user",
    "query": "user",
    "sign": "user",
    "edit": "manager",
    "restore": "manager",
    "delete": "manager",
    "condition": "manager",
    "users": "manager",
    "peers": "manager",
    "system": "maker",
}


@dataclass(frozen=True)
class Actor:
    """Who acts. The apparatus itself acts as ``imgdash``, a maker."""

    name: str
    role: Role

    def may(self, action: str) -> bool:
        """Whether the role reaches."""
        return self.role in ROLES and ROLES.index(self.role) >= ROLES.index(NEEDS[action])

    def require(self, action: str) -> None:
        """Refuse what the role does not reach.

        Raises
        ------
        NotAllowed
            Naming the role that is needed.
        """
        if not self.may(action):
            raise NotAllowed(
                f"The {self.role} {self.name!r} may not {action!r}.", f"It needs the role {NEEDS[action]!r}."
            )


APPARATUS: Final = Actor("imgdash", "maker")
