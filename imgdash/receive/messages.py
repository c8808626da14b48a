"""Message files of the journal: what peers said besides images."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset

from imgdash.model.errors import Unreadable

SERVICES: Final = frozenset(
    ["mpps-create", "mpps-set", "commitment-request", "commitment-result", "ups-event", "refused"]
)


@dataclass(frozen=True)
class Message(Mapping[str, Any]):
    """One message; also a mapping of its fields.

    Attributes
    ----------
    service
        One of `SERVICES`.
    dataset
        The data set of the request; empty where it had none.
    reason
        Of a refused association: why.
    name
        Of its file: no other message has it.
    """

    service: str
    calling_ae: str
    called_ae: str
    host: str
    received_at: datetime | None = None
    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    event_type_id: int = 0
    action_type_id: int = 0
    dataset: Dataset | None = None
    reason: str = ""
    name: str = ""

    def __getitem__(self, name: str) -> Any:
        if name not in _NAMES:
            raise KeyError(name)
        return getattr(self, name)

    def __iter__(self) -> Iterator[str]:
        return iter(_NAMES)

    def __len__(self) -> int:
        return len(_NAMES)


_NAMES: Final = tuple(field.name for field in fields(Message))


def _dataset(content: dict[str, Any]) -> Dataset:
    # Peers send values that their VR does not allow; they are judged where they matter, not here.
    with disable_value_validation():
        return Dataset.from_json(content)


def read(path: Path) -> Message:
    """Read and check a message file.

    Raises
    ------
    Unreadable
        If it is not one that a receiver writes.
    """
    try:
        content = json.loads(path.read_bytes())
        service = content["service"]
        if service not in SERVICES:
            raise ValueError("unknown service")
        received = content.get("received_at")
        return Message(
            service=service,
            calling_ae=str(content["calling_ae"]),
            called_ae=str(content["called_ae"]),
            host=str(content["host"]),
            received_at=datetime.fromisoformat(received) if received else None,
            sop_class_uid=str(content.get("sop_class_uid", "")),
            sop_instance_uid=str(content.get("sop_instance_uid", "")),
            event_type_id=int(content.get("event_type_id", 0)),
            action_type_id=int(content.get("action_type_id", 0)),
            dataset=_dataset(content.get("dataset", {})),
            reason=str(content.get("reason", "")),
            name=path.name,
        )
    except Exception as error:
        # Boundary: pydicom's JSON reader has no exception of its own.
        raise Unreadable(
            f"The message file {path.name} cannot be read ({type(error).__name__}).", "Ask the sender to repeat it."
        ) from None
