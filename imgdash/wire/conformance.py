"""One line of a conformance statement: a SOP class, in which role, and what is done with it (PS3.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydicom.uid import UID


@dataclass(frozen=True)
class Service:
    """A SOP class that is spoken.

    Attributes
    ----------
    role
        Ours.
    operations
        DIMSE operations and notifications.
    syntaxes
        Transfer syntaxes, in the order they are proposed; as acceptor, all that are accepted.
    remark
        What a reader must know besides.
    """

    sop_class: str
    role: Literal["SCU", "SCP"]
    operations: tuple[str, ...]
    syntaxes: tuple[str, ...] = ()
    remark: str = ""

    @property
    def name(self) -> str:
        """As in PS3.6."""
        return UID(self.sop_class).name
