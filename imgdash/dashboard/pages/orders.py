"""Orders: reservation files from HIS/RIS, the condition key they lead to, the images that came (D4)."""

from __future__ import annotations

from typing import ClassVar

from imgdash.dashboard.listing import Listing, Row, columns


class Orders(Listing):
    """Every order; those without an image, and images without an order, have views of their own."""

    name, title, icon = "orders", "Orders", "orders"
    subjects: ClassVar = frozenset({"order", "image"})
    picks: ClassVar = "one"
    nothing: ClassVar = "No order here."
    tabs: ClassVar = [
        {"name": "all", "title": "All"},
        {"name": "open", "title": "Without image"},
        {"name": "again", "title": "Re-radiographing"},
        {"name": "stray", "title": "Images without order"},
    ]
    columns: ClassVar = columns(
        ("state", "state", "text"),
        ("accession", "accession", "text"),
        ("patient", "patient", "text", 24),
        ("id", "patient ID", "text"),
        ("procedure", "procedure", "text", 28),
        ("region", "region", "text"),
        ("condition", "condition key", "text"),
        ("scheduled", "scheduled", "time"),
        ("station", "station", "text"),
        ("priority", "priority", "text"),
        ("physician", "ordered by", "text", 20),
        ("parent", "instead of", "text", 20),
        ("images", "images", "number"),
    )

    def read(self, tab: str) -> list[Row]:
        """Orders of a view, latest first."""
        images: dict[str, list[str]] = {}
        strays = []
        for image in self.session.apparatus.images(where="state <> 'deleted'"):
            if image.order_id:
                images.setdefault(image.order_id, []).append(image.image_id)
            else:
                strays.append(image)
        if tab == "stray":
            return [
                Row(
                    image.image_id,
                    (image.state, image.accession, image.patient.name, image.patient.id, image.study_description,
                     image.title, image.condition, image.received_at, image.sender, "", "", "", 1),
                    images=(image.image_id,),
                )
                for image in strays
            ]  # fmt: skip
        rows = []
        for order in self.session.apparatus.orders():
            found = images.get(order.order_id, [])
            if (tab == "open" and (found or order.state == "cancelled")) or (tab == "again" and not order.parent):
                continue
            cells = (
                order.state, order.accession, order.patient.name, order.patient.id,
                order.procedure_text or order.procedure_code, " ".join(filter(None, (order.body_part, order.view))),
                order.condition, order.scheduled_at, order.station_ae, "priority" if order.priority else "",
                order.physician, order.parent, len(found),
            )  # fmt: skip
            rows.append(Row(order.order_id, cells, images=tuple(found)))
        return rows

    def said(self, row: Row) -> str:
        """What the order says, and what happened to it."""
        order = next((one for one in self.session.apparatus.orders() if one.order_id == row.key), None)
        if order is None:
            return "An image that no order was found for: neither scheduled step nor accession number fits one."
        known = {
            "Placer number": order.placer_number,
            "Filler number": order.filler_number,
            "Scheduled step": order.step_id,
            "Indication": order.indication,
            "Instructions": order.instructions,
            "Came by": order.source,
        }
        lines = [f"{name}: {value}" for name, value in known.items() if value]
        for line in reversed(self.session.apparatus.journal("order", row.key)):
            lines.append(f"{line['at']:%H:%M:%S}  {line['event']}  {line['why']}")
        return "\n".join(lines)
