"""The dialogs of the Review page as fields: request, reject."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from imgdash.dashboard.review.processing import inert_of, shown_as_sent
from imgdash.dashboard.review.worklist import look
from imgdash.model import ASKS, ImageHeader, ImgdashError, Request
from imgdash.model.codes import QUALITY_REASONS, REASONS
from imgdash.process import Chain, describe

if TYPE_CHECKING:
    from imgdash.apparatus import Apparatus

_USUAL_REASON: Final = "111219"
_ADDRESSEES: Final = (
    ("modality", "Modality", "UPS work item, or C-MOVE for a plain re-send"),
    ("ris", "HIS/RIS", "HL7 order"),
)
_WANTED: Final = ("frequency.", "equalization.", "gradation.")


@dataclass(frozen=True)
class Advice:
    """What the station says about a request before it is made.

    Attributes
    ----------
    reason, ask
        Filled in at first.
    words
        Who would be asked, or why nobody can be.
    proposal
        What a policy proposed already (R7).
    rounds
        The rounds until now: ``{id, version, title, lines}``, first to last; none for a first image.
    """

    reason: str
    ask: str
    words: str
    proposal: Request | None = None
    rounds: tuple[Mapping[str, Any], ...] = ()


def advise(apparatus: Apparatus, header: ImageHeader, reason: str = "") -> Advice:
    """Read what is proposed and who would be asked; for a thread.

    Parameters
    ----------
    reason
        Chosen by the person; empty for the proposal's, or the judgement's first.
    """
    proposal = next((r for r in apparatus.requests("proposed") if r.image_id == header.image_id), None)
    if reason and proposal is not None and proposal.reason != reason:
        proposal = None
    found = [finding.reason for finding in header.judgement.findings if finding.reason in REASONS]
    reason = reason or (proposal.reason if proposal else found[0] if found else _USUAL_REASON)
    try:
        route = apparatus.suggest_request(header.image_id, reason)
    except ImgdashError as error:
        ask, words = "processed", error.cause
    else:
        ask, words = route.ask, f"{route.peer}. {route.why}".strip()
    return Advice(reason, proposal.ask if proposal else ask, words, proposal, rounds(apparatus, header))


def rounds(apparatus: Apparatus, header: ImageHeader) -> tuple[Mapping[str, Any], ...]:
    """What was asked until now and what came; for a thread."""
    if not header.replaces:
        return ()
    asked = {
        one.image_id: one
        for one in apparatus.search.asked_in([one.image_id for one in apparatus.history(header.image_id)])
    }
    found = []
    for image in apparatus.history(header.image_id):
        why = asked.get(image.image_id)
        reason = meaning(why.reason) if why and why.reason in REASONS else ""
        lines = [f"{reason}: {ASKS.get(why.ask, why.ask).lower()}" if why and reason else "", why.peer if why else ""]
        found.append({
            "id": "" if image.state == "deleted" else image.image_id, "version": look(image),
            "title": f"Round {image.round_number} · image {image.number}", "lines": [line for line in lines if line],
        })  # fmt: skip
    return tuple(found)


def request(header: ImageHeader, chain: Chain, advice: Advice) -> list[dict[str, Any]]:
    """Fields of a request, prefilled with what was proposed, else with the parameters obtained (R2)."""
    wanted = advice.proposal.parameters if advice.proposal else {}
    sent = shown_as_sent(header, chain)
    before = [{"name": "rounds", "kind": "rounds", "label": "Rounds until now", "rows": list(advice.rounds)}]
    return [
        *(before if advice.rounds else []),
        {
            "name": "reason",
            "kind": "select",
            "label": "Reason",
            "value": advice.reason,
            "options": _reasons(REASONS),
            "hint": f"Proposed by the station: {advice.proposal.comment}" if advice.proposal else "",
        },
        {
            "name": "ask",
            "kind": "choice",
            "label": "Wanted back",
            "value": advice.ask,
            "options": [[name, words, ""] for name, words in ASKS.items()],
        },
        {
            "name": "to",
            "kind": "choice",
            "label": "To",
            "value": "",
            "options": [["", "By reason", advice.words], *([name, words, how] for name, words, how in _ADDRESSEES)],
        },
        {
            "name": "parameters",
            "kind": "parameters",
            "label": "Processing parameters wanted",
            "rows": _parameters(header, chain, wanted),
            "hint": "Those obtained here; change what should be different. Only marked ones are sent."
            + (" The picture is the image as the sender processed it, processed once more." if sent else ""),
            "image": header.image_id if "s_low" in header.parameters else "",
            "version": look(header),
            "base": {**header.overrides, **({"automatic.processed": "process"} if sent else {})},
        },
        {
            "name": "comment",
            "kind": "text",
            "label": "Comment",
            "value": advice.proposal.comment if advice.proposal else "",
        },
    ]


def reject(header: ImageHeader) -> list[dict[str, Any]]:
    """Fields of a rejection: reasons of CID 7011."""
    found = [QUALITY_REASONS[one.reason].meaning for one in header.judgement.findings if one.reason in QUALITY_REASONS]
    return [
        {
            "name": "reason",
            "kind": "select",
            "label": "Reason",
            # None is chosen beforehand: what is not looked at must not enter the reject analysis as a reason.
            "value": "",
            "required": True,
            "options": [["", "choose a reason"], *_reasons(QUALITY_REASONS)],
            "hint": f"The station found: {', '.join(dict.fromkeys(found)).lower()}." if found else "",
        },
        {
            "name": "kind",
            "kind": "choice",
            "label": "As",
            "value": "reject",
            "options": [
                ["reject", "Reject", "never shown to the radiologist; storages are told"],
                ["repeat", "Repeat", "goes to the archive as well, beside the repeated one"],
            ],
        },
        {"name": "comment", "kind": "text", "label": "Comment", "value": ""},
    ]


def meaning(reason: str) -> str:
    """A reason of `REASONS` in words; one that is not known as it is."""
    return REASONS[reason].meaning if reason in REASONS else reason


def _reasons(table: Mapping[str, Any]) -> list[list[str]]:
    return [[value, f"{code.meaning}  ({value})"] for value, code in table.items()]


def _parameters(header: ImageHeader, chain: Chain, wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
    flat = chain.flat()
    # What does not act on this image was not obtained with it: it is offered, but not asked for unseen.
    inert = inert_of(header, chain)
    taken = {*wanted} if wanted else {*chain.changed(), *header.overrides} - inert
    # What is asked for comes first: the list shows a few rows at a time, and what is below is sent unseen.
    described = sorted(describe(), key=lambda item: item.name not in taken)
    return [
        {
            "name": item.name,
            "label": f"{item.step_name.capitalize()}: {item.label.lower()}",
            "unit": item.unit,
            "doc": item.doc,
            "bounds": list(item.bounds or (None, None)),
            "options": list(item.options) or None,
            "value": wanted.get(item.name, flat[item.name]),
            "taken": item.name in taken,
        }
        for item in described
        if item.name.startswith(_WANTED) and item.kind in ("number", "choice")
    ]
