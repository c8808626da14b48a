"""Orders: what other machines were told of their images, and the condition keys of their procedures (D4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from imgdash.dashboard.pages.orders import Orders
from imgdash.model import Event, Order, Patient
from imgdash.store import rows
from tests.dashboard.conftest import Station
from tests.dashboard.pages.desk import Desk


def test_what_his_ris_would_not_hear_is_seen(desk_of: Callable[..., Desk], station: Station) -> None:
    desk = desk_of("manager")
    order = Order("A79", "A79", Patient("P79", "Told^Tom"), received_at=datetime.now())
    store = station.apparatus.store
    store.write(lambda change: change.emit(Event("order", "A79", "new", rows.order_columns(order))))
    image = station.take(AccessionNumber="A79", PatientID="P79")
    told = {"kind": "hl7", "machine": "RIS58", "image_id": image, "content": {}, "attempts": 1}
    for number, (state, trouble) in enumerate((("sent", ""), ("failed", "no such order"))):
        one = {**told, "what": f"order A79: {number}", "state": state, "trouble": trouble, "created_at": datetime.now()}
        store.write(lambda change, one=one, number=number: change.emit(Event("notice", f"t{number}", "register", one)))
    page = desk.show(Orders)
    desk.until(lambda: any(row.key == "A79" and row.images for row in page._rows))
    row = next(row for row in page._rows if row.key == "A79")
    (section,) = [section for section in page.sections(row) if section["title"] == "Told of its images"]
    assert [line["value"] for line in section["rows"]] == ["order A79: 1 · no such order", "order A79: 0"]
    assert [line["missing"] for line in section["rows"]] == [True, False]


def test_a_manager_gives_a_procedure_its_condition_key(desk_of: Callable[..., Desk], station: Station) -> None:
    store = station.apparatus.store
    order = Order("A80", "A80", Patient("P80", "Key^Kim"), procedure_code="X80", received_at=datetime.now())
    store.write(lambda change: change.emit(Event("order", "A80", "new", rows.order_columns(order))))
    user = desk_of("user").show(Orders, order="A80")
    desk = desk_of("manager")
    page = desk.show(Orders, order="A80")
    desk.until(lambda: [row.key for row in page.chosen] == ["A80"])
    assert "procedure" in page.bar.enabled
    page._action({"action": "procedure"})
    desk.until(lambda: page.dialog.open)
    (field,) = page.dialog.fields
    assert "foot" in [value for value, _ in field["options"]]
    page._answer({"submit": "procedure", "values": {"key": "foot"}})
    desk.until(lambda: store.orders("order_id = 'A80'")[0].condition == "foot")
    assert station.apparatus.ordering.key_of("x80") == "foot"
    assert "procedure" not in user.bar.enabled
