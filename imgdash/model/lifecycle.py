"""Lifecycles as tables: which event takes an image, a queue entry or a request from which state to which.

Every transition is one row of the journal. A pair that is not in the table is not allowed, and nothing
but these tables says what is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from imgdash.model.errors import NotAllowed


@dataclass(frozen=True)
class Lifecycle:
    """States and events of one kind of subject.

    Attributes
    ----------
    subject
        ``image``, ``queue``, ``request`` or ``note``; also the subject in the journal.
    start
        The states a subject can be born in.
    table
        ``{(state, event): next state}``.
    final
        States after which nothing more is expected.
    """

    subject: str
    start: frozenset[str]
    table: dict[tuple[str, str], str]
    final: frozenset[str]

    @property
    def states(self) -> frozenset[str]:
        """Every state that occurs."""
        return self.start | set(self.table.values()) | {state for state, _ in self.table}

    def events(self, state: str) -> frozenset[str]:
        """The events that `state` allows: what buttons a page may offer."""
        return frozenset(event for at, event in self.table if at == state)

    def allows(self, state: str, event: str) -> bool:
        """Whether `event` is possible in `state`."""
        return (state, event) in self.table

    def next(self, state: str, event: str) -> str:
        """The state after `event`.

        Raises
        ------
        NotAllowed
            If `state` does not know `event`; the message lists what is possible.
        """
        try:
            return self.table[state, event]
        except KeyError:
            possible = ", ".join(sorted(self.events(state))) or "nothing more"
            raise NotAllowed(
                f"{self.subject} is {state!r}, which does not allow {event!r}.", f"Possible now: {possible}."
            ) from None


def _lifecycle(subject: str, start: str, final: str, rows: str) -> Lifecycle:
    table: dict[tuple[str, str], str] = {}
    for row in rows.strip().splitlines():
        states, event, after = row.split()
        for state in states.split("|"):
            if (state, event) in table:
                raise ValueError(f"{subject}: {state} {event} stands twice in the table")
            table[state, event] = after
    return Lifecycle(subject, frozenset(start.split()), table, frozenset(final.split()))


# Fig. 4: S3 received, S4 awaiting, S6 confirmed or not, S8 delivered, S9 requested, S13/S16 replaced.
IMAGE: Final = _lifecycle(
    "image",
    "received quarantined",
    "delivered replaced deleted",
    """
    received|quarantined|requested|rejected           examine     awaiting
    received|requested|rejected                       quarantine  quarantined
    awaiting|postponed                                edit        awaiting
    awaiting                                          postpone    postponed
    postponed                                         resume      awaiting
    awaiting|postponed                                confirm     confirmed
    confirmed                                         undo        awaiting
    confirmed                                         deliver     delivered
    delivered                                         reopen      confirmed
    awaiting|postponed|confirmed|delivered|quarantined request    requested
    requested                                         withdraw    awaiting
    requested                                         replace     replaced
    awaiting|postponed|requested|quarantined          reject      rejected
    confirmed|delivered                               reject      rejected
    rejected                                          restore     awaiting
    rejected                                          replace     replaced
    rejected|replaced|quarantined                     delete      deleted
    delivered                                         expire      deleted
    deleted                                           return      received
    """,
)

# F3: one row for each image and output apparatus.
QUEUE: Final = _lifecycle(
    "queue",
    "waiting held",
    "done cancelled",
    """
    waiting              take       sending
    waiting              hold       held
    held                 release    waiting
    sending              sent       committing
    sending              finish     done
    sending              retry      waiting
    sending              fail       failed
    sending              doubt      uncertain
    committing           finish     done
    committing           retry      waiting
    committing           fail       failed
    committing           doubt      uncertain
    failed|uncertain     retry      waiting
    uncertain            finish     done
    waiting|held|failed|uncertain|committing  cancel  cancelled
    """,
)

# R1-R7: one row for each round of asking for a better image.
REQUEST: Final = _lifecycle(
    "request",
    "proposed waiting",
    "satisfied withdrawn",
    """
    proposed             accept     waiting
    waiting              retry      waiting
    waiting              send       sent
    waiting|sent|accepted  refuse   refused
    waiting|sent|accepted  fail     failed
    sent                 start      accepted
    waiting|sent|accepted|refused|failed   answer     answered
    answered             satisfy    satisfied
    answered             dissatisfy superseded
    satisfied|superseded reopen     answered
    refused|failed       redirect   waiting
    proposed|waiting|sent|accepted|refused|failed|answered  withdraw  withdrawn
    """,
)

# R9: one row for each storage that is told that it must not show an image any more.
NOTE: Final = _lifecycle(
    "note",
    "waiting",
    "sent",
    """
    waiting              retry      waiting
    waiting              send       sent
    waiting              fail       failed
    failed               resume     waiting
    """,
)

# D4, R5, R9: one row for each thing that a machine is told of an image or a step.
NOTICE: Final = _lifecycle(
    "notice",
    "waiting",
    "sent",
    """
    waiting              retry      waiting
    waiting              send       sent
    waiting              fail       failed
    failed               resume     waiting
    """,
)

LIFECYCLES: Final = {lifecycle.subject: lifecycle for lifecycle in (IMAGE, QUEUE, REQUEST, NOTE, NOTICE)}
