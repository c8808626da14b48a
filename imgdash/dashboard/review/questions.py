"""The dialogs of the Review page as fields: request, reject, keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from imgdash.dashboard import keys
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
    """

    reason: str
    ask: str
    words: str
    proposal: Request | None = None


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
        return Advice(reason, proposal.ask if proposal else "processed", error.cause, proposal)
    return Advice(reason, proposal.ask if proposal else route.ask, f"{route.peer}. {route.why}".strip(), proposal)


def request(header: ImageHeader, chain: Chain, advice: Advice) -> list[dict[str, Any]]:
    """Fields of a request, prefilled with what was proposed, else with the parameters obtained (R2)."""
    wanted = advice.proposal.parameters if advice.proposal else {}
    return [
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
            "hint": "Those obtained here; change what should be different. Only marked ones are sent.",
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
    findings = header.judgement.findings
    first = findings[0].reason if findings else ""
    return [
        {
            "name": "reason",
            "kind": "select",
            "label": "Reason (CID 7011)",
            "value": first if first in QUALITY_REASONS else "111209",
            "options": _reasons(QUALITY_REASONS),
        },
        {
            "name": "kind",
            "kind": "choice",
            "label": "As",
            "value": "reject",
            "options": [
                ["reject", "Reject", "never shown to the radiologist; storages are told"],
                ["repeat", "Repeat", "archived as well"],
            ],
        },
        {"name": "comment", "kind": "text", "label": "Comment", "value": ""},
    ]


def key_sheet(own: Mapping[str, str]) -> list[dict[str, Any]]:
    """Every key, each changeable."""
    rows = [{"name": action, "label": keys.DEFAULTS[action][1], "key": key} for action, key in keys.chosen(own).items()]
    hint = "Press the wanted key in its place; Backspace takes one away. In the image: drag left changes contrast and "
    hint += "density, drag right or Shift moves, the wheel zooms, double click fits."
    return [{"name": "keys", "kind": "keys", "label": "", "rows": rows, "hint": hint}]


def _reasons(table: Mapping[str, Any]) -> list[list[str]]:
    return [[value, f"{code.meaning}  ({value})"] for value, code in table.items()]


def _parameters(header: ImageHeader, chain: Chain, wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
    flat = chain.flat()
    taken = {*wanted} if wanted else {*chain.changed(), *header.overrides}
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
        for item in describe()
        if item.name.startswith(_WANTED) and item.kind in ("number", "choice")
    ]
