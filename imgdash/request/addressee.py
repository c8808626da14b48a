"""Whom to ask, and for what (R1, R3, R7): by reason, by what the peers can do, by the site's policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from imgdash.config import Peer, Site
from imgdash.model import ASKS, Addressee, Ask, ImageHeader, ImgdashError
from imgdash.model.codes import INFORMATION_MISSING, REASONS, REJECTED_WORKLIST, UNREADABLE

# Reason → (addressee, what is asked for), where nobody says otherwise. What new processing can mend costs no
# dose and goes to the modality; what was wrong at the exposure needs another one, which HIS/RIS orders.
BY_REASON: Final[dict[str, tuple[Addressee, Ask]]] = {
    "111218": ("modality", "processed"),  # software failure
    "111219": ("modality", "processed"),  # inappropriate image processing
    UNREADABLE.value: ("modality", "resend"),
    INFORMATION_MISSING.value: ("ris", "resend"),
    REJECTED_WORKLIST.value: ("ris", "resend"),
}
_OTHERWISE: Final[tuple[Addressee, Ask]] = ("ris", "reradiograph")


@dataclass(frozen=True)
class Route:
    """Who is asked for what.

    Attributes
    ----------
    peer
        Its name in the site file.
    why
        Why it is not the one that the reason or the person named; '' where it is.
    """

    to: Addressee
    peer: str
    ask: Ask
    why: str = ""


def choose(site: Site, header: ImageHeader, reason: str, ask: str | None = None, to: str | None = None) -> Route:
    """The route of a request.

    Parameters
    ----------
    ask, to
        What a person or a rule of the site chose; None: by reason.

    Raises
    ------
    ImgdashError
        If the reason, the ask or the addressee is unknown, or nobody can be asked.
    """
    if reason not in REASONS:
        raise ImgdashError(f"{reason!r} is not a reason.", f"Possible: {', '.join(REASONS)}.")
    usual_to, usual_ask = BY_REASON.get(reason, _OTHERWISE)
    wanted = ask or usual_ask
    if wanted not in ASKS:
        raise ImgdashError(f"{ask!r} cannot be asked for.", f"Possible: {', '.join(ASKS)}.")
    if to is None:
        # What is asked for decides where the reason alone would lead elsewhere: only a modality holds raw data.
        to = {"unprocessed": "modality", "reradiograph": "ris"}.get(wanted, usual_to)
    if to not in ("modality", "ris"):
        raise ImgdashError(f"{to!r} cannot be asked.", "Choose 'modality' or 'ris'.")
    if to == "ris" or site.requests.always_ris:
        why = "" if to == "ris" else "the site file says always_ris"
        return Route("ris", ris(site).name, wanted, why)  # type: ignore[arg-type]
    peer, trouble = modality(site, header.sender, wanted)
    if peer is not None:
        return Route("modality", peer.name, wanted)  # type: ignore[arg-type]
    if not site.requests.fallback:
        raise ImgdashError(trouble, "Choose HIS/RIS, or set what the modality can do in the site file.")
    return Route("ris", ris(site).name, wanted, trouble)  # type: ignore[arg-type]


def modality(site: Site, sender: str, ask: str) -> tuple[Peer | None, str]:
    """The modality that sent an image, if it can do what is asked; else None and why not."""
    peer = site.peer_by_ae(sender)
    if peer is None or peer.kind != "modality":
        return None, f"The sender {sender or 'of this image'} is no modality of the site file."
    if ask == "resend" and peer.resend:
        return peer, ""
    if not (peer.ups or peer.ups_pull):
        able = "re-sends nothing" if ask == "resend" else "takes no work items"
        return None, f"{peer.name} {able}."
    if ask == "unprocessed" and not peer.unprocessed:
        return None, f"{peer.name} cannot send unprocessed images."
    return peer, ""


def ris(site: Site) -> Peer:
    """The HIS/RIS that takes orders.

    Raises
    ------
    ImgdashError
        If there is none.
    """
    for peer in site.peers_of("ris"):
        if peer.hl7_port:
            return peer
    raise ImgdashError("No HIS/RIS takes orders over HL7.", "Give a peer of kind 'ris' an hl7_port in the site file.")
