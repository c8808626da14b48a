"""Roles (H1): what a general user, a manager and a maker may do. Checked in the apparatus, not by hiding buttons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

from imgdash.model.errors import ImgdashError, NotAllowed

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

# What each action is, for whoever is refused it.
WORDS: Final[dict[str, str]] = {
    "view": "look at images",
    "confirm": "confirm images",
    "undo": "take a confirmation back",
    "postpone": "postpone images",
    "resume": "take up postponed images",
    "protect": "protect images",
    "prioritise": "say which images come first",
    "process": "process images",
    "route": "choose where images are sent",
    "request": "ask for better images",
    "reject": "reject images",
    "queue": "change the queues",
    "export": "export records",
    "query": "query the records",
    "sign": "sign exposures",
    "edit": "correct the information of images",
    "restore": "take a rejection back",
    "delete": "delete images",
    "condition": "change condition keys",
    "users": "change users",
    "peers": "change the other machines",
    "system": "change the system",
}


@dataclass(frozen=True)
class Actor:
    """Who acts. The apparatus itself acts as ``imgdash``, a maker.

    Raises
    ------
    ImgdashError
        For a role that there is not.
    """

    name: str
    role: Role

    def __post_init__(self) -> None:
        if self.role not in get_args(Role):
            raise ImgdashError(f"There is no role {self.role!r} for {self.name!r}.", f"There are: {', '.join(ROLES)}.")

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
            whose = "no account" if self.role == "nobody" else f"the role of a {self.role}"
            raise NotAllowed(
                f"{self.name or 'Somebody'} has {whose} and may not {WORDS[action]}.", f"A {NEEDS[action]} may."
            )


APPARATUS: Final = Actor("imgdash", "maker")
