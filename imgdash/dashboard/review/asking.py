"""The dialogs of the Review page: a request for a better image, a rejection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imgdash.dashboard.panels import Dialog
from imgdash.dashboard.review import questions
from imgdash.dashboard.review.worklist import person
from imgdash.model import ImageHeader, ImgdashError

if TYPE_CHECKING:
    from imgdash.dashboard.pages.review import Review
    from imgdash.dashboard.review.telling import Telling


class Asking:
    """Asks what is needed for a decision, and carries it out.

    Parameters
    ----------
    page
        The Review page, which goes on once it is decided.

    Attributes
    ----------
    dialog
        The question.
    """

    def __init__(self, page: Review, telling: Telling) -> None:
        self._page, self._session, self._telling = page, page.session, telling
        self._asked_for = ""
        # Until it is known what to propose there is no dialog yet.
        self._preparing = ""
        self.dialog = Dialog(on_message=self._answered)

    @property
    def begun(self) -> bool:
        """Whether a question is open, or about to be, for the image that is open."""
        return self.dialog.open or (bool(self._preparing) and self._preparing == self._page.current)

    def request(self, header: ImageHeader) -> None:
        """What is to be better, and who is asked."""
        apparatus = self._session.apparatus
        self._preparing = header.image_id

        def advised(advice: questions.Advice) -> None:
            self._preparing = ""
            if self.dialog.open or self._page.current != header.image_id:
                # Somebody has gone on meanwhile.
                return
            fields = questions.request(header, self._page.processing.chain_of(header), advice)
            self._ask("request", "Ask for a better image", header, fields, "Send request")

        def failed(error: ImgdashError) -> None:
            self._preparing = ""
            self._session.tell(error.cause, "error", error.remedy)

        self._session.run(lambda: questions.advise(apparatus, header), advised, failed)

    def reject(self, header: ImageHeader) -> None:
        """Why it is not to be used."""
        self._ask("reject", "Reject this image", header, questions.reject(header), "Reject")

    def _ask(self, kind: str, title: str, header: ImageHeader, fields: list[dict[str, Any]], submit: str) -> None:
        self._asked_for = header.image_id
        who = f"{person(header.patient.name)} · {header.title} · number {header.number}"
        self.dialog.set(
            kind=kind, title=title, subtitle=who, fields=fields, submit=submit, error="", danger=kind == "reject"
        )
        self.dialog.open = True

    def _answered(self, message: Mapping[str, Any]) -> None:
        if message.get("closed"):
            self.dialog.open = False
            self._page.ended()
            return
        values = dict(message.get("values") or {})
        if message.get("changed") == "reason" and self.dialog.kind == "request":
            self._reasoned(values)
        elif (kind := message.get("submit")) in ("request", "reject"):
            self._send(str(kind), values)

    def _reasoned(self, values: Mapping[str, Any]) -> None:
        """Another reason: another addressee, another thing to ask for."""
        header, apparatus = self._page.work[self._asked_for], self._session.apparatus

        def advised(advice: questions.Advice) -> None:
            if self._asked_for == header.image_id:
                self.dialog.send(patch={"ask": {"value": advice.ask}, "to": {"words": {"": advice.words}}})

        self._session.run(lambda: questions.advise(apparatus, header, str(values["reason"])), advised)

    def _send(self, kind: str, values: dict[str, Any]) -> None:
        apparatus, actor, image_id = self._session.apparatus, self._session.actor, self._asked_for
        following = self._page.work.following(image_id)

        def work() -> Any:
            if kind == "reject":
                return apparatus.reject(image_id, actor, values["reason"], values["comment"], values["kind"])
            return apparatus.request(
                image_id,
                actor,
                reason=values["reason"],
                ask=values["ask"],
                to=values["to"] or None,
                parameters=values["parameters"],
                comment=values["comment"],
            )

        def sent(result: Any) -> None:
            self.dialog.open = False
            if kind == "request":
                self._telling.asked(result)
            else:
                self._telling.rejected(result)
            if self._page.deciding.advances and self._page.current == image_id:
                if following:
                    self._page.show(following[0], by_itself=True)
                else:
                    self._page.idle = True

        self._session.run(work, sent, self._complain)

    def _complain(self, error: ImgdashError) -> None:
        self.dialog.error = f"{error.cause} {error.remedy}"
