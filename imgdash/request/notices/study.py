"""Detached Study Management, retired from the standard (PS3.4-2001 annex E): for systems that know nothing newer (R5).

A study whose image is not good enough is not done: it goes back to STARTED, with the reason as its comment.
"""

from __future__ import annotations

from typing import Final

from pydicom.dataset import Dataset

from imgdash.config import Peer
from imgdash.model.codes import REASONS
from imgdash.request.notices.told import Case, Notice

# Study Status ID (0032,000A).
STATUS: Final = {"examine": "ARRIVED", "request": "STARTED", "reject": "STARTED", "deliver": "COMPLETED"}


def notice(peer: Peer, case: Case) -> Notice | None:
    """The change of the study, or None where the peer is not told of this."""
    if not peer.detached_study or case.event not in STATUS or not case.header.study_uid:
        return None
    header, status = case.header, STATUS[case.event]
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.StudyStatusID = status
    ds.AccessionNumber, ds.StudyInstanceUID = header.accession, header.study_uid
    ds.StudyComments = ""
    if status == "STARTED" and header.reason in REASONS:
        ds.StudyComments = f"{REASONS[header.reason].meaning}. {header.comment}".strip()
    return Notice("study", header.study_uid, f"study of {header.accession}: {status.lower()}", ds.to_json_dict())


__all__ = ["notice"]
