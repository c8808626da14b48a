"""Orders: reservation files from HIS/RIS, the condition key they lead to, the images that came (D4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from imgdash.apparatus.search import ORDER_SORTS
from imgdash.dashboard.browsing import Browsing
from imgdash.dashboard.lists import Row, columns, fact, happened, picture
from imgdash.dashboard.review import summary
from imgdash.dashboard.review.worklist import person
from imgdash.model import ImageHeader, Order

# Of the columns of orders, those that images without an order can be sorted by, and as what.
_STRAY_SORTS = {
    "state": "state", "accession": "accession", "patient": "patient", "id": "id", "region": "image",
    "condition": "condition", "station": "sender", "received": "received", "scheduled": "acquired",
}  # fmt: skip


class Orders(Browsing):
    """Every order; those without an image, and images without an order, have views of their own."""

    name, title, icon = "orders", "Orders", "orders"
    _procedure = ""
    subjects: ClassVar = frozenset({"order", "image"})
    keyed: ClassVar = "order"
    picks: ClassVar = "one"
    nothing: ClassVar = "No order yet. Orders come from HIS/RIS by HL7 or from its worklist."
    sorts: ClassVar = ("received", True)
    tabs: ClassVar = [
        {"name": "all", "title": "All"},
        {"name": "open", "title": "Without image"},
        {"name": "again", "title": "Re-radiographing"},
        {"name": "stray", "title": "Images without order"},
    ]
    fields: ClassVar = [
        {"name": "text", "kind": "search", "label": "Search", "text": "patient, ID, accession, procedure, number …"},
        {"name": "modality", "kind": "select", "label": "Modality", "text": "every modality"},
        {"name": "source", "kind": "select", "label": "Source", "text": "every source"},
        {"name": "begin", "kind": "date", "label": "Scheduled from", "text": "from"},
        {"name": "end", "kind": "date", "label": "Scheduled until", "text": "to"},
    ]
    columns: ClassVar = [
        {**column, "sort": column["name"] in ORDER_SORTS,
         "words": {"radiographed": ["good", "check", "radiographed"]}}
        for column in columns(
            ("state", "state", "state"),
            ("scheduled", "scheduled", "time", 14),
            ("patient", "patient", "text", 22),
            ("id", "patient ID", "text", 14, 2),
            ("accession", "accession", "text", 16, 1),
            ("procedure", "procedure", "text", 26),
            ("region", "region, view", "text", 16),
            ("condition", "condition key", "text", 18, 3),
            ("station", "station", "text", 14, 4),
            ("priority", "priority", "text", 8, 1),
            ("source", "came by", "text", 12, 6),
            ("physician", "ordered by", "text", 18, 8),
            ("parent", "instead of", "text", 26, 5),
            ("images", "images", "number"),
            ("received", "received", "time", 14, 7),
        )
    ]  # fmt: skip
    actions: ClassVar = [
        {"name": "open", "label": "Open in Review", "icon": "review", "style": "main", "title": "Its latest image"},
        {"name": "list", "label": "In the image list", "icon": "list", "title": "All images of this order"},
        {"name": "parent", "label": "Order it replaces", "icon": "swap", "title": "The order this one is instead of"},
        {"name": ">"},
        {
            "name": "procedure",
            "label": "Key of its procedure",
            "icon": "conditions",
            "title": "With which condition key this procedure is radiographed from now on (D4)",
        },
    ]

    def look(self, tab: str, wanted: Mapping[str, Any]) -> tuple[list[Row], int]:
        """Orders of a view that fit the filters, or images without one."""
        search = self.session.apparatus.search
        if tab == "stray":
            asked = {**wanted, "sort": _STRAY_SORTS.get(wanted["sort"], "number")}
            source = asked.pop("source", "")
            if source:
                # A source is where an order came from: such an image has none.
                return [], 0
            strays = search.images(**asked, stray=True)
            return [self._stray(image) for image in strays.images], strays.total
        found = search.orders(**wanted, view=tab)
        return [self._row(order, tuple(found.images.get(order.order_id, ()))) for order in found.orders], found.total

    def known(self) -> tuple[dict[str, list[list[str]]], dict[str, int]]:
        """Modalities and sources that occur, and orders of each view."""
        search = self.session.apparatus.search
        known = search.known()
        modalities = sorted({*known["order_modality"], *known["modality"]})
        choices = {"modality": modalities, "source": known["source"]}
        return {name: [[value, value] for value in values] for name, values in choices.items()}, search.order_counts()

    def nothing_in(self, tab: str) -> str:
        """That nothing is missing is good news."""
        good = {"open": "Every order has its image.", "again": "No re-radiographing order.",
                "stray": "Every image has its order."}  # fmt: skip
        return good.get(tab, self.nothing)

    def _row(self, order: Order, images: tuple[str, ...]) -> Row:
        possible = {name for name, on in (("open", images), ("list", images), ("parent", order.parent)) if on}
        if order.procedure_code and self.session.actor.may("condition"):
            possible.add("procedure")
        cells = (
            order.state, order.scheduled_at, person(order.patient.name), order.patient.id, order.accession,
            order.procedure_text or order.procedure_code, " ".join(filter(None, (order.body_part, order.view))),
            order.condition, order.station_ae, "priority" if order.priority else "", order.source,
            person(order.physician), order.parent.replace("^", " / "), len(images), order.received_at,
        )  # fmt: skip
        return Row(order.order_id, cells, frozenset(possible), images)

    def _stray(self, image: ImageHeader) -> Row:
        cells = (
            image.state, image.acquired_at, person(image.patient.name), image.patient.id, image.accession,
            image.study_description, image.title, image.condition, image.sender,
            "priority" if image.priority else "", "", "", "", 1, image.received_at,
        )  # fmt: skip
        return Row(image.image_id, cells, frozenset({"open", "list"}), (image.image_id,))

    # -- actions ------------------------------------------------------------------------------------------

    def _action(self, message: Mapping[str, Any]) -> None:
        action = str(message.get("action", ""))
        rows = [row for row in self.chosen if action in row.possible]
        if not rows:
            return
        row = rows[-1]
        if action == "open":
            self.session.go("review", image=row.images[-1])
        elif action == "list":
            self.session.go("images", **({"image": row.key} if row.key in row.images else {"text": row.key}))
        elif action == "parent":
            self.session.run(lambda: self._parent(row), self._to_parent)
        elif action == "procedure":
            self.session.run(lambda: self._choices(row), self._ask_key)

    def _choices(self, row: Row) -> tuple[Order | None, str, list[list[str]]]:
        apparatus = self.session.apparatus
        order = apparatus.search.order(row.key)
        keys = [[one.key, f"{one.title} ({one.key})"] for one in apparatus.conditions.all() if one.released]
        return order, apparatus.ordering.key_of(order.procedure_code) if order else "", keys

    def _ask_key(self, found: tuple[Order | None, str, list[list[str]]]) -> None:
        order, key, keys = found
        if order is None:
            return
        self._procedure = order.procedure_code
        options = [["", "as the condition keys say"], *keys]
        field = {"name": "key", "kind": "select", "label": "Condition key", "value": key, "options": options,
                 "hint": "Orders that wait for their image get it at once."}  # fmt: skip
        what = " ".join(filter(None, (order.procedure_text, f"({order.procedure_code})")))
        self.ask("procedure", "Condition key of a procedure", what, [field], "Set")

    def answered(self, kind: str, values: Mapping[str, Any]) -> None:
        """A procedure has another key."""
        apparatus, code, actor = self.session.apparatus, self._procedure, self.session.actor
        key = str(values.get("key", ""))
        self.session.run(lambda: apparatus.ordering.set_key(code, key, actor), lambda _: self.about())

    def _parent(self, row: Row) -> Order | None:
        search = self.session.apparatus.search
        order = search.order(row.key)
        return search.parent(order) if order else None

    def _to_parent(self, order: Order | None) -> None:
        if order is None:
            self.session.tell("The order it replaces never came here.", "info")
        else:
            self.open(order=order.order_id)

    # -- details ------------------------------------------------------------------------------------------

    def pictures(self, row: Row) -> list[dict[str, Any]]:
        """The images that came, and before them those that this order is instead of."""
        apparatus = self.session.apparatus
        parent = self._parent(row)
        before = apparatus.search.of_order(parent.order_id) if parent else []
        came = [apparatus.image(image_id) for image_id in row.images]
        return [picture(image, self.session, "of the order it replaces") for image in before] + [
            picture(image, self.session, f"{image.received_at:%m-%d %H:%M:%S} from {image.sender}") for image in came
        ]

    def said(self, row: Row) -> str:
        """What happened to the order."""
        if row.key in row.images:
            return "An image that no order was found for: neither scheduled step nor accession number fits one."
        return happened(self.session.apparatus.journal("order", row.key))

    def sections(self, row: Row) -> list[dict[str, Any]]:
        """The reservation file."""
        search = self.session.apparatus.search
        order = search.order(row.key)
        if order is None:
            image = self.session.apparatus.image(row.key)
            known = (("Patient", person(image.patient.name)), ("Patient ID", image.patient.id),
                     ("Accession", image.accession), ("Scheduled step", image.step_id),
                     ("Study", image.study_uid), ("Condition key", image.condition),
                     ("From", image.sender))  # fmt: skip
            return [{"title": "Image without order", "rows": [fact(*one, missing=not one[1]) for one in known]}]
        patient, parent = order.patient, search.parent(order)
        return [
            {"title": "Patient", "rows": [
                fact("Name", person(patient.name)), fact("ID", patient.id), fact("Sex", patient.sex),
                fact("Born", summary.day(patient.birth_date)),
            ]},
            {"title": "Order", "rows": [
                fact("Procedure", " ".join(filter(None, (order.procedure_text, f"({order.procedure_code})"
                                                         if order.procedure_code else "")))),
                fact("Region, view", " ".join(filter(None, (order.body_part, order.view)))),
                fact("Condition key", order.condition), fact("Indication", order.indication),
                fact("Instructions", order.instructions), fact("Ordered by", person(order.physician)),
                fact("Scheduled", order.scheduled_at), fact("Station", order.station_ae),
                fact("Instead of", parent.accession if parent else order.parent),
            ]},
            {"title": "Numbers", "rows": [
                fact("Accession", order.accession), fact("Placer", order.placer_number),
                fact("Filler", order.filler_number), fact("Scheduled step", order.step_id),
                fact("Study", order.study_uid), fact("Came by", order.source), fact("Received", order.received_at),
            ]},
            {"title": "Told of its images", "rows": [
                fact(f"{told['machine']}, {told['created_at']:%m-%d %H:%M}",
                     f"{told['what']}{'' if told['state'] == 'sent' else ' · ' + (told['trouble'] or told['state'])}",
                     missing=told["state"] == "failed")
                for image_id in row.images for told in self.session.apparatus.told.notices(image_id=image_id)
            ]},
        ]  # fmt: skip
