"""What happens in the simulated hospital: who is ordered what, on which machine, and what goes wrong by plan."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from imgdash.model import Order
from imgdash.simulate.acquisition import Plan
from imgdash.simulate.catalogue import Kind, Procedure, person, procedures
from imgdash.simulate.ris import Ris

# Of each round of so many orders, these are unfit; all others are good.
ROUND = 12
UNFIT: Mapping[int, Plan] = {
    2: Plan(squeeze=True),
    4: Plan(faults=("under exposed",)),
    6: Plan(missing=("BodyPartExamined", "ViewPosition", "AnatomicRegionSequence", "ViewCodeSequence")),
}
CT_SLICES = 3
_PHYSICIANS = ("Referrer^Ada", "Referrer^Basil", "医師^一郎", "Referrer^Chloé")


class Programme:
    """Books orders at a pace, until so many images are under way.

    Parameters
    ----------
    stations
        AE title → kind of the modalities that take orders.
    raw
        AE titles of those that send unprocessed images: their processing cannot be inappropriate.
    count, pace
        Images in all, and per second.
    """

    def __init__(
        self, ris: Ris, stations: Mapping[str, Kind], raw: Sequence[str], *, count: int, pace: float, seed: int
    ) -> None:
        self._ris = ris
        self._stations = dict(stations)
        self._raw = set(raw)
        self._count, self._pace, self._seed = count, pace, seed
        self._plans: dict[str, Plan] = {}
        self._turns: dict[Kind, Iterator[str]] = {
            kind: itertools.cycle([ae for ae, its in self._stations.items() if its == kind])
            for kind in set(self._stations.values())
        }
        self.booked = 0
        self.finished = threading.Event()

    def plan(self, accession: str) -> Plan:
        """What goes wrong with an order's first exposure; nothing for those that follow from a request."""
        return self._plans.get(accession, Plan())

    def run(self, stopping: threading.Event) -> None:
        """Book until the count is reached or the network stops."""
        kinds = set(self._stations.values())
        offered = procedures(kinds)
        due: list[int] = []
        for number in itertools.count() if offered else ():
            if self.booked >= self._count or stopping.is_set():
                break
            procedure = offered[number % len(offered)]
            if number % ROUND in UNFIT:
                due.append(number % ROUND)
            images = self._book(number, procedure, due)
            self.booked += images
            stopping.wait(images / self._pace if self._pace > 0 else 0)
        self.finished.set()

    def _book(self, number: int, procedure: Procedure, due: list[int]) -> int:
        rng = np.random.default_rng([self._seed, number, 5])
        kind = self._kind_of(procedure, rng)
        plan = Plan()
        if kind == "CT":
            plan = Plan(slices=min(CT_SLICES, self._count - self.booked))
        elif due:
            plan = UNFIT[due.pop(0)]
        station = next(self._turns[kind])
        if plan.squeeze:
            station = self._processing_station(kind) or station
        who = person(number, self._seed)
        side = str(rng.choice(["L", "R"])) if procedure.paired else ""
        text = f"{procedure.text} {'left' if side == 'L' else 'right'}" if side else procedure.text
        order = Order(
            order_id="", accession="", patient=who.patient, procedure_code=procedure.code, procedure_text=text,
            modality=self._stations[station], station_ae=station, body_part=procedure.body_part, view=procedure.view,
            physician=_PHYSICIANS[number % len(_PHYSICIANS)] if "ISO_IR 192" in who.charset else "Referrer^Ada",
            indication=procedure.indication, priority=bool(rng.random() < 0.12),
        )  # fmt: skip
        booking = self._ris.new_booking(order, side, who.charset)
        self._plans[booking.order.accession] = plan
        self._ris.book(booking)
        return plan.slices if kind == "CT" else 1

    def _kind_of(self, procedure: Procedure, rng: np.random.Generator) -> Kind:
        possible: list[Kind] = [kind for kind in procedure.kinds if kind in self._turns]
        weights = np.array([sum(1 for its in self._stations.values() if its == kind) for kind in possible], float)
        return possible[int(rng.choice(len(possible), p=weights / weights.sum()))]

    def _processing_station(self, kind: Kind) -> str | None:
        """A station that processes itself, of this kind if there is one, else another for radiographs."""
        fitting = [ae for ae, its in self._stations.items() if its != "CT" and ae not in self._raw]
        fitting.sort(key=lambda ae: self._stations[ae] != kind)
        return fitting[0] if fitting else None


__all__ = ["CT_SLICES", "ROUND", "UNFIT", "Programme"]
