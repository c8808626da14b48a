"""Which reservation an order is about, and which one an image belongs to (D4): by what is said, never by a guess."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from imgdash.config import Site
from imgdash.model import Event, Order, Patient
from imgdash.store import rows
from imgdash.store.change import Change, Reader

# What an order is called whose name another one has already: two patients, two HIS/RIS, two orders of one accession.
_BESIDE = "@"


def keep(change: Change, site: Site, order: Order, *, listed: bool = False) -> list[Order]:
    """Make an order a reservation, or change those that it is about.

    Parameters
    ----------
    listed
        Whether it stands in a worklist, where a HIS/RIS may leave for a while what it has cancelled.

    Returns
    -------
    What is new or has changed, as it is now.
    """
    by = order.source or "ris"
    about = known(change, site, order)
    if not about:
        order = dataclasses.replace(order, order_id=_free(change, order.order_id))
        change.emit(Event("order", order.order_id, order.state, rows.order_columns(order), by))
        return [order]
    kept = []
    for before in about:
        after = _merged(before, order, listed)
        if after != before:
            event = after.state if after.state != before.state else "change"
            change.emit(Event("order", before.order_id, event, rows.order_columns(after), by))
            kept.append(after)
    return kept


def known(reader: Reader, site: Site, order: Order) -> list[Order]:
    """The reservations that an order is about; none where it is a new one.

    With a scheduled step it is about that step, or about an order of which no step was told yet. Without one it is
    about every step of its order: a cancellation may carry nothing but a number.
    """
    named = [one for one in reader.orders("order_id = ?", [order.order_id]) if _same(site, one, order)]
    if named and order.step_id:
        return named
    likely = reader.orders(
        "order_id = ? or starts_with(order_id, ?) or (accession <> '' and accession = ?)"
        " or (placer_number <> '' and placer_number = ?) or (filler_number <> '' and filler_number = ?)",
        [order.order_id, order.order_id + _BESIDE, order.accession, order.placer_number, order.filler_number],
    )
    same = [one for one in likely if _same(site, one, order)]
    if not order.step_id:
        return same
    return sorted(same, key=lambda one: (not _named(one, order), one.step_id != order.step_id))[:1]


def find_order(reader: Reader, columns: Mapping[str, Any]) -> Order | None:
    """The order an image belongs to; None where nothing says which.

    An accession number goes before a study, a study before a scheduled step: many HIS/RIS count the steps of each
    procedure from 1, so that a step tells nothing unless the patient is the same. An order of another patient is
    taken only where it is the only one: then a person is told of the mismatch.

    Parameters
    ----------
    columns
        Of the image header.
    """
    accession, study, step = (str(columns.get(name) or "") for name in ("accession", "study_uid", "step_id"))
    patient = (columns.get("patient") or Patient()).id
    ways: tuple[tuple[str, str, dict[str, str]], ...] = (
        ("accession", accession, {}),
        ("study_uid", study, {"accession": accession}),
        ("step_id", step if patient else "", {"accession": accession, "study_uid": study, "patient_id": patient}),
    )
    ways = tuple(way for way in ways if way[1])
    likely = reader.orders(" or ".join(f"{way[0]} = ?" for way in ways), [way[1] for way in ways]) if ways else []
    for column, told, others in ways:
        found = [one for one in likely if getattr(one, column) == told and _agrees(one, others)]
        # A step that was cancelled is still another step.
        if step and any(one.step_id == step for one in found):
            found = [one for one in found if one.step_id == step]
        found = [one for one in found if one.state != "cancelled"]
        if len({one.patient.id for one in found}) > 1:
            found = [one for one in found if one.patient.id == patient]
        if found:
            # Of several steps that are the same work any will do; of others none.
            return found[0] if len({one.procedure_code or one.procedure_text for one in found}) == 1 else None
    return None


def _same(site: Site, one: Order, order: Order) -> bool:
    """Whether what is known and what is told is one order.

    Numbers are unique only for who gives them: by a number alone, nothing is the order of another patient, and never
    that of another HIS/RIS. What is called the same stays the same when its patient is corrected.
    """
    if _differ(_issuer(site, one), _issuer(site, order)) or _differ(one.step_id, order.step_id):
        return False
    named = _named(one, order)
    if named and order.step_id:
        return True
    if _differ(one.accession, order.accession) or _differ(one.placer_namespace, order.placer_namespace):
        return False
    # Two orders may have one accession number.
    if one.placer_number and order.placer_number:
        numbers = one.placer_number == order.placer_number
    else:
        numbers = not _differ(one.filler_number, order.filler_number)
    return numbers and (named or not _differ(one.patient.id, order.patient.id))


def _named(one: Order, order: Order) -> bool:
    return one.order_id == order.order_id or one.order_id.startswith(order.order_id + _BESIDE)


def _issuer(site: Site, order: Order) -> str:
    peer = site.issuer(order.source) if order.source else None
    return peer.name if peer else order.source


def _differ(one: str, other: str) -> bool:
    """What is not told differs from nothing."""
    return bool(one) and bool(other) and one != other


def _agrees(order: Order, told: Mapping[str, str]) -> bool:
    has = {"accession": order.accession, "study_uid": order.study_uid, "patient_id": order.patient.id}
    if "patient_id" in told and not has["patient_id"]:
        return False
    return not any(_differ(has[name], value) for name, value in told.items())


def _free(reader: Reader, order_id: str) -> str:
    name, number = order_id, 1
    while reader.orders("order_id = ?", [name]):
        number += 1
        name = f"{order_id}{_BESIDE}{number}"
    return name


def _merged(known: Order, order: Order, listed: bool) -> Order:
    """What is known with what is told now: HL7 and worklist each leave out what the other says."""
    told = {
        field.name: value
        for field in dataclasses.fields(Order)
        if field.name not in ("order_id", "patient", "received_at", "source")
        and (value := getattr(order, field.name)) not in ("", None, False)
    }
    if known.state == "radiographed" and order.state == "new":
        del told["state"]
    # To stand in a list is no new order. At another time it is: the HIS/RIS has scheduled it again.
    again = known.scheduled_at and order.scheduled_at and known.scheduled_at != order.scheduled_at
    if listed and known.state == "cancelled" and not again:
        del told["state"]
    patient = {
        field.name: value
        for field in dataclasses.fields(order.patient)
        if (value := getattr(order.patient, field.name))
    }
    return dataclasses.replace(known, patient=dataclasses.replace(known.patient, **patient), **told)
