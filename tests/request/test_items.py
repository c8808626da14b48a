"""Work items are composed when they are asked for, and again only when something in them has changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydicom.dataset import Dataset

from imgdash.model import Actor, Event, Order, Patient
from imgdash.request import workitem
from imgdash.request.facts import Facts
from imgdash.store import rows
from imgdash.store.store import Store
from tests.confirm.making import header, put
from tests.request.worklists import List


def test_a_work_item_is_composed_once_and_again_when_something_in_it_has_changed(
    listing: Callable[..., List], store: Store, user: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = listing()
    uids = [here.asked(put(store, header(name, order_id="O1")).image_id, user).request_id for name in ("a", "b", "c")]
    assert here.state(uids[0], "IN PROGRESS", "1.2.3") == 0
    here.requests.withdraw(uids[1], user)
    composed: list[str] = []
    compose = workitem.compose

    def counted(facts: Facts) -> Dataset:
        composed.append(facts.request.request_id)
        return compose(facts)

    monkeypatch.setattr(workitem, "compose", counted)
    for _ in range(3):
        assert [item.SOPInstanceUID for item in here.find(ProcedureStepState="SCHEDULED")] == [uids[2]]
    assert composed == [uids[2]]
    assert here.get(uids[2])[1].TransactionUID == ""
    assert len(here.find()) == 3
    assert sorted(composed) == sorted(uids)
    # What an item is made from: its image, its order, and what its performer says.
    store.set("image", store.request(uids[2]).image_id, patient_name="Corrected")
    (item,) = here.find(ProcedureStepState="SCHEDULED", PatientName="Corr*")
    assert item.PatientName == "Corrected"
    columns = rows.order_columns(Order("O1", "A1", Patient("P1"), placer_number="PL7"))
    store.write(lambda change: change.emit(Event("order", "O1", "new", columns)))
    store.set("image", store.request(uids[2]).image_id, comment="")
    numbers = here.get(uids[2])[1].ReferencedRequestSequence[0].PlacerOrderNumberImagingServiceRequest
    assert numbers == "PL7"
    columns["placer_number"] = "PL8"
    store.write(lambda change: change.emit(Event("order", "O1", "change", columns)))
    numbers = here.get(uids[2])[1].ReferencedRequestSequence[0].PlacerOrderNumberImagingServiceRequest
    assert numbers == "PL8"
    progress = Dataset()
    progress.ProcedureStepProgress = "40"
    assert here.set(uids[0], "1.2.3", ProcedureStepProgressInformationSequence=[progress]) == 0
    assert here.get(uids[0])[1].ProcedureStepProgressInformationSequence[0].ProcedureStepProgress == 40
