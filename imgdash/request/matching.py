"""Which request an arriving image answers (R6): by reference first, by likeness last, by guess never."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydicom.dataset import Dataset

from imgdash.model import ImageHeader, Order, Request

OPEN: Final = ("waiting", "sent", "accepted", "refused", "failed")
_DEPTH = 4


@dataclass(frozen=True)
class Candidate:
    """An open request, the image it is about, and the order behind that image."""

    request: Request
    image: ImageHeader
    order: Order | None = None

    @property
    def reorders(self) -> Sequence[Mapping[str, str]]:
        """Orders that HIS/RIS issued in answer: ``order_id``, ``accession``, ``step_id``."""
        orders: Sequence[Mapping[str, str]] = self.request.contents.get("orders", ())
        return orders


@dataclass(frozen=True)
class Match:
    """A request, and by what the image was known for its answer."""

    request: Request
    why: str


def find(header: ImageHeader, ds: Dataset, candidates: Sequence[Candidate]) -> Match | None:
    """The request that an image answers; None where there is none, or where several are equally likely.

    Parameters
    ----------
    ds
        The image's data set, pixels not needed.
    candidates
        Open requests, latest first.
    """
    told = _told(ds)
    for rule, why in _RULES:
        found = [candidate for candidate in candidates if rule(header, told, candidate)]
        if len(found) > 1:
            # Several rounds of one chain may be open; only the latest can be meant.
            chains = {candidate.request.chain for candidate in found}
            found = sorted(found, key=lambda candidate: -candidate.request.round)[:1] if len(chains) == 1 else []
        if found:
            return Match(found[0].request, why)
    return None


@dataclass(frozen=True)
class _Told:
    """What a data set says about where it comes from."""

    references: frozenset[str]
    sources: frozenset[str]
    numbers: frozenset[str]


def _told(ds: Dataset) -> _Told:
    references, sources, numbers = set(), set(), set()
    for keyword, text, inside in _walk(ds, (), _DEPTH):
        if keyword == "ReferencedSOPInstanceUID":
            references.add(text)
            if "SourceImageSequence" in inside:
                sources.add(text)
        else:
            numbers.add(text)
    return _Told(frozenset(references), frozenset(sources), frozenset(numbers))


_NUMBERS = (
    "AccessionNumber",
    "PlacerOrderNumberImagingServiceRequest",
    "FillerOrderNumberImagingServiceRequest",
    "RequestedProcedureID",
    "ScheduledProcedureStepID",
)


def _walk(ds: Dataset, inside: tuple[str, ...], depth: int) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for element in ds:
        if element.VR == "SQ" and depth:
            for item in element.value or ():
                yield from _walk(item, (*inside, element.keyword), depth - 1)
        elif element.keyword in ("ReferencedSOPInstanceUID", *_NUMBERS) and element.value:
            yield element.keyword, str(element.value).strip(), inside


def _by_workitem(header: ImageHeader, told: _Told, candidate: Candidate) -> bool:
    outputs = candidate.request.contents.get("outputs", ())
    return not told.references.isdisjoint(candidate.request.workitem_uids) or header.sop_instance_uid in outputs


def _by_source(header: ImageHeader, told: _Told, candidate: Candidate) -> bool:
    return _new_instance(header, candidate) and candidate.image.sop_instance_uid in told.sources


def _by_instance(header: ImageHeader, told: _Told, candidate: Candidate) -> bool:
    same = header.sop_instance_uid == candidate.image.sop_instance_uid
    return same and bool(header.sop_instance_uid) and candidate.request.ask == "resend"


def _by_order(header: ImageHeader, told: _Told, candidate: Candidate) -> bool:
    if not _new_instance(header, candidate):
        return False
    if candidate.request.order_number and candidate.request.order_number in told.numbers:
        return True
    old = candidate.image
    for order in candidate.reorders:
        if header.order_id and header.order_id == order.get("order_id"):
            return True
        for ours, theirs, former in (
            (header.step_id, order.get("step_id"), old.step_id),
            (header.accession, order.get("accession"), old.accession),
        ):
            # A number that the bad image has too tells nothing.
            if theirs and theirs != former and (ours == theirs or theirs in told.numbers):
                return True
    return False


def _by_likeness(header: ImageHeader, told: _Told, candidate: Candidate) -> bool:
    request, old = candidate.request, candidate.image
    if not _new_instance(header, candidate) or not header.patient.id or header.patient.id != old.patient.id:
        return False
    if request.created_at is None or header.received_at < request.created_at:
        return False
    if request.to == "modality" and header.sender != old.sender:
        return False
    # HIS/RIS may give the new exposure a new number, but an order that we know is the answer only as a child.
    renumbered = header.accession and old.accession and header.accession != old.accession
    if renumbered and (request.to == "modality" or header.order_id):
        return False
    return all(
        not before or not after or before.upper() == after.upper()
        for before, after in (
            (old.body_part, header.body_part),
            (old.view, header.view),
            (old.laterality, header.laterality),
            (old.modality, header.modality),
        )
    )


def _new_instance(header: ImageHeader, candidate: Candidate) -> bool:
    """A corrected image has a new SOP Instance UID; the same one again is a duplicate, not an answer."""
    return header.sop_instance_uid != candidate.image.sop_instance_uid


_RULES: Final[tuple[tuple[Callable[[ImageHeader, _Told, Candidate], bool], str], ...]] = (
    (_by_workitem, "it names the work item"),
    (_by_source, "it names the image it replaces"),
    (_by_instance, "it is the instance asked for"),
    (_by_order, "it belongs to the order issued for it"),
    (_by_likeness, "same patient, region and sender, received after the request"),
)


def answering(order: Order, candidates: Sequence[Candidate]) -> Request | None:
    """The request that an order of HIS/RIS answers (S11): by our order number, else by the order it is a child of."""
    ours = [candidate for candidate in candidates if candidate.request.to == "ris"]
    named = {part for part in re.split(r"[\^&~\s]+", order.parent) if part} | {order.placer_number}
    for candidate in ours:
        if candidate.request.order_number and candidate.request.order_number in named:
            return candidate.request
    if not order.parent:
        return None
    children = []
    for candidate in ours:
        former, image = candidate.order, candidate.image
        if order.order_id == image.order_id:
            continue
        numbers = {image.accession, *((former.placer_number, former.filler_number, former.order_id) if former else ())}
        if named & (numbers - {""}):
            children.append(candidate.request)
    return children[0] if len(children) == 1 else None
