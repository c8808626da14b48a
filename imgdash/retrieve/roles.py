"""What is agreed on besides the services themselves: storage in the other direction, relational queries."""

from __future__ import annotations

from pydicom.uid import UID
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.presentation import build_context

from imgdash.wire.syntaxes import is_storage, is_syntax


def offer_storage(assoc: Association) -> None:
    """Accept storage where the peer will be its provider (C-GET), in the peer's own order of transfer syntaxes."""
    syntaxes: dict[str, dict[str, None]] = {}
    for role in assoc.requestor.role_selection.values():
        if role.scp_role and is_storage(str(role.sop_class_uid)):
            syntaxes[str(role.sop_class_uid)] = {}
    for proposed in assoc.requestor.primitive.presentation_context_definition_list:
        wanted = syntaxes.get(str(proposed.abstract_syntax))
        if wanted is not None:
            wanted.update(dict.fromkeys(str(uid) for uid in proposed.transfer_syntax if is_syntax(uid)))
    offered = list(assoc.acceptor.supported_contexts)
    for sop_class, known in syntaxes.items():
        if known:
            context = build_context(sop_class, list(known))
            context.scu_role, context.scp_role = False, True
            offered.append(context)
    assoc.acceptor.supported_contexts = offered


def agree(event: evt.Event) -> dict[UID, bytes]:
    """To relational queries and retrieval; not to combined date-time or fuzzy matching (PS3.4 C.5.1.1, C.5.2.1)."""
    return {uid: bytes([info[0] & 1]) + bytes(len(info) - 1) for uid, info in event.app_info.items() if info}
