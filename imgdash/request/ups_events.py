"""What a performer reports about a work item (N-EVENT-REPORT, PS3.4 CC.2.4), as plain facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydicom.dataset import Dataset

from imgdash.request.workitem import progress, refusal

STATE_REPORT: Final = 1
PROGRESS_REPORT: Final = 3


@dataclass(frozen=True)
class UpsEvent:
    """One report.

    Attributes
    ----------
    uid
        SOP Instance UID of the work item.
    state
        ``SCHEDULED``, ``IN PROGRESS``, ``COMPLETED``, ``CANCELED``; '' where the report is of another kind.
    text
        Why it was cancelled, or how far it is.
    """

    uid: str
    state: str
    text: str = ""


def facts(message: Any) -> UpsEvent:
    """The facts in a message file of service ``ups-event``.

    Parameters
    ----------
    message
        A mapping, or an object with attributes, of ``sop_instance_uid``, ``event_type_id`` and ``dataset`` (a data
        set or its DICOM JSON).
    """
    get = message.get if isinstance(message, Mapping) else lambda name: getattr(message, name, None)
    raw = get("dataset")
    ds = raw if isinstance(raw, Dataset) else Dataset.from_json(raw or {})
    kind = int(get("event_type_id") or 0)
    state = str(ds.get("ProcedureStepState") or "").upper() if kind == STATE_REPORT else ""
    text = ""
    if state == "CANCELED":
        text = refusal(ds)
    elif kind == PROGRESS_REPORT:
        text = progress(ds)
    return UpsEvent(str(get("sop_instance_uid") or ""), state, text)
