"""A modality fetches its work items from our query port (UPS Pull), subscribes, performs, refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom.sop_class import (
    UPSGlobalSubscriptionInstance,
)

from imgdash.model import Actor, ImgdashError
from imgdash.model.codes import UPS_REFUSED
from imgdash.simulate.image_header import Station
from imgdash.simulate.machine import Address
from imgdash.simulate.modality import Modality, Surroundings
from imgdash.simulate.ris import Ris
from imgdash.simulate.storage import Storage
from imgdash.store.store import Store
from imgdash.wire.dicom import code_item, items_to_parameters
from tests.confirm import making
from tests.confirm.making import header, put
from tests.helpers import free_ports, wait_until
from tests.request.worklists import CONTEXTS, List, output
from tests.simulate.making import HOST, address, booking


def test_found_claimed_performed(listing: Callable[..., List], store: Store, user: Actor) -> None:
    here = listing()
    bad, new = put(store, header("bad")), put(store, header("new"))
    uid = here.asked(bad.image_id, user, parameters={"gradation.contrast": 1.5}).request_id
    for model in CONTEXTS:
        (item,) = here.find(model=model, ProcedureStepState="SCHEDULED")
        assert (item.SOPInstanceUID, item.PatientID) == (uid, "P1")
        assert items_to_parameters(item.ScheduledProcessingParametersSequence)["gradation.contrast"] == 1.5
    assert here.find(PatientID="P9") == here.find(ProcedureStepState="COMPLETED") == []
    assert len(here.find(ProcedureStepState=r"SCHEDULED\IN PROGRESS")) == len(here.find()) == 1
    mine, theirs = generate_uid(), generate_uid()
    assert here.state(uid, "COMPLETED", mine) == 0xC310
    assert here.set(uid, mine, ProcedureStepProgressInformationSequence=[]) == 0xC310
    assert here.state(uid, "IN PROGRESS", "") == 0xC301
    assert here.state(uid, "IN PROGRESS", mine) == 0
    assert store.request(uid).state == "accepted"
    assert here.state(uid, "IN PROGRESS", theirs) == 0xC302
    assert here.state(uid, "SCHEDULED", mine) == 0xC303
    assert here.state(uid, "COMPLETED", theirs) == 0xC301
    assert here.state(uid, "COMPLETED", mine) == 0xC304  # nothing was said to be made
    progress = Dataset()
    progress.ProcedureStepProgress = "40"
    assert here.set(uid, theirs, ProcedureStepProgressInformationSequence=[progress]) == 0xC301
    assert here.set(uid, mine, ProcedureStepProgressInformationSequence=[progress]) == 0
    assert store.request(uid).contents["progress"] == "40 %"
    done = output(new.sop_instance_uid)
    assert here.set(uid, mine, UnifiedProcedureStepPerformedProcedureSequence=[done], PatientID="P666") == 0
    assert here.state(uid, "COMPLETED", mine) == 0
    # The image was here before it was named as the result.
    request = store.request(uid)
    assert (request.state, request.answer) == ("answered", new.image_id)
    assert request.contents["performed"] == {"gradation.contrast": 1.5}
    assert here.state(uid, "COMPLETED", mine) == 0xB306
    assert here.set(uid, mine, ProcedureStepProgressInformationSequence=[progress]) == 0xC300
    status, item = here.get(uid)
    assert (status, item.ProcedureStepState, item.PatientID, item.TransactionUID) == (0, "COMPLETED", "P1", "")


def test_only_its_own(listing: Callable[..., List], store: Store, user: Actor) -> None:
    here = listing()
    uid = here.asked(put(store, header("bad")).image_id, user).request_id
    for stranger in ("CR56", "NOBODY"):
        assert here.find(calling=stranger) == []
        assert here.get(uid, calling=stranger)[0] == 0xC307
        assert here.state(uid, "IN PROGRESS", "1.2", calling=stranger) == 0xC307
        assert here.act(uid, 2, calling=stranger) == 0xC307
        assert here.act(uid, 3, calling=stranger, ReceivingAE=stranger, DeletionLock="FALSE") == 0xC307
    assert here.act(uid, 9) == 0x0123
    assert store.request(uid).state == "sent"


@pytest.mark.parametrize("begun", [False, True])
def test_what_it_will_not_do_goes_to_his_ris(
    listing: Callable[..., List], store: Store, user: Actor, begun: bool
) -> None:
    here = listing()
    uid = here.asked(put(store, header("bad")).image_id, user).request_id
    if begun:
        progress = Dataset()
        progress.ReasonForCancellation = "raw data is gone"
        progress.ProcedureStepDiscontinuationReasonCodeSequence = [code_item(UPS_REFUSED)]
        assert here.state(uid, "IN PROGRESS", "1.2.3") == 0
        assert here.act(uid, 2) == 0xC302
        assert here.set(uid, "1.2.3", ProcedureStepProgressInformationSequence=[progress]) == 0
        assert here.state(uid, "CANCELED", "1.2.3") == 0
    else:
        assert here.act(uid, 2, ReasonForCancellation="raw data is gone") == 0
    assert store.request(uid).to == "ris"
    refused = store.query("select why from journal where id = ? and event = 'refuse'", [uid])[0]["why"]
    assert "raw data is gone" in refused
    assert here.find(ProcedureStepState="SCHEDULED") == []


def test_one_that_was_cancelled_can_be_fetched_when_it_is_asked_for_again(
    listing: Callable[..., List], store: Store, user: Actor
) -> None:
    here = listing(requests={"fallback": False})
    uid = here.asked(put(store, header("bad")).image_id, user).request_id
    assert here.state(uid, "IN PROGRESS", "1.2.3") == 0
    assert here.state(uid, "CANCELED", "1.2.3") == 0
    assert store.request(uid).state == "refused"
    here.requests.redirect(uid, user)
    wait_until(lambda: store.request(uid).state == "sent")
    again = store.request(uid).workitem_uid
    assert again != uid
    assert [item.SOPInstanceUID for item in here.find(ProcedureStepState="SCHEDULED")] == [again]
    # The former one is over (PS3.4 CC.1.1), whoever had claimed it.
    assert here.state(uid, "IN PROGRESS", "1.2.4") == here.set(uid, "1.2.3") == 0xC307
    assert here.state(again, "IN PROGRESS", "1.2.4") == 0
    assert store.request(uid).state == "accepted"
    assert here.set(again, "1.2.4", UnifiedProcedureStepPerformedProcedureSequence=[output("1.9")]) == 0
    assert here.state(again, "COMPLETED", "1.2.4") == 0
    assert store.request(uid).contents["outputs"] == ["1.9"]


def test_a_withdrawn_one_is_off_the_list(listing: Callable[..., List], store: Store, user: Actor) -> None:
    here = listing()
    uid = here.asked(put(store, header("bad")).image_id, user).request_id
    here.requests.withdraw(uid, user)
    assert here.get(uid)[1].ProcedureStepState == "CANCELED"
    assert here.state(uid, "IN PROGRESS", "1.2.3") == 0xC300
    wait_until(lambda: store.request(uid).contents["cancel"] == "off our work list")


def test_a_simulated_modality_fetches_and_hears(
    listing: Callable[..., List], store: Store, user: Actor, tmp_path: Path
) -> None:
    port, query = free_ports(2)
    here = listing(port, query)
    with Ris(address("RIS58")) as ris, Storage(address("IMGDASH"), tmp_path / "received") as received:
        around = Surroundings(received.address, ris.address, Address("IMGDASH", HOST, query))
        with Modality(
            address("CR51", port), Station("CR51", "CR", ""), around, tmp_path / "cr", poll_seconds=0.05
        ) as modality:
            ris.book(booking(1))
            made = wait_until(lambda: received.archive.select(Dataset()))[0]
            last = "select event from journal where subject = 'peer' and (data->>'uid') = ?"
            wait_until(lambda: store.query(last, [UPSGlobalSubscriptionInstance]))
            bad = put(store, header("bad", sop_instance_uid=made.sop_instance_uid, sop_class_uid=made.sop_class_uid))
            request = here.requests.create(bad.image_id, user, reason="111219")
            wait_until(lambda: modality.told == ["SCHEDULED"])
            wait_until(lambda: store.request(request.request_id).contents.get("completed"))
            wait_until(lambda: received.status()["stored"] == 2)
            contents = store.request(request.request_id).contents
            assert received.archive.held(contents["outputs"][0])
            assert contents["performed"]
            # One that it cannot do, it refuses; HIS/RIS is asked instead.
            stranger = put(store, header("stranger"))
            refused = here.requests.create(stranger.image_id, user, reason="111219")
            wait_until(lambda: store.request(refused.request_id).to == "ris")


def test_who_subscribed_hears_what_becomes_of_it(
    listing: Callable[..., List], store: Store, user: Actor, tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    here = listing(port)
    images = [put(store, header(name)) for name in "abc"]
    around = Surroundings(Address("IMGDASH", HOST, 1))
    subscription = {"ReceivingAE": "CR51", "DeletionLock": "FALSE"}
    with Modality(address("CR51", port), Station("CR51", "CR", ""), around, tmp_path / "cr") as modality:
        assert here.act(UPSGlobalSubscriptionInstance, 3, **subscription) == 0
        one, two = (here.asked(image.image_id, user).request_id for image in images[:2])
        wait_until(lambda: modality.told == ["SCHEDULED", "SCHEDULED"])
        here.requests.withdraw(one, user)
        wait_until(lambda: modality.told[2:] == ["CANCELED"])
        here.state(two, "IN PROGRESS", "1.2.3")
        here.requests.withdraw(two, user)
        wait_until(lambda: modality.told[3:] == ["CANCEL REQUESTED"])
        wait_until(lambda: store.request(two).contents["cancel"] == "cancellation asked for")
        # Who performs it may go on, and its image still counts for what it is.
        assert here.state(two, "CANCELED", "1.2.3") == 0
        assert here.act(UPSGlobalSubscriptionInstance, 4, **subscription) == 0
        three = here.asked(images[2].image_id, user).request_id
        wait_until(lambda: store.request(three).contents["tell"] == "nobody has subscribed")
        assert len(modality.told) == 4


def test_settings_that_do_not_fit(tmp_path: Path) -> None:
    cr = {"name": "cr", "kind": "modality", "ae_title": "CR51", "ups_pull": True}
    for peers, station, words in (
        ([cr], {}, "no query_port"),
        ([{**cr, "ups": True}], {"query_port": 0}, "not both"),
        ([{"name": "cr", "kind": "modality", "ups_pull": True}], {"query_port": 0}, "needs an ae_title"),
    ):
        with pytest.raises(ImgdashError, match=words):
            making.site(tmp_path, peer=peers, station=station)
