"""Which abstract syntaxes are storage, and in which transfer syntaxes a file can be kept (PS3.4 B.5, PS3.5 annex A)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from pydicom.uid import UID, UID_dictionary
from pynetdicom.presentation import AllStoragePresentationContexts

_STORAGE: Final = frozenset(str(context.abstract_syntax) for context in AllStoragePresentationContexts)
# RFC 2557 MIME, XML, and SMPTE real-time video.
_NOT_FOR_FILES: Final = ("1.2.840.10008.1.2.6.", "1.2.840.10008.1.2.7.")


@lru_cache(maxsize=1024)
def is_storage(sop_class: str) -> bool:
    """Whether `sop_class` is a storage SOP class of the standard; of the retired ones, those for images."""
    return sop_class in _STORAGE or UID(sop_class).name.removesuffix(" (Retired)").endswith("Image Storage")


@lru_cache(maxsize=1024)
def is_syntax(transfer_syntax: str) -> bool:
    """Whether `transfer_syntax` is one of the standard that a file can be kept in."""
    uid = UID(transfer_syntax)
    return not uid.is_private and uid.type == "Transfer Syntax" and not transfer_syntax.startswith(_NOT_FOR_FILES)


def storage_classes() -> list[str]:
    """Every SOP class that `is_storage`, of those with a name."""
    named = {uid for uid, entry in UID_dictionary.items() if entry[1] == "SOP Class"}
    return sorted(uid for uid in named | _STORAGE if is_storage(uid))


def transfer_syntaxes() -> list[str]:
    """Every transfer syntax that `is_syntax`."""
    return sorted(uid for uid in UID_dictionary if is_syntax(uid))


__all__ = ["is_storage", "is_syntax", "storage_classes", "transfer_syntaxes"]
