"""Performed procedure steps (PS3.4 annex F): forwarded, and ended where the worklist entry was the wrong one (R5)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pydicom.dataset import Dataset

from imgdash.config import Peer
from imgdash.model.codes import DISCONTINUATION_REASONS, REJECTED_WORKLIST
from imgdash.request.notices.told import Case, Kind, Notice
from imgdash.wire.dicom import code_item

# "Incorrect worklist entry selected". CID 9301 has no code for quality: that reason travels in the rejection note.
WRONG_ENTRY: Final = DISCONTINUATION_REASONS["110514"]


def forwarded(peer: Peer, service: str, uid: str, ds: Dataset) -> Notice | None:
    """What a modality told of a step, for a peer that wants to know."""
    kind: Kind | None = {"mpps-create": "mpps-create", "mpps-set": "mpps-set"}.get(service)  # type: ignore[assignment]
    if not peer.mpps or kind is None:
        return None
    state = str(ds.get("PerformedProcedureStepStatus", "")).lower() or "changed"
    words = f"step of {ds.get('PerformedStationAETitle', 'a modality')}: {state}"
    return Notice(kind, uid, words, ds.to_json_dict())


def discontinued(peer: Peer, case: Case) -> Notice | None:
    """The end of a step that was begun for the wrong worklist entry.

    A step that is completed already is final (PS3.4 F.7.2.2.2): then the rejection note alone says it.
    """
    wrong = case.event in ("reject", "request") and case.header.reason == REJECTED_WORKLIST.value
    if not peer.mpps or not wrong or not case.step_uid or case.step_state != "IN PROGRESS":
        return None
    now, ds = datetime.now(), Dataset()
    ds.PerformedProcedureStepStatus = "DISCONTINUED"
    ds.PerformedProcedureStepEndDate, ds.PerformedProcedureStepEndTime = f"{now:%Y%m%d}", f"{now:%H%M%S}"
    ds.PerformedProcedureStepDiscontinuationReasonCodeSequence = [code_item(WRONG_ENTRY)]
    ds.PerformedSeriesSequence = []
    return Notice("mpps-set", case.step_uid, "step discontinued: incorrect worklist entry selected", ds.to_json_dict())


__all__ = ["discontinued", "forwarded"]
