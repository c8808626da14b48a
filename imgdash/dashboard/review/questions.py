"""The dialogs of the Review page as fields: request, reject, keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from imgdash.dashboard import keys
from imgdash.model import ASKS, ImageHeader
from imgdash.model.codes import QUALITY_REASONS, REASONS
from imgdash.process import Chain, describe
from imgdash.request.addressee import BY_REASON

_USUAL_REASON: Final = "111219"
_OTHERWISE: Final = ("ris", "reradiograph")
_ADDRESSEES: Final = (
    ("", "By reason", "what new processing can mend goes to the modality"),
    ("modality", "Modality", "UPS work item, or C-MOVE for a plain re-send"),
    ("ris", "HIS/RIS", "HL7 order"),
)
_WANTED: Final = ("frequency.", "equalization.", "gradation.")


def request(header: ImageHeader, chain: Chain, given: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """Fields of a request, prefilled with the parameters obtained (R2); `given` is what was filled in already."""
    findings = header.judgement.findings
    first = findings[0].reason if findings and findings[0].reason in REASONS else _USUAL_REASON
    reason = str((given or {}).get("reason") or first)
    _, ask = BY_REASON.get(reason, _OTHERWISE)
    return [
        {"name": "reason", "kind": "select", "label": "Reason", "value": reason, "options": _reasons(REASONS)},
        {
            "name": "ask",
            "kind": "choice",
            "label": "Wanted back",
            "value": ask,
            "options": [[name, words, ""] for name, words in ASKS.items()],
        },
        {
            "name": "to",
            "kind": "choice",
            "label": "To",
            "value": str((given or {}).get("to") or ""),
            "options": [list(option) for option in _ADDRESSEES],
        },
        {
            "name": "parameters",
            "kind": "parameters",
            "label": "Processing parameters wanted",
            "rows": _parameters(header, chain),
            "hint": "Those obtained here; change what should be different. Only marked ones are sent.",
        },
        {"name": "comment", "kind": "text", "label": "Comment", "value": str((given or {}).get("comment") or "")},
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


def _parameters(header: ImageHeader, chain: Chain) -> list[dict[str, Any]]:
    flat = chain.flat()
    changed = chain.changed()
    return [
        {
            "name": item.name,
            "label": f"{item.step_name.capitalize()}: {item.label.lower()}",
            "unit": item.unit,
            "doc": item.doc,
            "bounds": list(item.bounds or (None, None)),
            "options": list(item.options) or None,
            "value": flat[item.name],
            "taken": item.name in changed or item.name in header.overrides,
        }
        for item in describe()
        if item.name.startswith(_WANTED) and item.kind in ("number", "choice")
    ]
