"""Answering an association request (PS3.8 9.3.2-9.3.4, PS3.7 annex D)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydicom.uid import UID
from pynetdicom.pdu import A_ABORT_RQ, A_ASSOCIATE_AC, A_ASSOCIATE_RJ, A_ASSOCIATE_RQ, A_RELEASE_RP
from pynetdicom.pdu_primitives import (
    A_ASSOCIATE,
    ImplementationClassUIDNotification,
    ImplementationVersionNameNotification,
    MaximumLengthNotification,
    SCP_SCU_RoleSelectionNegotiation,
)
from pynetdicom.presentation import PresentationContext, negotiate_as_acceptor
from pynetdicom.sop_class import (
    ModalityPerformedProcedureStep,
    StorageCommitmentPushModel,
    UnifiedProcedureStepEvent,
    Verification,
)

from imgdash.receive.stream import BUFFER_BYTES
from imgdash.wire.admission import Refusal
from imgdash.wire.identity import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from imgdash.wire.syntaxes import is_storage, is_syntax

# What we ask peers to send at most in one PDU: one buffer.
MAX_PDU: Final = BUFFER_BYTES
# The peer reports events of these as SCP, so it may ask for that role.
EVENT_CLASSES: Final = frozenset([str(StorageCommitmentPushModel), str(UnifiedProcedureStepEvent)])
OTHER_CLASSES: Final = EVENT_CLASSES | {str(Verification), str(ModalityPerformedProcedureStep)}


@dataclass(frozen=True)
class Request:
    """An association request, as far as it matters here."""

    calling_ae: str
    called_ae: str
    contexts: tuple[PresentationContext, ...]
    roles: Mapping[str, tuple[bool, bool]]
    max_pdu: int
    primitive: A_ASSOCIATE


@dataclass(frozen=True)
class Accepted:
    """What was agreed: context id → (abstract syntax, transfer syntax), and the PDU that says so."""

    contexts: Mapping[int, tuple[str, str]]
    max_pdu: int
    pdu: bytes = field(repr=False)


def parse_request(pdu: bytes) -> Request:
    """Read an A-ASSOCIATE-RQ PDU.

    Raises
    ------
    ValueError
        If it cannot be read, whatever is wrong in it.
    """
    try:
        decoded = A_ASSOCIATE_RQ()
        decoded.decode(pdu)
        primitive = decoded.to_primitive()
        items = primitive.user_information
        request = Request(
            calling_ae=primitive.calling_ae_title.strip(),
            called_ae=primitive.called_ae_title.strip(),
            contexts=tuple(primitive.presentation_context_definition_list),
            roles={
                str(item.sop_class_uid): (bool(item.scu_role), bool(item.scp_role))
                for item in items
                if isinstance(item, SCP_SCU_RoleSelectionNegotiation)
            },
            max_pdu=max(
                (item.maximum_length_received for item in items if isinstance(item, MaximumLengthNotification)),
                default=0,
            ),
            primitive=primitive,
        )
    except Exception as error:
        # Boundary: the decoder meets hostile bytes with whatever exception comes first.
        raise ValueError(f"association request cannot be read: {type(error).__name__}") from None
    if not request.contexts or any(not context.transfer_syntax for context in request.contexts):
        raise ValueError("association request without presentation contexts or transfer syntaxes")
    return request


def accept(request: Request) -> Accepted:
    """Accept what is understood: of each context the transfer syntax that the peer named first."""
    results: list[PresentationContext] = []
    roles: dict[str, SCP_SCU_RoleSelectionNegotiation] = {}
    for proposed in request.contexts:
        # One at a time: a peer may propose one SOP class in several contexts, each with its own syntaxes.
        supported = _supported(proposed)
        result, replies = negotiate_as_acceptor([proposed], supported, dict(request.roles))
        results += result
        roles.update({str(reply.sop_class_uid): reply for reply in replies})
    answer = A_ASSOCIATE()
    answer.application_context_name = "1.2.840.10008.3.1.1.1"
    answer.calling_ae_title = request.primitive.calling_ae_title
    answer.called_ae_title = request.primitive.called_ae_title
    answer.result, answer.result_source = 0, 1
    answer.presentation_context_definition_results_list = results
    answer.user_information = [*_user_information(), *roles.values()]
    return Accepted(
        {
            result.context_id: (str(result.abstract_syntax), str(result.transfer_syntax[0]))
            for result in results
            if result.result == 0
        },
        request.max_pdu,
        A_ASSOCIATE_AC(answer).encode(),
    )


def rejection(refusal: Refusal) -> bytes:
    """The A-ASSOCIATE-RJ PDU."""
    pdu = A_ASSOCIATE_RJ()
    pdu.result, pdu.source, pdu.reason_diagnostic = refusal.result, refusal.source, refusal.diagnostic
    return pdu.encode()


def abort(reason: int) -> bytes:
    """The A-ABORT PDU of the service provider; reasons in PS3.8 table 9-26."""
    pdu = A_ABORT_RQ()
    pdu.source, pdu.reason_diagnostic = 2, reason
    return pdu.encode()


def release_reply() -> bytes:
    """The A-RELEASE-RP PDU."""
    return A_RELEASE_RP().encode()


def _supported(proposed: PresentationContext) -> list[PresentationContext]:
    sop_class = str(proposed.abstract_syntax)
    if sop_class not in OTHER_CLASSES and not is_storage(sop_class):
        return []
    context = PresentationContext()
    context.abstract_syntax = proposed.abstract_syntax
    # The peer's first choice is how it has the image: taking it keeps the bytes as they are there.
    context.transfer_syntax = [uid for uid in proposed.transfer_syntax if is_syntax(uid)]
    if sop_class in EVENT_CLASSES:
        context.scu_role = context.scp_role = True
    return [context]


def _user_information() -> list[Any]:
    length = MaximumLengthNotification()
    length.maximum_length_received = MAX_PDU
    uid = ImplementationClassUIDNotification()
    uid.implementation_class_uid = UID(IMPLEMENTATION_CLASS_UID)
    version = ImplementationVersionNameNotification()
    version.implementation_version_name = IMPLEMENTATION_VERSION_NAME
    return [length, uid, version]
